package io.fairlead.platform;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Served;
import java.util.Optional;

/**
 * A deployment as it was read from a platform.
 *
 * <p>Its value is what makes another process able to scale, route and undeploy what it did not deploy: deploying it
 * changes nothing. Where several values have the same effect, it is the one in the platform's own terms: the image that
 * was chosen instead of the framework and version that it was chosen by, an object store's location instead of the
 * local files.
 *
 * @param deployment its name, variant, state and traffic weight
 * @param value its value; empty while the platform does not tell, such as during its creation
 * @param location where it is
 * @param <S> the type of what is served
 */
public record Description<S extends Served>(
    Deployment deployment, Optional<S> value, Location location) {
  public Description {
    requireNonNull(deployment, "deployment");
    requireNonNull(value, "value");
    requireNonNull(location, "location");
  }

  /** {@return the description as one line: name, variant, state and weight, then the value and where it is} */
  @Override
  public String toString() {
    return deployment + value.map(known -> ", " + known).orElse("") + ", " + location;
  }
}
