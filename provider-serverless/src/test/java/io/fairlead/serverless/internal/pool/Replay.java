package io.fairlead.serverless.internal.pool;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** A pool under traffic on a virtual clock, with what it costs and what callers see of it. */
final class Replay {
  private final VirtualClock clock = new VirtualClock();
  private final Duration coldStart;
  private final Pool<Object> pool;
  private final Map<Object, Integer> used = new HashMap<>();

  private int live;
  private int idle;
  private long measuredAt;
  private double idleNanos;
  private int peak;
  private long loads;
  private long arrivals;
  private long waits;
  private long refusals;

  Replay(PoolSettings settings, Duration coldStart) {
    this.coldStart = coldStart;
    this.pool = new Pool<>(settings, clock, new Budget(Long.MAX_VALUE / 2, 1_000_000), new Loads());
  }

  private final class Loads implements Starter<Object> {
    @Override
    public void start(Start<Object> start) {
      loads++;
      clock.in(coldStart, () -> {
        Object instance = new Object();
        measure();
        used.put(instance, 0);
        live++;
        idle++;
        peak = Math.max(peak, live);
        start.succeeded(instance);
      });
    }

    @Override
    public void stop(Object instance, Runnable stopped) {
      measure();
      used.remove(instance);
      live--;
      idle--;
      stopped.run();
    }
  }

  private final class Call extends Ticket<Object> {
    private final long arrival = clock.now();
    private final long service;

    Call(long service) {
      super(Long.MAX_VALUE / 2);
      this.service = service;
    }

    @Override
    protected void granted(Object instance) {
      if (clock.now() > arrival) {
        waits++;
      }
      measure();
      if (used.merge(instance, 1, Integer::sum) == 1) {
        idle--;
      }
      clock.in(Duration.ofNanos(service), () -> {
        measure();
        if (used.merge(instance, -1, Integer::sum) == 0) {
          idle++;
        }
        release();
      });
    }

    @Override
    protected void refused(Refusal refusal) {
      refusals++;
    }
  }

  private void measure() {
    idleNanos += (double) idle * (clock.now() - measuredAt);
    measuredAt = clock.now();
  }

  /** Lets an invocation come. */
  void arrive(long time, long serviceNanos) {
    clock.passUntil(time);
    arrivals++;
    pool.submit(new Call(serviceNanos));
  }

  /** Lets time pass to the end. */
  Result end(long time) {
    clock.passUntil(time);
    measure();
    return new Result(arrivals, waits, refusals, idleNanos / 3.6e12, loads, peak);
  }

  /**
   * What came of it.
   *
   * @param idleHours hours of instances in which nothing ran
   */
  record Result(
      long arrivals, long waits, long refusals, double idleHours, long loads, int peakInstances) {
    double waitPercent() {
      return 100.0 * waits / arrivals;
    }
  }
}
