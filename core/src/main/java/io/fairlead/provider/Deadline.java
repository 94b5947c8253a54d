package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/** A deadline: one limit for all attempts, pauses and pieces of a call, by a monotonic clock. */
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

  /** {@return a deadline this long from now; at once if the limit is negative} */
  public static Deadline after(Duration limit, TimeSource time) {
    return new Deadline(requireNonNull(time, "time"), requireNonNull(limit, "limit"));
  }

  /** {@return the limit that it was created with, for messages} */
  public Duration limit() {
    return limit;
  }

  /** {@return the remaining time; 0 once it has passed} */
  public Duration left() {
    Duration left = end.minus(time.elapsed());
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** {@return whether it has passed} */
  public boolean hasPassed() {
    return left().isZero();
  }

  @Override
  public String toString() {
    return left() + " of " + limit + " left";
  }
}
