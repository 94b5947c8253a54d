package io.fairlead.reconcile;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A pool of daemon threads, one for each task, that end when idle and are awaited on close. */
final class Threads implements Executor {
  private final Set<Thread> alive = ConcurrentHashMap.newKeySet();
  private final AtomicInteger number = new AtomicInteger();
  private final String name;
  private final ThreadPoolExecutor pool;

  Threads(String name) {
    this.name = name;
    this.pool = new ThreadPoolExecutor(
        0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), this::newThread);
  }

  private Thread newThread(Runnable work) {
    alive.removeIf(thread -> thread.getState() == Thread.State.TERMINATED);
    Thread thread = new Thread(work, name + "-" + number.incrementAndGet());
    thread.setDaemon(true);
    alive.add(thread);
    return thread;
  }

  @Override
  public void execute(Runnable task) {
    pool.execute(task);
  }

  /** Waits for the tasks for half of the limit, interrupts them, and waits for the other half. */
  void close(Duration limit) {
    pool.shutdown();
    long half = limit.toMillis() / 2;
    try {
      if (!pool.awaitTermination(half, TimeUnit.MILLISECONDS)) {
        pool.shutdownNow();
        pool.awaitTermination(half, TimeUnit.MILLISECONDS);
      }
      // The threads of a terminated pool may still be alive for a moment.
      for (Thread thread : alive) {
        if (pool.isTerminated() && thread != Thread.currentThread()) {
          thread.join(half);
        }
      }
    } catch (InterruptedException e) {
      pool.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
