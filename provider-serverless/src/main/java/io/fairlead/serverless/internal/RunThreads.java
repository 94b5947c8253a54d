package io.fairlead.serverless.internal;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A cached thread pool for invocations, with a faster hand-over than the JDK's.
 *
 * <p>In the JDK's, a caller that invokes again as soon as it has its response comes before the thread is idle again,
 * and a parked thread takes long to wake: two callers of a model of one millisecond get two thirds of the throughput
 * that they have on their own threads, and nearly all of it here. A thread is therefore idle before it completes the
 * future of its run, and spins for a twentieth of the time of the run, at most 20 microseconds, before it parks.
 */
final class RunThreads implements Executor {
  private static final long MAX_SPIN_NANOS = 20_000;
  private static final int SPIN_FRACTION = 20;

  private final ThreadFactory factory;
  private final long keepAlive;
  private final boolean spins = Runtime.getRuntime().availableProcessors() > 1;
  private final Set<Thread> all = ConcurrentHashMap.newKeySet();
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock. Last in, first out.
  private final Deque<Worker> idle = new ArrayDeque<>();
  private boolean closed;

  /**
   * Creates a pool without threads.
   *
   * @param keepAlive the time after which an idle thread ends
   */
  RunThreads(ThreadFactory factory, Duration keepAlive) {
    this.factory = factory;
    this.keepAlive = keepAlive.toNanos();
  }

  @Override
  public void execute(Runnable task) {
    executeThenComplete(() -> {
      task.run();
      return RunThreads::nothing;
    });
  }

  private static void nothing() {}

  /**
   * Runs a task on a thread of this pool.
   *
   * @param task the task; it returns a short action that is run when the thread is idle again
   * @throws RejectedExecutionException if this is closed
   */
  void executeThenComplete(Supplier<Runnable> task) {
    Worker worker;
    lock.lock();
    try {
      if (closed) {
        throw new RejectedExecutionException("the platform is closed");
      }
      worker = idle.pollFirst();
    } finally {
      lock.unlock();
    }
    if (worker == null) {
      new Worker(task).start();
    } else {
      worker.give(task);
    }
  }

  /** {@return the number of threads} */
  int size() {
    return all.size();
  }

  /**
   * Rejects further tasks, waits for running ones, and interrupts those that have not ended in time.
   *
   * @param limit the time to wait
   * @return whether all threads have ended
   */
  boolean close(Duration limit) {
    List<Worker> sleeping;
    lock.lock();
    try {
      closed = true;
      sleeping = List.copyOf(idle);
      idle.clear();
    } finally {
      lock.unlock();
    }
    sleeping.forEach(Worker::end);
    long end = System.nanoTime() + limit.toNanos();
    try {
      for (Thread thread : all) {
        if (thread != Thread.currentThread()) {
          TimeUnit.NANOSECONDS.timedJoin(thread, Math.max(1, end - System.nanoTime()));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    all.removeIf(thread -> !thread.isAlive());
    boolean ended = all.isEmpty();
    all.forEach(Thread::interrupt);
    return ended;
  }

  /** One thread. */
  private final class Worker implements Runnable {
    private final Thread thread;
    private volatile @Nullable Supplier<Runnable> next;
    private volatile boolean ending;

    Worker(Supplier<Runnable> first) {
      this.next = first;
      this.thread = factory.newThread(this);
    }

    void start() {
      all.add(thread);
      try {
        thread.start();
      } catch (Throwable e) {
        all.remove(thread);
        throw e;
      }
    }

    void give(Supplier<Runnable> task) {
      next = task;
      LockSupport.unpark(thread);
    }

    /** Ends an idle thread. */
    void end() {
      ending = true;
      LockSupport.unpark(thread);
    }

    @Override
    public void run() {
      try {
        Supplier<Runnable> task = next;
        while (task != null) {
          next = null;
          long begin = System.nanoTime();
          Runnable completion = task.get();
          long took = System.nanoTime() - begin;
          boolean stays = becomeIdle();
          completion.run();
          task = stays ? await(took) : null;
        }
      } finally {
        removeUnlessClosed();
      }
    }

    /** Removes the thread from the set; during a close it stays there to be joined. */
    private void removeUnlessClosed() {
      lock.lock();
      try {
        if (!closed) {
          all.remove(thread);
        }
      } finally {
        lock.unlock();
      }
    }

    private boolean becomeIdle() {
      lock.lock();
      try {
        if (!closed) {
          idle.addFirst(this);
        }
        return !closed;
      } finally {
        lock.unlock();
      }
    }

    /** The next task; null after the keep-alive, or when the pool is closed. */
    private @Nullable Supplier<Runnable> await(long took) {
      long begin = System.nanoTime();
      long spinning = spins ? Math.min(MAX_SPIN_NANOS, took / SPIN_FRACTION) : 0;
      while (next == null && !ending) {
        long waited = System.nanoTime() - begin;
        if (waited < spinning) {
          Thread.onSpinWait();
        } else if (waited < keepAlive) {
          LockSupport.parkNanos(this, keepAlive - waited);
          // Clears an interrupt that arrived after the run it was meant for.
          Thread.interrupted();
        } else if (leave()) {
          return null;
        } else {
          // Another thread has taken this one from the idle queue and is about to give it a task.
          Thread.onSpinWait();
        }
      }
      return next;
    }

    private boolean leave() {
      lock.lock();
      try {
        return idle.remove(this);
      } finally {
        lock.unlock();
      }
    }
  }
}
