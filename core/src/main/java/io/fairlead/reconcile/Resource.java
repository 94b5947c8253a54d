package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * A resource with its goal: plain data, which can be compared and printed.
 *
 * @param kind its kind
 * @param name its name
 * @param role its role, which determines its lifetime
 * @param goal the goal of reconciling it
 * @param desired its desired state; empty where the goal does not have one
 * @param <T> the type of its state
 */
public record Resource<T>(
    KindName<T> kind, String name, Role role, Goal goal, Optional<Desired<T>> desired) {
  /** The goal of reconciling a resource. */
  public enum Goal {
    /** It exists as desired. */
    PRESENT,
    /** If it exists, it is as desired. */
    ADJUSTED_IF_PRESENT,
    /** It exists and is ready, in any state; otherwise the operation is refused. */
    REQUIRED,
    /** It does not exist. */
    ABSENT,
    /** It does not exist, unless a resource that stays uses it. */
    ABSENT_IF_UNUSED,
    /** It does not exist, unless a deployment uses it or it is a deployment that works again. */
    ABSENT_IF_ORPHAN
  }

  /** The role of a resource, which determines its lifetime. */
  public enum Role {
    /** Serves requests, and lives as long as its deployment. Named {@code name/variant}, or as the function. */
    VARIANT,
    /** Lives as long as the variant that it is a part of. */
    PART,
    /** Lives as long as something uses it; several variants may. */
    SHARED,
    /** A setting of a shared resource, with which it lives: it is never created or deleted by itself. */
    SETTING
  }

  public Resource {
    requireNonNull(kind, "kind");
    requireNonNull(name, "name");
    requireNonNull(role, "role");
    requireNonNull(goal, "goal");
    boolean hasState = goal == Goal.PRESENT || goal == Goal.ADJUSTED_IF_PRESENT;
    if (hasState != desired.isPresent()) {
      throw new IllegalArgumentException(
          "a resource must have a desired state if and only if its goal is PRESENT or ADJUSTED_IF_PRESENT");
    }
    if (desired.isPresent() && !desired.get().getClass().isRecord()) {
      throw new IllegalArgumentException(
          "a desired state must be a record, so that it can be compared and printed (got "
              + desired.get().getClass().getName() + ")");
    }
  }

  /** {@return the resource that serves a variant's requests} */
  public static <T> Resource<T> variant(KindName<T> kind, String name, Desired<T> desired) {
    return present(kind, name, Role.VARIANT, desired);
  }

  /** {@return the resource that serves a variant's requests, in exactly this state} */
  public static <T> Resource<T> variant(KindName<T> kind, String name, T desired) {
    return variant(kind, name, Desired.exactly(desired));
  }

  /** {@return a part of a variant} */
  public static <T> Resource<T> part(KindName<T> kind, String name, Desired<T> desired) {
    return present(kind, name, Role.PART, desired);
  }

  /** {@return a part of a variant, in exactly this state} */
  public static <T> Resource<T> part(KindName<T> kind, String name, T desired) {
    return part(kind, name, Desired.exactly(desired));
  }

  /** {@return the absence of a part, which this variant does not have} */
  public static <T> Resource<T> noPart(KindName<T> kind, String name) {
    return new Resource<>(kind, name, Role.PART, Goal.ABSENT, Optional.empty());
  }

  /** {@return a resource that several variants may use} */
  public static <T> Resource<T> shared(KindName<T> kind, String name, Desired<T> desired) {
    return present(kind, name, Role.SHARED, desired);
  }

  /** {@return a resource that several variants may use, in exactly this state} */
  public static <T> Resource<T> shared(KindName<T> kind, String name, T desired) {
    return shared(kind, name, Desired.exactly(desired));
  }

  /** {@return a shared resource that has to exist already, in any state} */
  public static <T> Resource<T> requiredShared(KindName<T> kind, String name) {
    return new Resource<>(kind, name, Role.SHARED, Goal.REQUIRED, Optional.empty());
  }

  /** {@return a setting of a shared resource} */
  public static <T> Resource<T> setting(KindName<T> kind, String name, Desired<T> desired) {
    return present(kind, name, Role.SETTING, desired);
  }

  private static <T> Resource<T> present(
      KindName<T> kind, String name, Role role, Desired<T> desired) {
    return new Resource<>(kind, name, role, Goal.PRESENT, Optional.of(desired));
  }

  /** {@return the same resource with a goal that has no desired state} */
  Resource<T> to(Goal stateless) {
    return new Resource<>(kind, name, role, stateless, Optional.empty());
  }

  /** {@return the same resource, as desired only if it exists} */
  Resource<T> onlyIfPresent() {
    return new Resource<>(kind, name, role, Goal.ADJUSTED_IF_PRESENT, desired);
  }

  public ResourceRef ref() {
    return new ResourceRef(kind.name(), name);
  }

  boolean isToExist() {
    return goal == Goal.PRESENT || goal == Goal.ADJUSTED_IF_PRESENT || goal == Goal.REQUIRED;
  }

  /** {@return its desired state, if this is its actual one} */
  T desired(Optional<T> actual) {
    return desired
        .orElseThrow(() -> new IllegalStateException(ref() + " has no desired state"))
        .from(actual);
  }
}
