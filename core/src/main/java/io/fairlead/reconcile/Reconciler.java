package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Problems;
import io.fairlead.operation.Operation;
import io.fairlead.operation.OperationId;
import io.fairlead.provider.Closed;
import io.fairlead.provider.Durations;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.provider.TimeSource;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Walks a platform's resources to where they should be: the only loop of this library that waits, retries, resumes and
 * undoes.
 *
 * <p>For each resource, in order: absent, so it is created; different, so it is updated; on its way, so it is waited
 * for; ready, so the next. On an answer that was lost, a conflict, a throttle: read again and decide. On a failure: undo
 * in reverse order what this run made, never what was there before, and say why. All state is on the platform, under
 * names that can be computed again, so a run that died is resumed by running the same again, from any machine.
 *
 * <p>Operations on one name run one after the other. Safe for concurrent use.
 */
public final class Reconciler implements AutoCloseable {
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

  private final String platform;
  private final List<ResourceKind<?>> kinds;
  private final TimeSource time;
  private final Polling polling;
  private final RetryPolicy retry;
  private final Duration limit;
  private final RandomGenerator random;
  private final Executor executor;
  private final @Nullable Threads ownThreads;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private final Map<String, Queue<Task>> waitingByName = new HashMap<>();
  private final Set<Thread> workers = ConcurrentHashMap.newKeySet();
  private final Set<Run<?>> running = new HashSet<>();
  private volatile boolean closed;

  private Reconciler(Builder builder) {
    this.platform = builder.platform;
    this.kinds = builder.kinds;
    this.time = builder.time;
    this.polling = builder.polling;
    this.retry = builder.retry;
    this.limit = builder.limit;
    this.random = builder.random;
    this.ownThreads = builder.executor == null ? new Threads("fairlead-" + platform) : null;
    this.executor = builder.executor == null ? requireNonNull(ownThreads) : builder.executor;
  }

  /**
   * Begins a reconciler.
   *
   * @param platform the id of the platform
   * @param kinds all kinds of resources that it has, each after those that it uses
   */
  public static Builder builder(String platform, List<ResourceKind<?>> kinds) {
    return new Builder(platform, kinds);
  }

  /** The parts of a reconciler. */
  public static final class Builder {
    private final String platform;
    private final List<ResourceKind<?>> kinds;
    private TimeSource time = TimeSource.system();
    private Polling polling = Polling.DEFAULT;
    private RetryPolicy retry = RetryPolicy.DEFAULT;
    private Duration limit = Duration.ofHours(1);
    private RandomGenerator random = new Random();
    private @Nullable Executor executor;

    private Builder(String platform, List<ResourceKind<?>> kinds) {
      this.platform = requireNonNull(platform, "platform");
      this.kinds = List.copyOf(kinds);
    }

    /** Sets where time comes from; by default this machine's clocks. */
    public Builder time(TimeSource newTime) {
      this.time = requireNonNull(newTime, "time");
      return this;
    }

    /** Sets how often something is asked whether it is ready. */
    public Builder polling(Polling newPolling) {
      this.polling = requireNonNull(newPolling, "polling");
      return this;
    }

    /** Sets how often a call is tried again. */
    public Builder retry(RetryPolicy newRetry) {
      this.retry = requireNonNull(newRetry, "retry");
      return this;
    }

    /** Sets the longest time that one operation works, and then again the longest that it undoes; by default an hour. */
    public Builder limit(Duration newLimit) {
      Problems.in("Reconciler")
          .check(newLimit.compareTo(Duration.ZERO) > 0, "limit", "must be more than 0", newLimit)
          .throwIfAny();
      this.limit = Durations.atMost(Durations.LONGEST, newLimit);
      return this;
    }

    /** Sets where randomness comes from; it has to be safe for concurrent use. */
    public Builder random(RandomGenerator newRandom) {
      this.random = requireNonNull(newRandom, "random");
      return this;
    }

    /** Sets what runs operations; by default daemon threads of the reconciler's own, which end with it. */
    public Builder executor(Executor newExecutor) {
      this.executor = requireNonNull(newExecutor, "executor");
      return this;
    }

    public Reconciler build() {
      return new Reconciler(this);
    }
  }

