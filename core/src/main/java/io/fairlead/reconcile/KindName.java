package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

/**
 * The name of a kind of resource, and the type that says what a resource of this kind is.
 *
 * <p>Plain data: a {@link Resource} names its kind by it, and the {@link ResourceKind} of this name makes the calls.
 *
 * @param name what the platform calls it, such as {@code endpoint}
 * @param type what a resource of this kind should be and is, as far as the two can be compared
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
