package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * A container with its scaling and routing, as it is served: {@code Endpoint ::= (Container, scaling, routing)}.
 *
 * <p>It is plain data: one process may deploy it and store it as JSON, and another invoke it.
 *
 * @param container the container that is served
 * @param scaling the machine type and the number of instances
 * @param routing the public name and the variant
 */
public record Endpoint(Container container, Scaling scaling, Routing routing) implements Served {
  public Endpoint {
    requireNonNull(container, "container");
    requireNonNull(scaling, "scaling");
    requireNonNull(routing, "routing");
  }

  @Override
  public ModelArtifact artifact() {
    return container.artifact();
  }

  @Override
  public String name() {
    return routing.name();
  }

  public Endpoint withScaling(Scaling newScaling) {
    return new Endpoint(container, newScaling, routing);
  }

  /** {@return this endpoint with a share of its name's requests} */
  public Version at(TrafficWeight weight) {
    return new Version(this, weight);
  }

  /** {@return this endpoint with a share of its name's requests, in whole percent} */
  public Version at(int percent) {
    return at(new TrafficWeight(percent));
  }

  /** {@return the endpoint as one line, such as {@code Endpoint[ask/blue, s3://models/bert, 2 x ml.g5.xlarge]}} */
  @Override
  public String toString() {
    return words(routing.path()).in("Endpoint");
  }

  Words words(String path) {
    return Words.of(path)
        .addAll(routing.options())
        .addAll(container.words())
        .addAll(scaling.words());
  }
}
