package io.fairlead.config;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * How the health of platforms is read.
 *
 * @param interval the shortest time between two reads of a platform; between them the health is the last one
 * @param limit the longest that a request for the health waits for a platform
 */
public record HealthSettings(Duration interval, Duration limit) {
  public static final HealthSettings DEFAULT =
      new HealthSettings(Duration.ofSeconds(10), Duration.ofSeconds(2));

  public HealthSettings {
    requireNonNull(interval, "interval");
    requireNonNull(limit, "limit");
  }
}
