package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * The desired state of a resource: a value, or a named merge of a value into the actual one.
 *
 * <p>Implementations are records, so that a {@link Resource} can be compared and printed; {@link Resource} refuses
 * others. A merge is a pure function. If it is impossible, it throws an {@link
 * io.fairlead.grammar.InvalidValueException}, which fails the operation with kind {@code CONFLICT}.
 *
 * @param <T> the state of the resource
 */
public interface Desired<T> {
  /**
   * {@return the desired state}
   *
   * @param actual the actual state; empty if the resource is absent
   */
  T from(Optional<T> actual);

  /** {@return exactly this value, whatever the actual state is} */
  static <T> Desired<T> exactly(T value) {
    return new Exactly<>(value);
  }

  /**
   * A desired state that is exactly one value.
   *
   * @param value the value
   * @param <T> the state of the resource
   */
  record Exactly<T>(T value) implements Desired<T> {
    public Exactly {
      requireNonNull(value, "value");
    }

    @Override
    public T from(Optional<T> actual) {
      return value;
    }

    @Override
    public String toString() {
      return value.toString();
    }
  }
}
