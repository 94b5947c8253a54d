package io.fairlead.stateful.internal;

import io.fairlead.provider.TimeSource;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The clock and the timers of a platform; tests have their own. */
public interface StateClock extends AutoCloseable {
  /** {@return the time source of what waits} */
  TimeSource time();

  /** {@return the monotonic time in nanoseconds since an arbitrary origin} */
  long nanos();

  /**
   * {@return the wall-clock time in milliseconds since 1970, as of a second ago at most}
   *
   * @param nanos the monotonic time now, which spares a reading of the clock
   */
  long millis(long nanos);

  /**
   * Runs an action in intervals, first after one of them.
   *
   * @param action what it throws is its own: a later run takes place all the same
   * @return ends it
   */
  Timer every(Duration interval, Runnable action);

  /** Runs an action soon, aside; not at all once it is closed. */
  void soon(Runnable action);

  /** Something that runs in intervals. */
  interface Timer {
    /** Ends it; a run that has begun goes on. */
    void cancel();
  }

  /** Ends all timers and waits for their runs. */
  @Override
  void close();

  /** {@return this machine's clock, with up to four threads for its timers once there are any} */
  static StateClock system(String platform) {
    return new SystemClock(platform);
  }

  /** This machine's clock. */
  final class SystemClock implements StateClock {
    /** So that a wrapped platform that is slow to be read holds up no other container. */
    private static final int THREADS = 4;

    private static final Logger log = LoggerFactory.getLogger(StateClock.class);

    private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long ANCHOR_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final ScheduledThreadPoolExecutor timers;
    private volatile Anchor anchor = new Anchor(System.nanoTime(), System.currentTimeMillis());

    private SystemClock(String platform) {
      AtomicInteger number = new AtomicInteger();
      this.timers = new ScheduledThreadPoolExecutor(THREADS, work -> {
        Thread thread =
            new Thread(work, "fairlead-" + platform + "-timer-" + number.incrementAndGet());
        thread.setDaemon(true);
        return thread;
      });
      timers.setRemoveOnCancelPolicy(true);
    }

    @Override
    public TimeSource time() {
      return TimeSource.system();
    }

    @Override
    public long nanos() {
      return System.nanoTime();
    }

    /**
     * One moment by both clocks.
     *
     * @param nanos by the monotonic one
     * @param millis by the wall clock
     */
    private record Anchor(long nanos, long millis) {}

    @Override
    public long millis(long nanos) {
      Anchor known = anchor;
      if (nanos - known.nanos() > ANCHOR_NANOS) {
        known = new Anchor(nanos, System.currentTimeMillis());
        anchor = known;
      }
      return known.millis() + Math.floorDiv(nanos - known.nanos(), NANOS_PER_MILLI);
    }

    @Override
    public Timer every(Duration interval, Runnable action) {
      ScheduledFuture<?> timer = timers.scheduleWithFixedDelay(
          () -> run(action), interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
      return () -> timer.cancel(false);
    }

    /** The executor would run nothing again that has thrown. */
    private static void run(Runnable action) {
      try {
        action.run();
      } catch (Throwable e) {
        log.warn("What is done in intervals failed, and is done again after the next", e);
      }
    }

    @Override
    public void soon(Runnable action) {
      try {
        timers.execute(action);
      } catch (RejectedExecutionException e) {
        // It is closed.
      }
    }

    @Override
    public void close() {
      timers.shutdownNow();
      try {
        if (!timers.awaitTermination(5, TimeUnit.SECONDS)) {
          timers.shutdownNow();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
