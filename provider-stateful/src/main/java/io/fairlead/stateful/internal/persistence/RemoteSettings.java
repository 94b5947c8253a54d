package io.fairlead.stateful.internal.persistence;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.time.Duration;

/**
 * How a remote cache is used.
 *
 * @param name the name that its keys begin with; caches of one name share their answers
 * @param commandTimeout the longest time that a lookup waits
 * @param connectTimeout the longest time to connect, for a client of our own
 * @param timeToLive how long an answer is kept
 */
public record RemoteSettings(
    String name, Duration commandTimeout, Duration connectTimeout, Duration timeToLive) {
  private static final Duration COMMAND_TIMEOUT = Duration.ofMillis(20);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration TIME_TO_LIVE = Duration.ofDays(1);

  /** Checks the values. */
  public RemoteSettings {
    requireNonNull(name, "name");
    requireNonNull(commandTimeout, "commandTimeout");
    requireNonNull(connectTimeout, "connectTimeout");
    requireNonNull(timeToLive, "timeToLive");
    Problems.in("RemoteSettings")
        .check(!name.isBlank(), "name", "must not be blank", name)
        .check(
            isAtLeastMilli(commandTimeout),
            "commandTimeout",
            "must be 1 ms or more",
            commandTimeout)
        .check(
            isAtLeastMilli(connectTimeout),
            "connectTimeout",
            "must be 1 ms or more",
            connectTimeout)
        .check(isAtLeastMilli(timeToLive), "timeToLive", "must be 1 ms or more", timeToLive)
        .throwIfAny();
  }

  /** {@return the defaults: 20 ms for a lookup, 1 s to connect, 1 day to live} */
  public static RemoteSettings of(String name) {
    return new RemoteSettings(name, COMMAND_TIMEOUT, CONNECT_TIMEOUT, TIME_TO_LIVE);
  }

  public RemoteSettings withCommandTimeout(Duration timeout) {
    return new RemoteSettings(name, timeout, connectTimeout, timeToLive);
  }

  public RemoteSettings withConnectTimeout(Duration timeout) {
    return new RemoteSettings(name, commandTimeout, timeout, timeToLive);
  }

  public RemoteSettings withTimeToLive(Duration time) {
    return new RemoteSettings(name, commandTimeout, connectTimeout, time);
  }

  private static boolean isAtLeastMilli(Duration duration) {
    return duration.compareTo(Duration.ofMillis(1)) >= 0;
  }
}
