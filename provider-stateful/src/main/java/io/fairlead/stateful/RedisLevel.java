package io.fairlead.stateful;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.net.URI;
import java.time.Duration;

/** A second level of the cache in Redis or Valkey. */
public final class RedisLevel {
  private final URI uri;
  private final Duration timeToLive;

  private RedisLevel(URI uri, Duration timeToLive) {
    this.uri = uri;
    this.timeToLive = timeToLive;
  }

  /** {@return a level at a URI} */
  public static RedisLevel at(URI uri) {
    return new RedisLevel(requireNonNull(uri, "uri"), Duration.ofDays(1));
  }

  public RedisLevel withTimeToLive(Duration newTimeToLive) {
    Problems.in("RedisLevel")
        .check(!newTimeToLive.isZero(), "timeToLive", "must be more than 0", newTimeToLive)
        .throwIfAny();
    return new RedisLevel(uri, newTimeToLive);
  }

  Duration timeToLive() {
    return timeToLive;
  }
}
