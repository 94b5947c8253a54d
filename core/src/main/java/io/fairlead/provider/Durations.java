package io.fairlead.provider;

import io.fairlead.grammar.Shown;
import java.time.Duration;

/** Durations, which callers may choose freely: their limits, and their form in messages. */
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

  /** {@return a duration in words, in the largest unit in which it is a whole number, such as {@code 90 s}} */
  public static String shown(Duration duration) {
    return Shown.duration(duration);
  }
}
