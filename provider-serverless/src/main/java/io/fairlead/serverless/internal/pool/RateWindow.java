package io.fairlead.serverless.internal.pool;

import java.util.Arrays;

/** The rate of events over a sliding window, which is made of steps. */
final class RateWindow {
  private final long stepNanos;
  private final int[] counts;
  private long lastStep = Long.MIN_VALUE;
  private int total;

  /**
   * Creates an empty window.
   *
   * @param steps the number of steps
   * @param stepNanos the length of a step, in nanoseconds
   */
  RateWindow(int steps, long stepNanos) {
    this.counts = new int[steps];
    this.stepNanos = stepNanos;
  }

  void add(long now) {
    advance(now);
    counts[slot(lastStep)]++;
    total++;
  }

  double perSecond(long now) {
    advance(now);
    return total * 1e9 / (counts.length * stepNanos);
  }

  private void advance(long now) {
    long step = Math.floorDiv(now, stepNanos);
    if (lastStep == Long.MIN_VALUE || step - lastStep >= counts.length) {
      Arrays.fill(counts, 0);
      total = 0;
      lastStep = step;
      return;
    }
    while (lastStep < step) {
      lastStep++;
      total -= counts[slot(lastStep)];
      counts[slot(lastStep)] = 0;
    }
  }

  private int slot(long step) {
    return (int) Math.floorMod(step, (long) counts.length);
  }
}
