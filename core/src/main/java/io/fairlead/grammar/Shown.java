package io.fairlead.grammar;

import java.time.Duration;

/** Durations and sizes as people read them, for messages and text forms. */
public final class Shown {
  private static final Duration LONGEST = Duration.ofDays(36_500);

  private Shown() {}

  /** {@return a duration in the largest unit in which it is a whole number, such as {@code 90 s}} */
  public static String duration(Duration duration) {
    if (duration.isNegative() && duration.compareTo(LONGEST.negated()) >= 0) {
      return "-" + duration(duration.negated());
    }
    for (Unit unit : Unit.values()) {
      long nanos = unit.nanos;
      if (duration.compareTo(LONGEST) <= 0
          && duration.compareTo(Duration.ofNanos(nanos)) >= 0
          && duration.toNanos() % nanos == 0) {
        return duration.toNanos() / nanos + " " + unit.name;
      }
    }
    return duration.isZero() ? "0 s" : duration.toString();
  }

  /** {@return a size in the largest unit in which it is 1 or more, such as {@code 17.7 GB}; 1 GB is 1,024 MB} */
  public static String bytes(long bytes) {
    int unit = 0;
    long size = bytes;
    long rest = 0;
    while (size >= 1024 && unit < ByteSize.UNITS.size() - 1) {
      rest = size % 1024;
      size /= 1024;
      unit++;
    }
    long tenths = unit == 0 ? 0 : rest * 10 / 1024;
    return size + (tenths == 0 ? "" : "." + tenths) + " " + ByteSize.UNITS.get(unit);
  }

  private enum Unit {
    DAY("d", Duration.ofDays(1)),
    HOUR("h", Duration.ofHours(1)),
    MINUTE("min", Duration.ofMinutes(1)),
    SECOND("s", Duration.ofSeconds(1)),
    MILLISECOND("ms", Duration.ofMillis(1)),
    MICROSECOND("us", Duration.ofNanos(1000)),
    NANOSECOND("ns", Duration.ofNanos(1));

    final String name;
    final long nanos;

    Unit(String name, Duration length) {
      this.name = name;
      this.nanos = length.toNanos();
    }
  }
}
