package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Served;
import io.fairlead.platform.Location;
import java.util.Optional;

/**
 * A deployment that a mapper has read back.
 *
 * @param variant the resource that serves the requests, as it is
 * @param value the value that, deployed, changes nothing; empty while the platform does not tell
 * @param location where it is
 */
public record Found<S extends Served>(Observed<?> variant, Optional<S> value, Location location) {
  public Found {
    requireNonNull(variant, "variant");
    requireNonNull(value, "value");
    requireNonNull(location, "location");
  }

  /** {@return a deployment of which the state of its resource is the value} */
  public static <S extends Served> Found<S> of(Observed<S> variant, Location location) {
    return new Found<>(variant, variant.value(), location);
  }
}
