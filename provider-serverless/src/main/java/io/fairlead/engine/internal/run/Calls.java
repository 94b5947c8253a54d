package io.fairlead.engine.internal.run;

import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Durations;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The calls in progress of an engine; stops them at their deadlines, and all of them when the engine is closed.
 *
 * <p>One daemon thread watches the deadlines. It is started by the first call with a deadline, and only woken for a
 * deadline that is earlier than its next check, so that a call of microseconds has no cost for a timer.
 *
 * <p>Helpers compute {@linkplain Parts parts} of calls beside their callers. Their threads end when they have been idle
 * for a second.
 */
public final class Calls {
  private static final long NEVER = Long.MAX_VALUE;
  private static final Duration STOPPING = Duration.ofSeconds(5);
  private static final Duration IDLE = Duration.ofSeconds(1);

  private final Failures failures;
  private final String threadName;
  private final long origin = System.nanoTime();
  private final Set<RunningCall> running = ConcurrentHashMap.newKeySet();
  private final AtomicLong nextCheck = new AtomicLong(NEVER);
  private final ThreadPoolExecutor helpers;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();
  private volatile boolean closing;
  private volatile boolean closed;
  private volatile @Nullable Thread watch;

  public Calls(Failures failures, String threadName) {
    this.failures = failures;
    this.threadName = threadName;
    AtomicInteger count = new AtomicInteger();
    this.helpers = new ThreadPoolExecutor(
        0,
        Runtime.getRuntime().availableProcessors(),
        IDLE.toMillis(),
        TimeUnit.MILLISECONDS,
        new SynchronousQueue<>(),
        work -> {
          Thread thread = new Thread(work, threadName + "-helper-" + count.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        });
  }

  /**
   * {@return a call with a timeout from now on, which its caller computes alone; {@link #end} has to follow}
   *
   * @param memoryBytes the limit for the tensors of one run
   */
  public RunningCall begin(String model, Duration timeout, long memoryBytes) {
    return begin(model, timeout, memoryBytes, 1, 1);
  }

  /**
   * {@return a call with a timeout from now on; {@link #end} has to follow}
   *
   * @param memoryBytes the limit for the tensors of one run
   * @param processors the number of runs that there are processors for
   * @param maxRuns the maximum number of its parts that are computed at the same time
   */
  public RunningCall begin(
      String model, Duration timeout, long memoryBytes, int processors, int maxRuns) {
    long deadline = now() + Durations.nanos(timeout);
    return begun(new RunningCall(
        failures, model, timeout, deadline, memoryBytes, this, processors, maxRuns));
  }

  private RunningCall begun(RunningCall call) {
    add(call);
    if (call.deadline() < nextCheck.get()) {
      nextCheck.accumulateAndGet(call.deadline(), Math::min);
      try {
        LockSupport.unpark(watch());
      } catch (Error e) {
        // No memory for the thread, without which there would be no deadline.
        end(call);
        throw e;
      }
    }
    return call;
  }

  /** {@return the number of calls in progress, and of helpers} */
  int size() {
    return running.size();
  }

  /** {@return the end of work for a call on another thread; empty if no processor is free for it, or no thread} */
  Optional<CompletableFuture<Void>> help(RunningCall helped, Consumer<RunningCall> work) {
    if (closing || running.size() >= helped.processors()) {
      return Optional.empty();
    }
    RunningCall own = null;
    try {
      own = begun(helped.part());
      RunningCall call = own;
      CompletableFuture<Void> end = new CompletableFuture<>();
      helpers.execute(() -> {
        try {
          work.accept(call);
        } finally {
          end(call);
          end.complete(null);
        }
      });
      return Optional.of(end);
    } catch (ServingException | RejectedExecutionException | OutOfMemoryError e) {
      // The caller computes all parts itself.
      if (own != null) {
        end(own);
      }
      return Optional.empty();
    }
  }

  /** {@return a call without a timeout; {@link #end} has to follow} */
  public RunningCall begin(String model) {
    RunningCall call = new RunningCall(failures, model, Duration.ZERO, NEVER);
    add(call);
    return call;
  }

  private void add(RunningCall call) {
    running.add(call);
    // After the call is in the set: either this sees the closing or the closing sees the call.
    if (closing) {
      end(call);
      throw failures.closed();
    }
  }

  public void end(RunningCall call) {
    running.remove(call);
    if (closing) {
      lock.lock();
      try {
        ended.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Rejects further calls, waits for those in progress, stops them after the grace period, and ends the thread.
   *
   * <p>A call that cannot be stopped goes on; this returns after a few seconds all the same.
   */
  public void close(Duration grace) {
    closing = true;
    boolean interrupted = false;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      interrupted = awaitEnd(grace, true);
      if (!running.isEmpty()) {
        running.forEach(call -> call.stop(ErrorKind.CANCELLED));
        interrupted |= awaitEnd(STOPPING, false);
      }
      if (!running.isEmpty()) {
        log()
            .warn(
                "{} calls could not be stopped and go on until they end: {}",
                running.size(),
                running.stream().map(RunningCall::model).distinct().sorted().toList());
      }
      closed = true;
    } finally {
      lock.unlock();
    }
    Thread thread = watch;
    if (thread != null) {
      LockSupport.unpark(thread);
      interrupted |= join(thread);
    }
    helpers.shutdown();
    try {
      helpers.awaitTermination(STOPPING.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits until no call is in progress, and returns whether it was interrupted. */
  private boolean awaitEnd(Duration limit, boolean endsAtInterrupt) {
    boolean interrupted = false;
    long end = System.nanoTime() + Durations.nanos(limit);
    for (long left = Durations.nanos(limit);
        !running.isEmpty() && left > 0;
        left = end - System.nanoTime()) {
      try {
        ended.awaitNanos(left);
      } catch (InterruptedException e) {
        interrupted = true;
        if (endsAtInterrupt) {
          break;
        }
      }
    }
    return interrupted;
  }

  private static boolean join(Thread thread) {
    try {
      thread.join(STOPPING.toMillis());
      return false;
    } catch (InterruptedException e) {
      return true;
    }
  }

  private Thread watch() {
    Thread thread = watch;
    if (thread == null) {
      lock.lock();
      try {
        thread = watch;
        if (thread == null) {
          thread = new Thread(this::watchDeadlines, threadName);
          thread.setDaemon(true);
          thread.start();
          watch = thread;
        }
      } finally {
        lock.unlock();
      }
    }
    return thread;
  }

  private void watchDeadlines() {
    while (!closed) {
      long wait = nextCheck.get() - now();
      if (wait > 0) {
        LockSupport.parkNanos(this, wait);
        continue;
      }
      // First reset, then scanned: a call in between is seen below, or sees NEVER and unparks
      // this thread.
      nextCheck.set(NEVER);
      nextCheck.accumulateAndGet(stopExpired(), Math::min);
    }
  }

  private long stopExpired() {
    long next = NEVER;
    long now = now();
    for (RunningCall call : running) {
      if (call.deadline() > now) {
        next = Math.min(next, call.deadline());
      } else {
        stop(call);
      }
    }
    return next;
  }

  private static void stop(RunningCall call) {
    try {
      call.stop(ErrorKind.TIMEOUT);
    } catch (RuntimeException e) {
      log().warn("Model {} could not be stopped at its deadline", call.model(), e);
    }
  }

  private long now() {
    return System.nanoTime() - origin;
  }

  /** Looked up lazily: a logger is a good part of the cost of opening an engine. */
  private static Logger log() {
    return LoggerFactory.getLogger(Calls.class);
  }
}
