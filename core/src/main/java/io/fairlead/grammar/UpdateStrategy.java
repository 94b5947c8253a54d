package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * How a stateful model's state is kept up to date.
 *
 * @param type how much each update writes
 * @param frequency the time from one update to the next, more than 0
 * @param warmUp whether a new version is warmed before it answers
 */
public record UpdateStrategy(Type type, Duration frequency, boolean warmUp) {
  /** How much each update writes. */
  public enum Type {
    /** What changed since the last. */
    INCREMENTAL,
    /** Everything. */
    FULL
  }

  public UpdateStrategy {
    requireNonNull(type, "type");
    requireNonNull(frequency, "frequency");
    Problems.in("UpdateStrategy")
        .check(
            frequency.compareTo(Duration.ZERO) > 0, "frequency", "must be more than 0", frequency)
        .throwIfAny();
  }
}
