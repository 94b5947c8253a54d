package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

/**
 * The name of a kind of resource, and the type of the state of its resources.
 *
 * <p>Plain data: a {@link Resource} refers to its kind by it, and the {@link ResourceKind} of this name makes the
 * calls.
 *
 * @param name the platform's name of the kind, such as {@code endpoint}
 * @param type the type of the desired and the actual state, as far as the two can be compared
 * @param <T> the same
 */
public record KindName<T>(String name, Class<T> type) {
  public KindName {
    requireNonNull(name, "name");
    requireNonNull(type, "type");
  }

  @Override
  public String toString() {
    return name;
  }
}
