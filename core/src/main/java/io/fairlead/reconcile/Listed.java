package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One managed resource as a platform lists it.
 *
 * <p>What is on its way is listed, too: a variant that is being made, by whichever process, is a {@linkplain #root root}
 * with the status {@code CHANGING} that {@linkplain #uses uses} what it will use.
 *
 * @param ref its kind and name
 * @param deployment the public name that it was made for; empty if it may serve several
 * @param createdAt when it was made
 * @param status what state it is in
 * @param detail why it failed, or empty
 * @param root whether it serves requests, and so keeps alive all that it uses
 * @param uses what it cannot be without
 * @param remembers what deployments under its public name have used: it keeps none of it alive, but goes after it, so that
 *     a removal that was cut off is resumed by running it again
 * @param ownedBy its owner, with which it lives and goes
 */
public record Listed(
    ResourceRef ref,
    String deployment,
    Instant createdAt,
    Observed.Status status,
    String detail,
    boolean root,
    List<ResourceRef> uses,
    List<ResourceRef> remembers,
    Optional<ResourceRef> ownedBy) {
  public Listed {
    requireNonNull(ref, "ref");
    requireNonNull(deployment, "deployment");
    requireNonNull(createdAt, "createdAt");
    requireNonNull(status, "status");
    requireNonNull(detail, "detail");
    uses = List.copyOf(uses);
    remembers = List.copyOf(remembers);
    requireNonNull(ownedBy, "ownedBy");
  }

  /** {@return a resource that is ready, may serve several public names, and uses nothing} */
  public static Listed of(ResourceRef ref, Instant createdAt) {
    return new Listed(
        ref,
        "",
        createdAt,
        Observed.Status.READY,
        "",
        false,
        List.of(),
        List.of(),
        Optional.empty());
  }

  /** {@return the same, made for this public name} */
  public Listed deployment(String name) {
    return new Listed(ref, name, createdAt, status, detail, root, uses, remembers, ownedBy);
  }

  /** {@return the same in this state} */
  public Listed status(Observed.Status newStatus, String newDetail) {
    return new Listed(
        ref, deployment, createdAt, newStatus, newDetail, root, uses, remembers, ownedBy);
  }

  /** {@return the same, which serves requests} */
  public Listed asRoot() {
    return new Listed(ref, deployment, createdAt, status, detail, true, uses, remembers, ownedBy);
  }

  /** {@return the same, which cannot be without these} */
  public Listed uses(List<ResourceRef> used) {
    return new Listed(ref, deployment, createdAt, status, detail, root, used, remembers, ownedBy);
  }

  /** {@return the same, which goes after these} */
  public Listed remembers(List<ResourceRef> remembered) {
    return new Listed(ref, deployment, createdAt, status, detail, root, uses, remembered, ownedBy);
  }

  /** {@return the same, which lives and goes with this} */
  public Listed ownedBy(ResourceRef owner) {
    return new Listed(
        ref, deployment, createdAt, status, detail, root, uses, remembers, Optional.of(owner));
  }
}
