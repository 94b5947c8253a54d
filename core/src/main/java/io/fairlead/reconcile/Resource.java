package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import java.util.function.Function;

/**
 * One resource, and what it should come to.
 *
 * @param kind its kind
 * @param name its name
 * @param goal what it should come to
 * @param role what it is for
 * @param desired what it should be, from what it is; not asked for where it should be absent
 * @param <T> what it is, as its kind sees it
 */
public record Resource<T>(
    ResourceKind<T> kind, String name, Goal goal, Role role, Function<Optional<T>, T> desired) {
  /** What a resource should come to. */
  public enum Goal {
    /** It is there, as desired. */
    PRESENT,
    /** If it is there, it is as desired. */
    ADJUSTED_IF_PRESENT,
    /** It is there already, whatever it is; otherwise the operation cannot begin. */
    REQUIRED,
    /** It is not there. */
    ABSENT,
    /** It is not there, unless something that stays uses it. */
    ABSENT_IF_UNUSED,
    /** It is not there, unless a deployment uses it or it serves by itself again. */
    ABSENT_IF_ORPHAN
  }

  /** What a resource is for. */
  public enum Role {
    /** It serves requests; its name is {@code name/variant}, or the function's where there are no variants. */
    VARIANT,
    /** It belongs to one variant. */
    OWN,
    /** Several variants may use it, so it goes with the last of them. */
    SHARED,
    /** It is a part of something that several variants use, and is never made or deleted by itself. */
    SHARED_SETTING
  }

  public Resource {
    requireNonNull(kind, "kind");
    requireNonNull(name, "name");
    requireNonNull(goal, "goal");
    requireNonNull(role, "role");
    requireNonNull(desired, "desired");
  }

  /** {@return the resource that serves a variant's requests} */
  public static <T> Resource<T> variant(ResourceKind<T> kind, String name, T desired) {
    return new Resource<>(kind, name, Goal.PRESENT, Role.VARIANT, actual -> desired);
  }

  /** {@return a resource that belongs to one variant} */
  public static <T> Resource<T> own(ResourceKind<T> kind, String name, T desired) {
    return new Resource<>(kind, name, Goal.PRESENT, Role.OWN, actual -> desired);
  }

  /** {@return a resource of a variant's that this variant, as it should be, does not have} */
  public static <T> Resource<T> none(ResourceKind<T> kind, String name) {
    return new Resource<>(kind, name, Goal.ABSENT, Role.OWN, Resource::nothing);
  }

  /** {@return a resource that several variants may use} */
  public static <T> Resource<T> shared(ResourceKind<T> kind, String name, T desired) {
    return new Resource<>(kind, name, Goal.PRESENT, Role.SHARED, actual -> desired);
  }

  /** {@return a setting that variants share, whose desired state depends on its present one} */
  public static <T> Resource<T> adjusted(
      ResourceKind<T> kind, String name, Function<Optional<T>, T> desired) {
    return new Resource<>(kind, name, Goal.PRESENT, Role.SHARED_SETTING, desired);
  }

  /** {@return the same resource with another goal} */
  public Resource<T> to(Goal newGoal) {
    return new Resource<>(kind, name, newGoal, role, desired);
  }

  public ResourceRef ref() {
    return new ResourceRef(kind.name(), name);
  }

  boolean isToBeThere() {
    return goal == Goal.PRESENT || goal == Goal.ADJUSTED_IF_PRESENT || goal == Goal.REQUIRED;
  }

  private static <T> T nothing(Optional<T> actual) {
    throw new IllegalStateException("a resource that should be absent has no desired state");
  }
}