  /**
   * Begins an operation.
   *
   * @throws ServingException of kind {@code CANCELLED} if the platform is closed
   */
  public <R> Operation<R> run(Walk<R> walk) {
    Run<R> run = new Run<>(newId(walk.verb()), walk.title(), time);
    Task task = new Task(walk.deployment(), run, () -> work(walk, run));
    lock.lock();
    try {
      if (closed) {
        throw closedBefore(walk.title());
      }
      running.add(run);
      Queue<Task> earlier = waitingByName.get(walk.deployment());
      if (earlier != null) {
        earlier.add(task);
        return run;
      }
      waitingByName.put(walk.deployment(), new ArrayDeque<>());
    } finally {
      lock.unlock();
    }
    dispatch(task);
    return run;
  }

  /** One operation, and the name that it has to itself while it works. */
  private record Task(String deployment, Run<?> run, Runnable work) {}

  private void dispatch(Task task) {
    try {
      executor.execute(() -> perform(task));
    } catch (RuntimeException | Error e) {
      task.run().fail(isClosed() ? closedBefore("go on") : noThread(e));
      finish(task);
    }
  }

  private ServingException noThread(Throwable cause) {
    return new ServingException(
        platform,
        ErrorKind.UNAVAILABLE,
        "No thread could be had to work on it: try again when there is less to do.",
        cause);
  }

  private void perform(Task task) {
    workers.add(Thread.currentThread());
    try {
      task.work().run();
    } catch (Throwable e) {
      task.run().fail(e);
    } finally {
      workers.remove(Thread.currentThread());
      finish(task);
    }
  }

