package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * The update strategy of a stateful model's state.
 *
 * @param type the extent of each update
 * @param frequency the interval between updates, more than 0
 * @param warmUp whether a new version is warmed up before it answers
 */
public record UpdateStrategy(Type type, Duration frequency, boolean warmUp) {
  /** The extent of an update. */
  public enum Type {
    /** Changes since the last update. */
    INCREMENTAL,
    /** The whole state. */
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
