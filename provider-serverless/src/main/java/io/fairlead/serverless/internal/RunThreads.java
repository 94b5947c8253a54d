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
 * The threads that invocations run on: as many as there are runs, kept for a while when there are fewer.
 *
 * <p>It does what a cached thread pool does, and hands a run over faster. There, a caller that asks again as soon as it is
 * answered comes before the thread is idle again, and a thread that sleeps takes long to wake: two callers of a model of
 * one millisecond get two thirds of what they get on their own threads, and nearly all of it here. A thread is therefore
 * idle before it tells of the end of its run, and looks for the next one for a little while before it sleeps, a twentieth
 * of the time that the run took and 20 microseconds at most.
 */
final class RunThreads implements Executor {
  private static final long MOST_SPINNING = 20_000;
  private static final int PART_FOR_SPINNING = 20;

  private final ThreadFactory factory;
  private final long keepAlive;
  private final boolean spins = Runtime.getRuntime().availableProcessors() > 1;
  private final Set<Thread> all = ConcurrentHashMap.newKeySet();
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock. Whoever was busy last is the first to be busy again.
  private final Deque<Worker> idle = new ArrayDeque<>();
  private boolean closed;

  /**
   * Makes it without threads.
   *
   * @param keepAlive how long an idle thread stays
   */
  RunThreads(ThreadFactory factory, Duration keepAlive) {
    this.factory = factory;
    this.keepAlive = keepAlive.toNanos();
  }

  @Override
  public void execute(Runnable task) {
    executeAndTell(() -> {
      task.run();
      return RunThreads::nothing;
    });
  }

  private static void nothing() {}

  /**
   * Runs something on a thread of its own.
   *
   * @param task gives what tells of its end, which is short
   * @throws RejectedExecutionException if this is closed
   */
  void executeAndTell(Supplier<Runnable> task) {
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

  /** {@return how many threads there are} */
  int size() {
    return all.size();
  }

  /**
   * Takes nothing any more, waits for what runs, and interrupts what has not ended within a time.
   *
   * @param limit the time
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

    /** Ends it, which is idle. */
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
          Runnable telling = task.get();
          long took = System.nanoTime() - begin;
          boolean stays = isIdleNow();
          telling.run();
          task = stays ? await(took) : null;
        }
      } finally {
        forgetUnlessClosed();
      }
    }

    /** Whoever closes waits for the thread itself, which is there a moment longer. */
    private void forgetUnlessClosed() {
      lock.lock();
      try {
        if (!closed) {
          all.remove(thread);
        }
      } finally {
        lock.unlock();
      }
    }

    private boolean isIdleNow() {
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

    /** The next task; nothing if there was none for long enough, or it has to end. */
    private @Nullable Supplier<Runnable> await(long took) {
      long begin = System.nanoTime();
      long spinning = spins ? Math.min(MOST_SPINNING, took / PART_FOR_SPINNING) : 0;
      while (next == null && !ending) {
        long waited = System.nanoTime() - begin;
        if (waited < spinning) {
          Thread.onSpinWait();
        } else if (waited < keepAlive) {
          LockSupport.parkNanos(this, keepAlive - waited);
          // An interrupt that came too late for the run that it was meant for.
          Thread.interrupted();
        } else if (leave()) {
          return null;
        } else {
          // It has been chosen; the task is on its way.
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
