package io.fairlead.stateful.internal;

import io.fairlead.stateful.StatefulProvider;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads on which models are asked without a request that waits for it. They do so only while a model is idle: a
 * request waits for them only if it asks the same.
 */
final class SpareCalls implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SpareCalls.class);
  private static final int MOST_WAITING = 64;

  private final int most;
  private final ThreadPoolExecutor threads;
  private final AtomicInteger unfinished = new AtomicInteger();

  /**
   * Creates the threads, which start when they are needed.
   *
   * @param most the number of calls of one model at a time up to which it is idle
   */
  SpareCalls(int most) {
    this.most = most;
    AtomicInteger number = new AtomicInteger();
    int count = Math.max(1, most);
    this.threads = new ThreadPoolExecutor(
        count, count, 1, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MOST_WAITING), work -> {
          Thread thread = new Thread(
              work, "fairlead-" + StatefulProvider.ID + "-spare-" + number.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        });
    threads.allowCoreThreadTimeOut(true);
  }

  /**
   * Runs an action as one call of a model, if that is idle when its turn comes.
   *
   * @param calls the calls of the model that are in progress
   * @param action what it throws is logged
   * @param instead runs if the action does not
   */
  void offer(CallsInProgress calls, Runnable action, Runnable instead) {
    if (most == 0) {
      instead.run();
      return;
    }
    unfinished.incrementAndGet();
    try {
      threads.execute(() -> {
        try {
          run(calls, action, instead);
        } finally {
          unfinished.decrementAndGet();
        }
      });
    } catch (RejectedExecutionException e) {
      unfinished.decrementAndGet();
      instead.run();
    }
  }

  private void run(CallsInProgress calls, Runnable action, Runnable instead) {
    if (!calls.tryBegin(most)) {
      instead.run();
      return;
    }
    try {
      action.run();
    } catch (RuntimeException e) {
      log.debug("A call of a model ahead of requests failed", e);
      instead.run();
    } finally {
      calls.end();
    }
  }

  /** {@return whether nothing is asked, and nothing waits to be} */
  boolean isIdle() {
    return unfinished.get() == 0;
  }

  @Override
  public void close() {
    threads.shutdownNow();
    try {
      if (!threads.awaitTermination(10, TimeUnit.SECONDS)) {
        log.warn("A model that was asked ahead of requests has not answered");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
