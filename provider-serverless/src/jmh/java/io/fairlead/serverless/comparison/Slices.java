package io.fairlead.serverless.comparison;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Runs several sides of a comparison in turns, so that whatever else goes on at the machine meets all of them alike.
 *
 * <p>Each has one slice to warm up that does not count.
 */
final class Slices {
  private static final OperatingSystemMXBean MACHINE =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private static final int MOST = 1 << 16;
  private static final double SECOND = 1e9;
  private static final double MICROSECOND = 1e3;

  /**
   * One slice of one side.
   *
   * @param perSecond how many were done a second
   * @param p50 half took as many microseconds or fewer
   * @param cpu the processor time of this process for each, in microseconds
   */
  record Slice(double perSecond, double p50, double cpu) {}

  private final Map<String, Callable<?>> sides = new LinkedHashMap<>();
  private final Map<String, List<Slice>> slices = new LinkedHashMap<>();

  Slices with(String name, Callable<?> side) {
    sides.put(name, side);
    slices.put(name, new ArrayList<>());
    return this;
  }

  Slices run(int count, int callers, double seconds) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(callers);
    try {
      for (int round = 0; round <= count; round++) {
        for (Map.Entry<String, Callable<?>> side : sides.entrySet()) {
          Slice slice = slice(side.getValue(), threads, callers, seconds);
          if (round > 0) {
            slices.get(side.getKey()).add(slice);
          }
        }
      }
      return this;
    } finally {
      threads.shutdown();
    }
  }

  private static Slice slice(Callable<?> side, ExecutorService threads, int callers, double seconds)
      throws InterruptedException, ExecutionException {
    long cpu = MACHINE.getProcessCpuTime();
    long begin = System.nanoTime();
    long end = begin + (long) (seconds * SECOND);
    List<Future<long[]>> running = new ArrayList<>();
    for (int caller = 0; caller < callers; caller++) {
      running.add(threads.submit(() -> times(side, end)));
    }
    List<long[]> times = new ArrayList<>();
    for (Future<long[]> each : running) {
      times.add(each.get());
    }
    double took = System.nanoTime() - begin;
    double count = times.stream().mapToLong(each -> each[0]).sum();
    double[] all = times.stream()
        .flatMapToLong(each -> Arrays.stream(each).skip(1))
        .mapToDouble(it -> it)
        .toArray();
    return new Slice(
        count / took * SECOND,
        Bars.median(all) / MICROSECOND,
        (MACHINE.getProcessCpuTime() - cpu) / MICROSECOND / count);
  }

  /** {@return how many there were, and the nanoseconds of the last of them} */
  private static long[] times(Callable<?> side, long end) throws Exception {
    long[] times = new long[MOST + 1];
    long now = System.nanoTime();
    while (now < end) {
      if (side.call() == null) {
        throw new IllegalStateException("no answer");
      }
      long after = System.nanoTime();
      times[1 + (int) (times[0]++ % MOST)] = after - now;
      now = after;
    }
    return Arrays.copyOf(times, (int) Math.min(times[0], MOST) + 1);
  }

  double perSecond(String name) {
    return Bars.median(slices.get(name).stream().mapToDouble(Slice::perSecond).toArray());
  }

  double p50(String name) {
    return Bars.median(slices.get(name).stream().mapToDouble(Slice::p50).toArray());
  }

  double cpu(String name) {
    return Bars.median(slices.get(name).stream().mapToDouble(Slice::cpu).toArray());
  }
}
