package io.fairlead.provider;

import io.fairlead.grammar.Shown;
import java.time.Duration;
import java.util.Locale;

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

  /**
   * {@return a duration from text, such as {@code 500ms}, {@code 90s}, {@code 10m}, {@code 2h}, {@code 1d} or {@code
   * PT1M30S}}
   *
   * @throws IllegalArgumentException if it is none, or a {@link java.time.DateTimeException} or {@link
   *     ArithmeticException}, as {@link Duration#parse} and the factories of {@link Duration} do
   */
  public static Duration parse(String text) {
    String trimmed = text.trim();
    String lower = trimmed.toLowerCase(Locale.ROOT);
    if (lower.startsWith("p")) {
      return Duration.parse(trimmed);
    }
    int digits = 0;
    while (digits < lower.length() && Character.isDigit(lower.charAt(digits))) {
      digits++;
    }
    long number = Long.parseLong(lower.substring(0, digits));
    return switch (lower.substring(digits).trim()) {
      case "ms" -> Duration.ofMillis(number);
      case "s" -> Duration.ofSeconds(number);
      case "m" -> Duration.ofMinutes(number);
      case "h" -> Duration.ofHours(number);
      case "d" -> Duration.ofDays(number);
      default -> throw new IllegalArgumentException(text);
    };
  }
}
