package io.fairlead.config;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Served;
import io.fairlead.grammar.TrafficWeight;
import java.time.Duration;
import java.util.Optional;

/**
 * A deployment that a file declares.
 *
 * @param platform the platform that serves it
 * @param value the endpoint or function
 * @param traffic the variant's share of the requests to the name once it is deployed; empty if the shares stay
 * @param limit the longest that each operation on it is waited for
 */
public record DeploymentFile(
    DeclaredPlatform platform, Served value, Optional<TrafficWeight> traffic, Duration limit) {
  /** The limit where none is given. */
  public static final Duration DEFAULT_LIMIT = Duration.ofMinutes(30);

  public DeploymentFile {
    requireNonNull(platform, "platform");
    requireNonNull(value, "value");
    requireNonNull(traffic, "traffic");
    requireNonNull(limit, "limit");
  }
}
