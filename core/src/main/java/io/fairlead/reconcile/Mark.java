package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

/**
 * What is written on a resource, as tags or labels, to know it as ours.
 *
 * @param deployment the public name that it is made for; empty if it may serve several
 * @param run the operation that makes it
 */
public record Mark(String deployment, String run) {
  public Mark {
    requireNonNull(deployment, "deployment");
    requireNonNull(run, "run");
  }
}
