package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

/**
 * The tags or labels that mark a resource as managed by Fairlead.
 *
 * @param deployment the public name that it is created for; empty if several may share it
 * @param run the id of the operation that creates it
 */
public record OwnerTag(String deployment, String run) {
  public OwnerTag {
    requireNonNull(deployment, "deployment");
    requireNonNull(run, "run");
  }
}
