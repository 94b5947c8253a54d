package io.fairlead.serverless.internal.pool;

import org.jspecify.annotations.Nullable;

/**
 * The demand for instances of a pool, by Little's law: the rate of invocations times a moving average of their duration.
 *
 * <p>Not thread safe. Times are in nanoseconds, of the pool's clock.
 */
final class Demand {
  private static final long SECOND = 1_000_000_000L;

  /** The target utilisation of the slots. */
  private static final double UTILISATION = 0.7;

  /** The time in which the queue is to be worked off. */
  private static final double DRAIN_SECONDS = 1;

  /** The weight of the last invocation in the moving average. */
  private static final double SMOOTHING = 0.1;

  private final int slots;
  private final int maxInstances;
  // Created by the first invocation: most of a thousand functions have none.
  private @Nullable RateWindow lastHalfSecond;
  private @Nullable RateWindow lastMinute;
  private double averageNanos = -1;

  /**
   * Creates a demand of which nothing is known yet.
   *
   * @param slots the number of concurrent invocations of one instance
   * @param maxInstances the maximum number of instances
   */
  Demand(int slots, int maxInstances) {
    this.slots = slots;
    this.maxInstances = maxInstances;
  }

  /** Counts an invocation that has arrived. */
  void arrived(long now) {
    if (lastHalfSecond == null || lastMinute == null) {
      lastHalfSecond = new RateWindow(10, SECOND / 20);
      lastMinute = new RateWindow(30, 2 * SECOND);
    }
    lastHalfSecond.add(now);
    lastMinute.add(now);
  }

  /** Notes the duration of an invocation that has ended. */
  void served(long nanos) {
    averageNanos = averageNanos < 0 ? nanos : averageNanos + SMOOTHING * (nanos - averageNanos);
  }

  /**
   * {@return the number of instances that the rate of the last half second and the queue need, 1 or more}
   *
   * @param waiting the number of waiting invocations
   * @param running the number of running ones
   */
  int ofQueue(int waiting, int running, long now) {
    if (averageNanos < 0 || lastHalfSecond == null) {
      return 1;
    }
    double seconds = averageNanos / SECOND;
    double busy = lastHalfSecond.perSecond(now) * seconds + waiting * seconds / DRAIN_SECONDS;
    return Math.min(maxInstances, Math.max(1, Math.min(instances(busy), waiting + running)));
  }

  /** {@return the number of instances that the rate of the last minute needs; 0 if nothing is known} */
  int ofLastMinute(long now) {
    return averageNanos < 0 || lastMinute == null
        ? 0
        : Math.min(maxInstances, instances(lastMinute.perSecond(now) * averageNanos / SECOND));
  }

  private int instances(double busySlots) {
    return (int) Math.min(Integer.MAX_VALUE, Math.ceil(busySlots / (slots * UTILISATION)));
  }

  /**
   * {@return the time in which the queue is probably worked off; a second if nothing is known}
   *
   * @param waiting the number of waiting invocations
   * @param ready the number of ready instances
   */
  long untilWorkedOff(int waiting, int ready) {
    return averageNanos < 0
        ? SECOND
        : (long) (averageNanos * Math.max(1, waiting) / (Math.max(1, ready) * (double) slots));
  }
}
