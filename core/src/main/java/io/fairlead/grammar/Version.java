package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * An endpoint with its traffic weight: {@code Version ::= (Endpoint, traffic_weight)}.
 *
 * @param endpoint the endpoint
 * @param weight its share of the requests to its public name
 */
public record Version(Endpoint endpoint, TrafficWeight weight) {
  public Version {
    requireNonNull(endpoint, "endpoint");
    requireNonNull(weight, "weight");
  }

  @Override
  public String toString() {
    return endpoint
        .words(endpoint.routing().path() + " at " + weight.percent() + "%")
        .in("Version");
  }
}
