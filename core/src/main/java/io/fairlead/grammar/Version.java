package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * An endpoint with its share of the requests: {@code Version ::= (Endpoint, traffic_weight)}.
 *
 * @param endpoint what serves the share
 * @param weight the share
 */
public record Version(Endpoint endpoint, TrafficWeight weight) {
  public Version {
    requireNonNull(endpoint, "endpoint");
    requireNonNull(weight, "weight");
  }
}