  /** Gives the name to the next, and only then tells those who wait, because they may want it. */
  private void finish(Task task) {
    Task next;
    lock.lock();
    try {
      running.remove(task.run());
      next = requireNonNull(waitingByName.get(task.deployment())).poll();
      if (next == null) {
        waitingByName.remove(task.deployment());
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
    task.run().complete();
  }

  private ServingException closedBefore(String what) {
    return Closed.refusal(platform, what);
  }

  private <R> void work(Walk<R> walk, Run<R> run) {
    String title = walk.title() + " on " + platform;
    if (!run.begin(title)) {
      return;
    }
    Convergence<R> convergence = new Convergence<>(this, walk, run);
    try {
      run.checkStop();
      convergence.walk();
      if (!run.succeed(convergence.result(), title + " is done")) {
        stopped(walk, run, convergence, Run.Stop.CANCELLED);
      }
    } catch (Run.Stopped e) {
      stopped(walk, run, convergence, e.stop);
    } catch (Convergence.DeadlinePassed e) {
      run.fail(
          new ServingException(
              platform,
              ErrorKind.TIMEOUT,
              title + " was not done within " + limit + " (last: "
                  + run.status().detail()
                  + "). What was begun goes on there: run the same again to resume it, or undeploy to remove it."));
    } catch (Convergence.Failure e) {
      failed(walk, run, convergence, e.resource, e.why);
    } catch (RuntimeException e) {
      failed(
          walk,
          run,
          convergence,
          walk.subject(),
          new ServingException(platform, ErrorKind.UNKNOWN, "an unexpected " + e, e));
    }
    // An Error is left to end the run without undoing: the process is as good as dead, and what was
    // made is found again
    // by running the same again.
  }

  private void stopped(Walk<?> walk, Run<?> run, Convergence<?> convergence, Run.Stop stop) {
    String title = walk.title() + " on " + platform;
    if (stop == Run.Stop.CLOSED) {
      run.fail(new ServingException(
          platform,
          ErrorKind.CANCELLED,
          title
              + " stopped because the platform was closed, or its thread interrupted. What was begun goes on there: run the same again to resume "
              + "it, or undeploy to remove it."));
    } else {
      undoAndFail(walk, run, convergence, ErrorKind.CANCELLED, title + " was cancelled.", null);
    }
  }

  private void failed(
      Walk<?> walk, Run<?> run, Convergence<?> convergence, String resource, ServingException why) {
    if (run.isClosed()) {
      stopped(walk, run, convergence, Run.Stop.CLOSED);
      return;
    }
    String at = resource.equals(walk.subject()) ? "" : " at " + resource;
    String reason = String.valueOf(why.getMessage());
    undoAndFail(
        walk,
        run,
        convergence,
        why.kind(),
        walk.title() + " on " + platform + " failed" + at + ": " + withoutFullStop(reason) + "."
            + wayOut(why.kind()),
        why);
  }

  private void undoAndFail(
      Walk<?> walk,
      Run<?> run,
      Convergence<?> convergence,
      ErrorKind kind,
      String message,
      @Nullable ServingException why) {
    String end;
    List<Throwable> problems = new ArrayList<>();
    try {
      run.undoing(message);
      Convergence.Undone undone = convergence.undo();
      problems.addAll(undone.problems());
      end = (undone.takenBack().isEmpty()
              ? ""
              : " Taken back: " + String.join(", ", undone.takenBack()) + ".")
          + (undone.left().isEmpty()
              ? (convergence.isRemoval()
                  ? " Run it again to go on."
                  : " Nothing of this run is left.")
              : " Left behind: " + String.join(", ", undone.left()) + "; undeploy " + walk.subject()
                  + " removes it once the platform allows.");
    } catch (Run.Stopped e) {
      end = " The platform was closed before all was taken back: undeploy " + walk.subject()
          + " removes the rest.";
    } catch (RuntimeException e) {
      problems.add(e);
      end = " Taking it back failed too: undeploy " + walk.subject() + " removes the rest.";
    }
    ServingException.Builder failure =
        ServingException.builder(platform, kind, message + end).cause(why);
    if (why != null) {
      failure
          .retryable(why.retryable())
          .retryAfter(why.retryAfter().orElse(null))
          .requestId(why.requestId().orElse(null));
    }
    ServingException exception = failure.build();
    problems.stream().filter(problem -> problem != why).forEach(exception::addSuppressed);
    run.fail(exception);
  }

  /** What to do about a kind of failure, where the platform's own words may not say it. */
  private static String wayOut(ErrorKind kind) {
    return switch (kind) {
      case UNAUTHORIZED -> " Check the credentials and what they allow, then run it again.";
      case QUOTA ->
        " Ask for more quota, or take another instance type or region, then run it again.";
      case THROTTLED, UNAVAILABLE, TIMEOUT -> " Run it again when the platform answers.";
      case MODEL_FAILED -> " Look at the container's log, mend it, and run it again.";
      default -> "";
    };
  }

  private static String withoutFullStop(String text) {
    return text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
  }

  /** Plans a walk on what a preview has planned already, by reading only, and ends its run with what it would return. */
  <R> void preview(Walk<R> walk, Preview earlier, Run<R> run) {
    Convergence<R> convergence = new Convergence<>(this, walk, run);
    try {
      earlier.add(convergence.preview(earlier));
      run.succeed(convergence.result(), walk.title() + " was planned");
    } catch (Run.Stopped e) {
      throw new ServingException(platform, ErrorKind.CANCELLED, "The preview was interrupted.", e);
    } catch (Convergence.Failure e) {
      run.fail(e.why);
    }
  }

  /** Lists what is ours; one call to each kind's list. */
  Inventory inventory() {
    List<Listed> all = new ArrayList<>();
    kinds.forEach(kind -> all.addAll(kind.list()));
    return new Inventory(all);
  }

  /** {@return what a call reads, tried again as the policy says} */
  <V> V reading(Supplier<V> call) {
    int failures = 0;
    while (true) {
      try {
        return call.get();
      } catch (ServingException e) {
        if (!e.retryable() || ++failures >= retry.attempts()) {
          throw e;
        }
        pauseAfter(failures, e);
      }
    }
  }

  private void pauseAfter(int failures, ServingException e) {
    Duration pause = retry.pauseAfter(failures, random);
    Duration asked = e.retryAfter().orElse(Duration.ZERO);
    try {
      time.pause(asked.compareTo(pause) > 0 ? asked : pause);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new ServingException(
          platform, ErrorKind.CANCELLED, "The thread that read was interrupted.", interrupted);
    }
  }

  List<ResourceKind<?>> kinds() {
    return kinds;
  }

  String platform() {
    return platform;
  }

  TimeSource time() {
    return time;
  }

  Polling polling() {
    return polling;
  }

  RetryPolicy retry() {
    return retry;
  }

  Duration limit() {
    return limit;
  }

  RandomGenerator random() {
    return random;
  }

  boolean isClosed() {
    return closed;
  }

  /**
   * Stops all operations where they are, without undoing, and waits until their threads have ended, at most ten seconds.
   */
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
    if (workers.contains(Thread.currentThread())) {
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

  private OperationId newId(String verb) {
    UUID unique = UUID.randomUUID();
    long folded = unique.getMostSignificantBits() ^ unique.getLeastSignificantBits();
    return new OperationId(platform, verb + "-" + HexFormat.of().toHexDigits(folded));
  }
}
