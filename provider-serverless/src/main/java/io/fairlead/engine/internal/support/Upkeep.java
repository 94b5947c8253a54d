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

/** What an engine does beside its answers, on a daemon thread that is there only while there is something to do. */
public final class Upkeep implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);
  // Models that are closed one after the other are worth one trim.
  private static final Duration BEFORE_TRIM = Duration.ofSeconds(1);
  private static final Duration IDLE = Duration.ofMillis(100);
  private static final Duration STOPPING = Duration.ofSeconds(5);

  private final AtomicReference<@Nullable Thread> thread = new AtomicReference<>();
  private final AtomicReference<@Nullable Future<?>> trim = new AtomicReference<>();
  private final ScheduledThreadPoolExecutor executor;

  public Upkeep(String threadName) {
    executor = new ScheduledThreadPoolExecutor(1, task -> {
      Thread created = new Thread(task, threadName);
      created.setDaemon(true);
      thread.set(created);
      return created;
    });
    executor.setKeepAliveTime(IDLE.toMillis(), TimeUnit.MILLISECONDS);
    executor.allowCoreThreadTimeOut(true);
  }

  /** Has something done soon. */
  public void add(Runnable task) {
    try {
      executor.execute(() -> run(task));
    } catch (RejectedExecutionException e) {
      LOG.debug("Upkeep is over", e);
    }
  }

  /** Has free native memory given back to the system; not if this is closed before. */
  public void trimNativeHeap() {
    try {
      Future<?> before = trim.get();
      if (before == null || before.isDone()) {
        trim.set(executor.schedule(
            () -> run(NativeHeap::trim), BEFORE_TRIM.toNanos(), TimeUnit.NANOSECONDS));
      }
    } catch (RejectedExecutionException e) {
      LOG.debug("Upkeep is over", e);
    }
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
      LOG.warn("Upkeep failed, which only costs time or memory", e);
    }
  }

  /** Waits until all is done, for some seconds. */
  @Override
  public void close() {
    Future<?> later = trim.get();
    if (later != null) {
      later.cancel(false);
    }
    executor.shutdown();
    try {
      Thread last = thread.get();
      if (executor.awaitTermination(STOPPING.toMillis(), TimeUnit.MILLISECONDS) && last != null) {
        last.join(STOPPING.toMillis());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
