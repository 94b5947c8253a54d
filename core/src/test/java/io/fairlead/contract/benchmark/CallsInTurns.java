package io.fairlead.contract.benchmark;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * A comparison of what a call costs on several sides, such as through a platform and through its bare client: from one
 * thread, call by call in turns, so that what else the machine does hits all sides alike.
 */
public final class CallsInTurns {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final String expected;
  private final double target;

  /**
   * Creates a comparison.
   *
   * @param expected the response of each call
   * @param target the most that the median of a call through the platform should be, as a ratio to the bare client's
   */
  public CallsInTurns(String expected, double target) {
    this.expected = expected;
    this.target = target;
  }

  /** The times of one side, in nanoseconds. */
  public static final class Side {
    private final String name;
    private final Supplier<String> call;
    private long[] wall = {};
    private long[] cpu = {};

    /** Creates a side, whose call returns the response. */
    public Side(String name, Supplier<String> call) {
      this.name = name;
      this.call = call;
    }

    private void begin(int count) {
      wall = new long[count];
      cpu = new long[count];
    }

    private void run(int number, String expected) {
      long cpuBefore = THREADS.getCurrentThreadCpuTime();
      long begin = System.nanoTime();
      String answer = call.get();
      wall[number] = System.nanoTime() - begin;
      cpu[number] = THREADS.getCurrentThreadCpuTime() - cpuBefore;
      if (!answer.equals(expected)) {
        throw new IllegalStateException(name + " responded " + answer);
      }
    }

    private static double micros(long[] nanos, double quantile) {
      long[] sorted = nanos.clone();
      Arrays.sort(sorted);
      return sorted[(int) (quantile * (sorted.length - 1))] / 1e3;
    }
  }

  /** Prints the head of the table. */
  public static void printHead() {
    System.out.printf("%-10s %-16s %10s %10s %10s%n", "body", "side", "p50 us", "p90 us", "CPU us");
  }

  /**
   * Compares the sides, and prints their figures.
   *
   * @param body the size of the requests, in bytes
   * @param calls the number of calls of each side
   * @param sides the bare client first, the platform last
   */
  public void compare(int body, int calls, Side... sides) {
    // With fewer to warm up, what is compiled last decides.
    run(calls, sides);
    run(calls, sides);
    for (Side side : sides) {
      System.out.printf(
          Locale.ROOT,
          "%-10d %-16s %10.1f %10.1f %10.1f%n",
          body,
          side.name,
          Side.micros(side.wall, 0.5),
          Side.micros(side.wall, 0.9),
          Side.micros(side.cpu, 0.5));
    }
    Side ours = sides[sides.length - 1];
    for (Side other : Arrays.copyOf(sides, sides.length - 1)) {
      double ratio = Side.micros(ours.wall, 0.5) / Side.micros(other.wall, 0.5);
      System.out.printf(
          Locale.ROOT,
          "%-10d / %-14s p50 %.3f, CPU %.3f, target %.2f %s%n",
          body,
          other.name,
          ratio,
          Side.micros(ours.cpu, 0.5) / Side.micros(other.cpu, 0.5),
          target,
          ratio > target ? "MISSED" : "");
    }
  }

  private void run(int calls, Side... sides) {
    for (Side side : sides) {
      side.begin(calls);
    }
    for (int i = 0; i < calls; i++) {
      for (int turn = 0; turn < sides.length; turn++) {
        sides[(i + turn) % sides.length].run(i, expected);
      }
    }
  }
}
