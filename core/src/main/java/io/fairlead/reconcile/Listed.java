package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A managed resource in the list of its kind.
 *
 * <p>A variant that is being created, by any process, is listed too: as a {@linkplain #root root} with the status
 * {@code CHANGING} that {@linkplain #uses uses} what it will use.
 *
 * @param ref its kind and name
 * @param deployment the public name that it was created for; empty if several may share it
 * @param createdAt its creation time
 * @param status its status
 * @param detail why it failed, or empty
 * @param root whether it serves requests, and so keeps all resources that it uses from being orphans
 * @param uses the resources that it depends on
 * @param remembers the resources that deployments under its public name have used: it does not keep them from being
 *     orphans, but is deleted after them, so that an interrupted removal can be resumed
 * @param ownedBy its owner, with which it is deleted (Kubernetes' owner reference)
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

  /** {@return a resource that is ready, may be shared by several public names, and uses nothing} */
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

  /** {@return a copy that was created for this public name} */
  public Listed deployment(String name) {
    return new Listed(ref, name, createdAt, status, detail, root, uses, remembers, ownedBy);
  }

  /** {@return a copy with this status} */
  public Listed status(Observed.Status newStatus, String newDetail) {
    return new Listed(
        ref, deployment, createdAt, newStatus, newDetail, root, uses, remembers, ownedBy);
  }

  /** {@return a copy that serves requests} */
  public Listed asRoot() {
    return new Listed(ref, deployment, createdAt, status, detail, true, uses, remembers, ownedBy);
  }

  /** {@return a copy that depends on these} */
  public Listed uses(List<ResourceRef> used) {
    return new Listed(ref, deployment, createdAt, status, detail, root, used, remembers, ownedBy);
  }

  /** {@return a copy that is deleted after these} */
  public Listed remembers(List<ResourceRef> remembered) {
    return new Listed(ref, deployment, createdAt, status, detail, root, uses, remembered, ownedBy);
  }

  /** {@return a copy that is owned by this} */
  public Listed ownedBy(ResourceRef owner) {
    return new Listed(
        ref, deployment, createdAt, status, detail, root, uses, remembers, Optional.of(owner));
  }
}
