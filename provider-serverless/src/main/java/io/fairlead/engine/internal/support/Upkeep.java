package io.fairlead.engine.internal.support;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The background tasks of an engine, on a daemon thread that ends when there are none. */
public final class Upkeep implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);
  // One trim for models that are closed in short succession.
  private static final Duration BEFORE_TRIM = Duration.ofSeconds(1);
  private static final Duration IDLE = Duration.ofMillis(100);
  private static final Duration STOPPING = Duration.ofSeconds(5);

  private final AtomicReference<@Nullable Thread> thread = new AtomicReference<>();
  private final AtomicReference<@Nullable Future<?>> trim = new AtomicReference<>();
  private final Runnable trimming;
  private final ScheduledThreadPoolExecutor executor;

  public Upkeep(String threadName) {
    this(threadName, NativeHeap::trim);
  }

  Upkeep(String threadName, Runnable trimming) {
    this.trimming = trimming;
    executor = new ScheduledThreadPoolExecutor(1, task -> {
      Thread created = new Thread(task, threadName);
      created.setDaemon(true);
      thread.set(created);
      return created;
    });
    executor.setKeepAliveTime(IDLE.toMillis(), TimeUnit.MILLISECONDS);
    executor.allowCoreThreadTimeOut(true);
  }

  /** Runs a task in the background. */
  public void add(Runnable task) {
    try {
      executor.execute(() -> run(task));
    } catch (RejectedExecutionException e) {
      LOG.debug("The background tasks have been closed", e);
    }
  }

  /** Schedules the return of free native memory to the system, in a second or when this is closed. */
  public void trimNativeHeap() {
    try {
      Future<?> before = trim.get();
      if (before == null || before.isDone()) {
        trim.set(
            executor.schedule(() -> run(trimming), BEFORE_TRIM.toNanos(), TimeUnit.NANOSECONDS));
      }
    } catch (RejectedExecutionException e) {
      LOG.debug("The background tasks have been closed", e);
    }
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
      LOG.warn("A background task failed, which costs time or memory only", e);
    }
  }

  /** Waits a few seconds for the tasks to end, and returns the memory that is still to be returned. */
  @Override
  public void close() {
    Future<?> later = trim.get();
    boolean isDue = later != null && later.cancel(false);
    executor.shutdown();
    try {
      Thread last = thread.get();
      if (executor.awaitTermination(STOPPING.toMillis(), TimeUnit.MILLISECONDS) && last != null) {
        last.join(STOPPING.toMillis());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (isDue) {
      run(trimming);
    }
  }
}
