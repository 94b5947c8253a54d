package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/** The time by which something has to be done: one limit for all attempts, pauses and pieces. */
public final class Deadline {
  private final TimeSource time;
  private final Duration limit;
  private final Duration end;

  private Deadline(TimeSource time, Duration limit) {
    this.time = time;
    this.limit = limit;
    Duration wait = limit.isNegative() ? Duration.ZERO : Durations.atMost(Durations.LONGEST, limit);
    this.end = time.elapsed().plus(wait);
  }

  /** {@return a deadline that is a limit away from now} */
  public static Deadline after(Duration limit, TimeSource time) {
    return new Deadline(requireNonNull(time, "time"), requireNonNull(limit, "limit"));
  }

  /** {@return the limit that it was made of, for messages} */
  public Duration limit() {
    return limit;
  }

  /** {@return the time that is left; 0 once it has passed} */
  public Duration left() {
    Duration left = end.minus(time.elapsed());
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** {@return whether no time is left} */
  public boolean hasPassed() {
    return left().isZero();
  }

  @Override
  public String toString() {
    return left() + " of " + limit + " left";
  }
}
