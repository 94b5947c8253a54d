package io.fairlead.serverless.internal.pool;

import java.time.Duration;

/**
 * A histogram of the idle times of a function, and the pre-warming and keep-alive windows that follow from it.
 *
 * <p>It is the hybrid histogram of Shahrad and others, "Serverless in the Wild", USENIX ATC 2020, without its forecast
 * for rare functions: idle times are counted by the minute up to four hours. If most are longer, or if they do not
 * cluster, the function is kept alive for four hours. If they cluster, it is unloaded at once, pre-warmed shortly
 * before the next invocation is likely, and kept alive until one has become unlikely.
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

  /** The pre-warming window, in minutes, below which the function stays loaded. */
  private static final int MIN_PREWARM_BINS = 3;

  private final int[] counts = new int[BINS];
  private int within;
  private int beyond;
  private long squares;

  /**
   * The windows after the end of the last invocation.
   *
   * @param from the nanoseconds until the function is loaded again; 0 if it stays loaded
   * @param until the nanoseconds until it is unloaded
   */
  record Windows(long from, long until) {}

  /** Adds an idle time, in nanoseconds. */
  void add(long nanos) {
    if (nanos >= LONGEST) {
      beyond++;
      return;
    }
    int count = ++counts[(int) (nanos / BIN_NANOS)];
    squares += 2L * count - 1;
    within++;
  }

  Windows windows() {
    if (within == 0 || beyond > within || !isClustered()) {
      return new Windows(0, LONGEST);
    }
    int first = bin(FIRST);
    long from = first < MIN_PREWARM_BINS ? 0 : (long) (EARLIER * first * BIN_NANOS);
    long until = (long) (LATER * (bin(LAST) + 1) * BIN_NANOS);
    return new Windows(from, until);
  }

  /** Whether the idle times cluster: the coefficient of variation of the bins is high. */
  private boolean isClustered() {
    double mean = (double) within / BINS;
    double variance = (double) squares / BINS - mean * mean;
    return Math.sqrt(variance) >= CLUSTERED * mean;
  }

  /** The bin of a percentile of the idle times. */
  private int bin(double percentile) {
    long wanted = Math.max(1, (long) Math.ceil(percentile * within));
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
