package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * One resource, and what it should come to: plain data, which can be compared and printed.
 *
 * @param kind its kind
 * @param name its name
 * @param role how long it lives
 * @param goal what it should come to
 * @param desired what it should be; empty where the goal asks for no state of it
 * @param <T> what it is, as its kind sees it
 */
public record Resource<T>(
    KindName<T> kind, String name, Role role, Goal goal, Optional<Desired<T>> desired) {
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

  /** How long a resource lives. */
  public enum Role {
    /** As long as its deployment: it serves requests, and is named {@code name/variant}, or as the function. */
    VARIANT,
    /** As long as the variant that it is a part of. */
    PART,
    /** As long as something uses it: several variants may. */
    SHARED,
    /** As long as the shared resource that it is a setting of: it is never created or deleted by itself. */
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

  /** {@return the resource that serves a variant's requests, to be exactly this} */
  public static <T> Resource<T> variant(KindName<T> kind, String name, T desired) {
    return variant(kind, name, Desired.exactly(desired));
  }

  /** {@return a part of a variant} */
  public static <T> Resource<T> part(KindName<T> kind, String name, Desired<T> desired) {
    return present(kind, name, Role.PART, desired);
  }

  /** {@return a part of a variant, to be exactly this} */
  public static <T> Resource<T> part(KindName<T> kind, String name, T desired) {
    return part(kind, name, Desired.exactly(desired));
  }

  /** {@return a part that this variant, as it should be, does not have} */
  public static <T> Resource<T> noPart(KindName<T> kind, String name) {
    return new Resource<>(kind, name, Role.PART, Goal.ABSENT, Optional.empty());
  }

  /** {@return a resource that several variants may use} */
  public static <T> Resource<T> shared(KindName<T> kind, String name, Desired<T> desired) {
    return present(kind, name, Role.SHARED, desired);
  }

  /** {@return a resource that several variants may use, to be exactly this} */
  public static <T> Resource<T> shared(KindName<T> kind, String name, T desired) {
    return shared(kind, name, Desired.exactly(desired));
  }

  /** {@return a shared resource that has to be there already, whatever it is} */
  public static <T> Resource<T> requiredShared(KindName<T> kind, String name) {
    return new Resource<>(kind, name, Role.SHARED, Goal.REQUIRED, Optional.empty());
  }

  /** {@return a setting of a shared resource, which depends on its present state} */
  public static <T> Resource<T> setting(KindName<T> kind, String name, Desired<T> desired) {
    return present(kind, name, Role.SETTING, desired);
  }

  private static <T> Resource<T> present(
      KindName<T> kind, String name, Role role, Desired<T> desired) {
    return new Resource<>(kind, name, role, Goal.PRESENT, Optional.of(desired));
  }

  /** {@return the same resource, which should come to something that asks for no state of it} */
  Resource<T> to(Goal stateless) {
    return new Resource<>(kind, name, role, stateless, Optional.empty());
  }

  /** {@return the same resource, to be as desired only if it is there} */
  Resource<T> onlyIfPresent() {
    return new Resource<>(kind, name, role, Goal.ADJUSTED_IF_PRESENT, desired);
  }

  public ResourceRef ref() {
    return new ResourceRef(kind.name(), name);
  }

  boolean isToBeThere() {
    return goal == Goal.PRESENT || goal == Goal.ADJUSTED_IF_PRESENT || goal == Goal.REQUIRED;
  }

  /** {@return what it should be, if this is what it is} */
  T desired(Optional<T> actual) {
    return desired
        .orElseThrow(() -> new IllegalStateException(ref() + " has no desired state"))
        .from(actual);
  }
}
