package io.fairlead.provider;

import java.time.Duration;

/** Limits on durations, which callers may choose freely. */
public final class Durations {
  /** A hundred years: a maximum that fits into nanoseconds. */
  public static final Duration LONGEST = Duration.ofDays(36_500);

  private Durations() {}

  /** {@return the shorter of two} */
  public static Duration atMost(Duration most, Duration duration) {
    return duration.compareTo(most) > 0 ? most : duration;
  }

  /** {@return a duration in nanoseconds, from 0 to {@link #LONGEST}} */
  public static long nanos(Duration duration) {
    return duration.isNegative() ? 0 : atMost(LONGEST, duration).toNanos();
  }
}
