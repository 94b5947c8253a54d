package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * What a resource should be, given what it is: a value, or a named merge of a value into the present one.
 *
 * <p>Implementations are records, so that a {@link Resource} can be compared and printed; {@link Resource} refuses
 * others. A merge is pure. What it finds impossible it says by an {@link io.fairlead.grammar.InvalidValueException},
 * which ends the operation as a {@code CONFLICT}.
 *
 * @param <T> what the resource is
 */
public interface Desired<T> {
  /** {@return what it should be, if this is what it is; empty if it is not there} */
  T from(Optional<T> actual);

  /** {@return that it should be exactly this, whatever it is} */
  static <T> Desired<T> exactly(T value) {
    return new Exactly<>(value);
  }

  /**
   * Exactly one value.
   *
   * @param value what it should be
   * @param <T> what the resource is
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
