package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.operation.OperationId;
import io.fairlead.provider.Closed;
import io.fairlead.provider.Durations;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The threads on which one platform's operations run, those on one name in the order in which they were called. */
final class Workers implements AutoCloseable {
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);
  private static final Pattern CLASS_NAME = Pattern.compile("[\\w$]+(\\.[\\w$]+)+");

  private final String platform;
  private final Executor executor;
  private final @Nullable Threads ownThreads;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private final Map<String, Queue<Task>> waitingByName = new HashMap<>();
  private final Set<Thread> atWork = ConcurrentHashMap.newKeySet();
  private final Set<Run<?>> running = new HashSet<>();
  private volatile boolean closed;

  /**
   * Creates workers without threads, which start with operations.
   *
   * @param platform the id of the platform
   * @param executor runs the operations; null for daemon threads of its own, which end with it
   */
  Workers(String platform, @Nullable Executor executor) {
    this.platform = platform;
    this.ownThreads = executor == null ? new Threads("fairlead-" + platform) : null;
    this.executor = executor == null ? requireNonNull(ownThreads) : executor;
  }

  /** {@return an id that no other run of an operation has} */
  OperationId newId(String verb) {
    UUID unique = UUID.randomUUID();
    long folded = unique.getMostSignificantBits() ^ unique.getLeastSignificantBits();
    return new OperationId(platform, verb + "-" + HexFormat.of().toHexDigits(folded));
  }

  /**
   * Starts an operation, after those before it on the same name.
   *
   * @param name the public name on which operations run one after the other
   * @param title what it does, worded to follow "to"
   * @param work does it, and ends the run
   * @throws ServingException of kind {@code CANCELLED} if the platform is closed
   */
  void start(String name, String title, Run<?> run, Runnable work) {
    Task task = new Task(name, run, work);
    lock.lock();
    try {
      if (closed) {
        throw Closed.refusal(platform, title);
      }
      running.add(run);
      Queue<Task> earlier = waitingByName.get(name);
      if (earlier != null) {
        earlier.add(task);
        return;
      }
      waitingByName.put(name, new ArrayDeque<>());
    } finally {
      lock.unlock();
    }
    dispatch(task);
  }

  /** One operation, and the name on which it runs alone. */
  private record Task(String name, Run<?> run, Runnable work) {}

  private void dispatch(Task task) {
    try {
      executor.execute(() -> perform(task));
    } catch (RuntimeException | Error e) {
      task.run().fail(closed ? Closed.refusal(platform, "resume") : noWorkerThread(e));
      finish(task);
    }
  }

  private ServingException noWorkerThread(Throwable cause) {
    return new ServingException(
        platform,
        ErrorKind.UNAVAILABLE,
        "No worker thread could be started: retry when the load is lower.",
        cause);
  }

  private void perform(Task task) {
    atWork.add(Thread.currentThread());
    try {
      task.work().run();
    } catch (Throwable e) {
      task.run().fail(named(e));
    } finally {
      atWork.remove(Thread.currentThread());
      finish(task);
    }
  }

  /** Starts the next operation on the name, and only then completes this one, whose callers may need the name. */
  private void finish(Task task) {
    Task next;
    lock.lock();
    try {
      running.remove(task.run());
      next = requireNonNull(waitingByName.get(task.name())).poll();
      if (next == null) {
        waitingByName.remove(task.name());
      }
      if (running.isEmpty()) {
        idle.signalAll();
      }
    } finally {
      lock.unlock();
    }
    if (next != null) {
      dispatch(next);
    }
    task.run().logEnd();
    task.run().complete();
  }

  /**
   * {@return the result of a call that runs on a thread of its own, which is interrupted when the limit passes}
   *
   * @param what what is read, as in {@code the status of ask/blue}
   */
  <V> V within(String what, Duration limit, Supplier<V> call) {
    FutureTask<V> task = new FutureTask<>(call::get);
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      throw closed ? Closed.refusal(platform, "read") : noWorkerThread(e);
    }
    try {
      return task.get(Durations.nanos(limit), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new ServingException(
          platform,
          ErrorKind.TIMEOUT,
          "Reading " + what + " from " + platform + " was not done within " + Durations.shown(limit)
              + ": check that the platform can be reached, or allow more time.",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServingException(
          platform, ErrorKind.CANCELLED, "The thread that read " + what + " was interrupted.", e);
    } catch (ExecutionException e) {
      throw asThrown(named(requireNonNull(e.getCause())));
    } finally {
      task.cancel(true);
    }
  }

  /** {@return the failure, in words if a class is missing: an application may leave out what it does not use} */
  private Throwable named(Throwable failure) {
    if (!(failure instanceof NoClassDefFoundError)) {
      return failure;
    }
    String missing = String.valueOf(failure.getMessage()).replace('/', '.');
    // Else it is there, and fails when it is loaded.
    return CLASS_NAME.matcher(missing).matches()
        ? new ServingException(
            platform,
            ErrorKind.UNSUPPORTED,
            "Platform '" + platform + "' needs class " + missing
                + " for this, which is not on the class path: add the artifact that has it, in the"
                + " version that the provider's module asks for.",
            failure)
        : failure;
  }

  /** {@return a failure of another thread, with the line of this one in its stack trace} */
  static RuntimeException asThrown(@Nullable Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof ServingException known) {
      ServingException thrown = known.withMessage(String.valueOf(known.getMessage()), known);
      for (Throwable other : known.getSuppressed()) {
        thrown.addSuppressed(other);
      }
      return thrown;
    }
    return failure instanceof RuntimeException exception
        ? exception
        : new IllegalStateException("it ended without a reason", failure);
  }

  boolean isClosed() {
    return closed;
  }

  /** Stops all operations without a rollback, and waits until their threads have ended, at most ten seconds. */
  @Override
  public void close() {
    List<Run<?>> open;
    lock.lock();
    try {
      closed = true;
      open = List.copyOf(running);
    } finally {
      lock.unlock();
    }
    open.forEach(Run::close);
    if (atWork.contains(Thread.currentThread())) {
      return;
    }
    if (ownThreads != null) {
      ownThreads.close(CLOSE_LIMIT);
    } else {
      awaitIdle();
    }
  }

  private void awaitIdle() {
    lock.lock();
    try {
      long left = CLOSE_LIMIT.toNanos();
      while (!running.isEmpty() && left > 0) {
        left = idle.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }
}
