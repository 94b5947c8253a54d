package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

/**
 * What is written on a resource, as tags or labels, so that it is known as managed by this library.
 *
 * @param deployment the public name that it is made for; empty if it may serve several
 * @param run the operation that makes it
 */
public record OwnerTag(String deployment, String run) {
  public OwnerTag {
    requireNonNull(deployment, "deployment");
    requireNonNull(run, "run");
  }
}
