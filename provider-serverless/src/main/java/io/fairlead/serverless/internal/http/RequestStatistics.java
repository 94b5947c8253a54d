package io.fairlead.serverless.internal.http;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** The numbers and durations of requests by function, since the start and over the last minutes. Thread-safe. */
final class RequestStatistics {
  /** The upper bounds of the histogram of durations, in seconds; the last bucket has none. */
  static final double[] BOUNDS = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60
  };

  /** The length of a slot of the last minutes. */
  static final Duration SLOT = Duration.ofSeconds(5);

  /** The number of slots. */
  static final int SLOTS = 60;

  private static final double NANOS = 1e9;
  private static final int FIRST_ERROR = 400;

  private final ConcurrentMap<String, Series> byFunction = new ConcurrentHashMap<>();

  /**
   * Counts a request.
   *
   * @param function the function; empty for a route without one
   * @param nanos its duration
   * @param now the time of {@link System#nanoTime()}
   * @return whether it is the first of the function
   */
  boolean add(String function, int status, long nanos, long now) {
    Series series = byFunction.get(function);
    boolean isFirst = series == null;
    if (series == null) {
      series = byFunction.computeIfAbsent(function, name -> new Series());
    }
    series.add(status, nanos, now);
    return isFirst;
  }

  /** Forgets functions other than these, so that the numbers of those that are undeployed are not kept for ever. */
  void retain(Collection<String> functions) {
    byFunction.keySet().removeIf(name -> !name.isEmpty() && !functions.contains(name));
  }

  /** {@return the functions that have had requests; empty for routes without a function} */
  SortedMap<String, Series> all() {
    return new TreeMap<>(byFunction);
  }

  /** {@return the numbers of a function; null if it has had no request} */
  @Nullable
  Series of(String function) {
    return byFunction.get(function);
  }

  /** The numbers of one function. */
  static final class Series {
    private final ConcurrentMap<Integer, LongAdder> byStatus = new ConcurrentHashMap<>();
    private final LongAdder[] buckets = new LongAdder[BOUNDS.length + 1];
    private final LongAdder nanosInAll = new LongAdder();
    private final AtomicReferenceArray<@Nullable Slot> slots = new AtomicReferenceArray<>(SLOTS);

    private Series() {
      for (int i = 0; i < buckets.length; i++) {
        buckets[i] = new LongAdder();
      }
    }

    private void add(int status, long nanos, long now) {
      byStatus.computeIfAbsent(status, it -> new LongAdder()).increment();
      buckets[bucket(nanos)].increment();
      nanosInAll.add(nanos);
      Slot slot = slot(Math.floorDiv(now, SLOT.toNanos()));
      (status < FIRST_ERROR ? slot.succeeded : slot.failed).increment();
      slot.slowest.accumulate(nanos);
    }

    private static int bucket(long nanos) {
      double seconds = nanos / NANOS;
      int bucket = 0;
      while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]) {
        bucket++;
      }
      return bucket;
    }

    private Slot slot(long number) {
      int place = (int) Math.floorMod(number, (long) SLOTS);
      Slot slot = slots.get(place);
      while (slot == null || slot.number < number) {
        Slot next = new Slot(number);
        slot = slots.compareAndSet(place, slot, next) ? next : slots.get(place);
      }
      return slot;
    }

    /** {@return the number of requests by HTTP status} */
    Map<Integer, Long> byStatus() {
      Map<Integer, Long> counts = new TreeMap<>();
      byStatus.forEach((status, count) -> counts.put(status, count.sum()));
      return counts;
    }

    /** {@return the number of requests in each bucket of {@link #BOUNDS}, and of those beyond them} */
    long[] buckets() {
      long[] counts = new long[buckets.length];
      for (int i = 0; i < counts.length; i++) {
        counts[i] = buckets[i].sum();
      }
      return counts;
    }

    /** {@return the sum of all durations} */
    double seconds() {
      return nanosInAll.sum() / NANOS;
    }

    /** {@return the last minutes, from the oldest slot to that of now} */
    Recent recent(long now) {
      Recent recent = new Recent(new long[SLOTS], new long[SLOTS], new long[SLOTS]);
      long last = Math.floorDiv(now, SLOT.toNanos());
      for (int i = 0; i < SLOTS; i++) {
        long number = last - SLOTS + 1 + i;
        Slot slot = slots.get((int) Math.floorMod(number, (long) SLOTS));
        if (slot != null && slot.number == number) {
          recent.succeeded[i] = slot.succeeded.sum();
          recent.failed[i] = slot.failed.sum();
          recent.slowestNanos[i] = slot.slowest.get();
        }
      }
      return recent;
    }
  }

  /** The numbers of the last minutes by slot. */
  static final class Recent {
    final long[] succeeded;
    final long[] failed;
    final long[] slowestNanos;

    private Recent(long[] succeeded, long[] failed, long[] slowestNanos) {
      this.succeeded = succeeded;
      this.failed = failed;
      this.slowestNanos = slowestNanos;
    }
  }

  private static final class Slot {
    final long number;
    final LongAdder succeeded = new LongAdder();
    final LongAdder failed = new LongAdder();
    final LongAccumulator slowest = new LongAccumulator(Math::max, 0);

    Slot(long number) {
      this.number = number;
    }
  }
}
