package io.fairlead.stateful;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * Times of several ways to do something, measured in blocks that take turns, so that what else the machine does hits all
 * of them alike.
 */
final class Blocks {
  private static final int WARM_UP = 10;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private Blocks() {}

  /** Something that is done many times. */
  @FunctionalInterface
  interface Work {
    /** Does it so many times. */
    void run(int times) throws Exception;
  }

  /** {@return the median over the blocks of each work's nanoseconds for one time} */
  static double[] medians(int blocks, int times, Work... works) throws Exception {
    return medians(System::nanoTime, blocks, times, works);
  }

  /**
   * {@return the same in nanoseconds that a processor spent for this thread, which is fairer to work of less than a
   * microsecond on a machine that has other work}
   */
  static double[] processorMedians(int blocks, int times, Work... works) throws Exception {
    return medians(THREADS::getCurrentThreadCpuTime, blocks, times, works);
  }

  private static double[] medians(LongSupplier clock, int blocks, int times, Work... works)
      throws Exception {
    double[][] nanos = new double[works.length][blocks];
    for (int block = -WARM_UP; block < blocks; block++) {
      for (int work = 0; work < works.length; work++) {
        long begin = clock.getAsLong();
        works[work].run(times);
        if (block >= 0) {
          nanos[work][block] = (double) (clock.getAsLong() - begin) / times;
        }
      }
    }
    double[] medians = new double[works.length];
    for (int work = 0; work < works.length; work++) {
      Arrays.sort(nanos[work]);
      medians[work] = nanos[work][blocks / 2];
    }
    return medians;
  }
}
