package io.fairlead.serverless.internal.pool;

import java.util.Arrays;

/** How many events there were in the last while, counted in steps. */
final class RateWindow {
  private final long stepNanos;
  private final int[] counts;
  private long lastStep = Long.MIN_VALUE;
  private int total;

  /**
   * Makes an empty window.
   *
   * @param steps how many steps it covers, each of
   * @param stepNanos so many nanoseconds
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
