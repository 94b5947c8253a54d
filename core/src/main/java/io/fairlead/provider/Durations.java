package io.fairlead.provider;

import java.time.Duration;

/** Limits on durations, which callers may give of any length. */
public final class Durations {
  /** A hundred years: longer than anything waits, and short enough to be counted in nanoseconds. */
  public static final Duration LONGEST = Duration.ofDays(36_500);

  private Durations() {}

  /** {@return the shorter of two} */
  public static Duration atMost(Duration most, Duration duration) {
    return duration.compareTo(most) > 0 ? most : duration;
  }

  /** {@return a duration in nanoseconds, no more than {@link #LONGEST}, no less than 0} */
  public static long nanos(Duration duration) {
    return duration.isNegative() ? 0 : atMost(LONGEST, duration).toNanos();
  }
}
