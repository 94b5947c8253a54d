package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One resource of ours as a platform lists it.
 *
 * @param ref its kind and name
 * @param deployment the public name that it was made for; empty if it may serve several
 * @param createdAt when it was made
 * @param status what state it is in
 * @param detail why it failed, or empty
 * @param root whether it serves requests, and so keeps alive all that it uses
 * @param uses what it cannot be without
 * @param attachedTo what it belongs to and lives as long as
 */
public record Listed(
    ResourceRef ref,
    String deployment,
    Instant createdAt,
    Observed.Status status,
    String detail,
    boolean root,
    List<ResourceRef> uses,
    Optional<ResourceRef> attachedTo) {
  public Listed {
    requireNonNull(ref, "ref");
    requireNonNull(deployment, "deployment");
    requireNonNull(createdAt, "createdAt");
    requireNonNull(status, "status");
    requireNonNull(detail, "detail");
    uses = List.copyOf(uses);
    requireNonNull(attachedTo, "attachedTo");
  }
}
