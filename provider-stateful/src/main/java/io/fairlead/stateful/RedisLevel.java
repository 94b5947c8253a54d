package io.fairlead.stateful;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.stateful.internal.persistence.RemoteCache;
import io.lettuce.core.RedisClient;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * A second level of the cache in Redis, Valkey or what else speaks their protocol, which processes share.
 *
 * <p>It needs {@code io.lettuce:lettuce-core} on the class path. Answers are stored under keys that have the model's digest
 * in them and expire; requests are not stored. While the server is not there it is as if there were no second level.
 */
public final class RedisLevel {
  private static final Duration DAY = Duration.ofDays(1);

  private final Optional<URI> uri;
  private final Optional<Object> client;
  private final Duration timeToLive;

  private RedisLevel(Optional<URI> uri, Optional<Object> client, Duration timeToLive) {
    this.uri = uri;
    this.client = client;
    this.timeToLive = timeToLive;
    Problems.in("RedisLevel")
        .check(
            timeToLive.compareTo(Duration.ZERO) > 0,
            "timeToLive",
            "must be more than 0",
            timeToLive)
        .throwIfAny();
  }

  /**
   * {@return a level at a server, with answers that expire after a day}
   *
   * @param uri such as {@code rediss://user:password@host:6379/0}; a password over plain {@code redis} is refused but to
   *     this machine
   */
  public static RedisLevel at(URI uri) {
    try {
      RemoteCache.checkAddress(uri.toString());
    } catch (IllegalArgumentException e) {
      Problems.in("RedisLevel")
          .check(false, "uri", "is refused: " + e.getMessage())
          .throwIfAny();
    }
    return new RedisLevel(Optional.of(uri), Optional.empty(), DAY);
  }

  /** {@return a level through a client of the caller's, which is neither changed nor closed} */
  public static RedisLevel over(RedisClient client) {
    return new RedisLevel(Optional.empty(), Optional.of(requireNonNull(client, "client")), DAY);
  }

  /** {@return a copy with the time after which answers expire} */
  public RedisLevel withTimeToLive(Duration newTimeToLive) {
    return new RedisLevel(uri, client, requireNonNull(newTimeToLive, "timeToLive"));
  }

  /** {@return the server's URI, with its password; empty where there is a client} */
  public Optional<URI> uri() {
    return uri;
  }

  /** {@return the caller's client, a {@link RedisClient}; empty where there is a URI} */
  public Optional<Object> client() {
    return client;
  }

  /** {@return the time after which answers expire} */
  public Duration timeToLive() {
    return timeToLive;
  }

  @Override
  public String toString() {
    return "RedisLevel[" + uri.map(URI::getHost).orElse("a client of the caller's") + "]";
  }
}
