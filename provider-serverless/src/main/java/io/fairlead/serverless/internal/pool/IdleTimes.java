package io.fairlead.serverless.internal.pool;

import java.time.Duration;

/**
 * What is known of how long a function goes without an invocation, and how long it is to stay loaded for that.
 *
 * <p>After the hybrid histogram of Shahrad and others, "Serverless in the Wild", USENIX ATC 2020, without its forecast for rare
 * functions: idle times are counted by the minute up to four hours. If most are longer than that, or they do not cluster,
 * the function stays loaded for four hours. If they cluster, it goes at once, comes back shortly before the next
 * invocation is likely, and stays until it hardly is any more.
 */
final class IdleTimes {
  private static final int BINS = 240;
  private static final long BIN_NANOS = Duration.ofMinutes(1).toNanos();
  private static final long LONGEST = BINS * BIN_NANOS;
  private static final double FIRST = 0.05;
  private static final double LAST = 0.99;
  private static final double EARLIER = 0.9;
  private static final double LATER = 1.3;
  private static final double CLUSTERED = 2.0;

  /** Below so many minutes it does not pay to go and come back. */
  private static final int WORTH_GOING = 3;

  private final int[] counts = new int[BINS];
  private int within;
  private int beyond;
  private long squares;

  /**
   * How long to be loaded after an invocation has ended.
   *
   * @param from nanoseconds until it is loaded again; 0 if it stays loaded
   * @param until nanoseconds until it goes for good
   */
  record Stay(long from, long until) {}

  /** Counts a time without an invocation, in nanoseconds. */
  void add(long nanos) {
    if (nanos >= LONGEST) {
      beyond++;
      return;
    }
    int count = ++counts[(int) (nanos / BIN_NANOS)];
    squares += 2L * count - 1;
    within++;
  }

  Stay stay() {
    if (within == 0 || beyond > within || !isClustered()) {
      return new Stay(0, LONGEST);
    }
    int first = bin(FIRST);
    long from = first < WORTH_GOING ? 0 : (long) (EARLIER * first * BIN_NANOS);
    long until = (long) (LATER * (bin(LAST) + 1) * BIN_NANOS);
    return new Stay(from, until);
  }

  /** Whether the counts differ between the bins: their standard deviation against their mean. */
  private boolean isClustered() {
    double mean = (double) within / BINS;
    double variance = (double) squares / BINS - mean * mean;
    return Math.sqrt(variance) >= CLUSTERED * mean;
  }

  /** The bin below whose end so great a part of the times is. */
  private int bin(double part) {
    long wanted = Math.max(1, (long) Math.ceil(part * within));
    long seen = 0;
    for (int bin = 0; bin < BINS; bin++) {
      seen += counts[bin];
      if (seen >= wanted) {
        return bin;
      }
    }
    return BINS - 1;
  }
}
