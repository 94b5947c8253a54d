package io.fairlead.serverless.internal;

import io.fairlead.serverless.internal.pool.PoolClock;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The system clock, with one thread for alarms that starts with the first. */
public final class SystemClock implements PoolClock, AutoCloseable {
  private static final Duration ENDING = Duration.ofSeconds(5);

  private final ScheduledThreadPoolExecutor alarms;

  public SystemClock(String platform) {
    alarms = new ScheduledThreadPoolExecutor(1, task -> {
      Thread thread = new Thread(task, "fairlead-" + platform + "-clock");
      thread.setDaemon(true);
      return thread;
    });
    alarms.setRemoveOnCancelPolicy(true);
    alarms.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  @Override
  public long now() {
    return System.nanoTime();
  }

  @Override
  public Alarm at(long time, Runnable action) {
    try {
      ScheduledFuture<?> alarm =
          alarms.schedule(action, Math.max(0, time - now()), TimeUnit.NANOSECONDS);
      return () -> alarm.cancel(false);
    } catch (RejectedExecutionException e) {
      // Closed: alarms are dropped.
      return () -> {};
    }
  }

  @Override
  public void close() {
    alarms.shutdownNow();
    try {
      if (!alarms.awaitTermination(ENDING.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException("an alarm takes longer than " + ENDING);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
