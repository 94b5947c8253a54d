package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.operation.Operation;
import io.fairlead.provider.Closed;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.Durations;
import io.fairlead.provider.TimeSource;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Operations that are made of other platforms' operations, for a platform that wraps others.
 *
 * <p>They are started, queued by name, observed, cancelled, limited and closed as a {@link Reconciler}'s are; the
 * events of their steps are theirs, and what a step did is undone, in reverse order, if a later one fails or the
 * operation is cancelled. Safe for concurrent use.
 */
public final class CompositeOperations implements AutoCloseable {
  /** What says that the platform did not answer, and may soon. */
  private static final Set<ErrorKind> UNANSWERED =
      EnumSet.of(ErrorKind.UNAVAILABLE, ErrorKind.THROTTLED, ErrorKind.TIMEOUT);

  /** What does not pass by itself; credentials that have expired may be renewed. */
  private static final Set<ErrorKind> FOR_GOOD = EnumSet.of(
      ErrorKind.CANCELLED,
      ErrorKind.CONFLICT,
      ErrorKind.INVALID,
      ErrorKind.NOT_FOUND,
      ErrorKind.UNSUPPORTED);

  private static final Duration BETWEEN_TRIES = Duration.ofSeconds(10);

  private final String platform;
  private final TimeSource time;
  private final Duration limit;
  private final Workers workers;

  /**
   * Creates a place for the operations of one platform, without threads, which start with operations.
   *
   * @param platform the id of the platform that wraps others
   * @param time the time source
   * @param limit the limit on one operation, and again on its rollback
   */
  public CompositeOperations(String platform, TimeSource time, Duration limit) {
    this.platform = requireNonNull(platform, "platform");
    this.time = requireNonNull(time, "time");
    this.limit = Durations.atMost(Durations.LONGEST, limit);
    this.workers = new Workers(platform, null);
  }

  /**
   * The work of an operation, on a thread of the platform.
   *
   * @param <R> the type of its result
   */
  @FunctionalInterface
  public interface Work<R> {
    /** {@return the operation's result} */
    R run(Steps steps);
  }

  /**
   * Starts an operation, after those before it on the same name.
   *
   * @param verb what it does, such as {@code deploy}
   * @param name the public name at which it does it
   * @param work does it, and throws {@link ServingException}
   * @throws ServingException of kind {@code CANCELLED} if the platform is closed
   */
  public <R> Operation<R> run(String verb, String name, Work<R> work) {
    return run(verb, name, name, work);
  }

  /** Starts an operation on a part of what has a public name, after those before it on the same name. */
  <R> Operation<R> run(String verb, String subject, String name, Work<R> work) {
    String title = verb + " " + subject;
    Run<R> run = new Run<>(workers.newId(verb.replace(' ', '-')), title, time, List.of());
    workers.start(name, title, run, () -> work(title, name, run, work));
    return run;
  }

  private <R> void work(String title, String name, Run<R> run, Work<R> work) {
    String where = title + " on " + platform;
    if (!run.begin(where)) {
      return;
    }
    Steps steps = new Steps(run, name);
    boolean succeeded = false;
    try {
      steps.checkStop();
      R result = work.run(steps);
      succeeded = run.succeed(result, where + " is done");
      if (!succeeded) {
        rollBackAndFail(where, run, steps, stopped(null));
      }
    } catch (ServingException e) {
      // The interrupt that ended a step is not meant for what follows.
      boolean wasInterrupted = Thread.interrupted();
      if (run.isClosed() || (wasInterrupted && !run.isCancelled())) {
        run.fail(new ServingException(
            platform,
            ErrorKind.CANCELLED,
            where
                + " stopped because the platform was closed, or its thread interrupted. What was started goes on: "
                + "run the same operation again to resume it, or undeploy to remove it."));
      } else if (steps.deadline.hasPassed()) {
        run.fail(new ServingException(
            platform,
            ErrorKind.TIMEOUT,
            where + " was not done within " + Durations.shown(limit) + " (last: "
                + run.status().detail()
                + "). Run the same operation again to resume it, or undeploy to remove it.",
            e));
      } else {
        rollBackAndFail(where, run, steps, e);
      }
    } catch (RuntimeException e) {
      if (run.isClosed()) {
        run.fail(Closed.refusal(platform, "resume " + title));
        return;
      }
      rollBackAndFail(
          where,
          run,
          steps,
          new ServingException(platform, ErrorKind.UNKNOWN, "an unexpected " + e, e));
    } finally {
      if (!succeeded) {
        steps.whenFailed.forEach(Runnable::run);
      }
    }
  }

  private void rollBackAndFail(String where, Run<?> run, Steps steps, ServingException why) {
    boolean cancelled = run.isCancelled();
    String reason = withFullStop(String.valueOf(why.getMessage()));
    String message = where + (cancelled ? " was cancelled: " : " failed: ") + reason;
    run.rollingBack(message);
    List<Throwable> problems = new ArrayList<>();
    String end = steps.undo(problems);
    ServingException exception = ServingException.builder(
            platform, cancelled ? ErrorKind.CANCELLED : why.kind(), message + end)
        .cause(why)
        .retryable(!cancelled && why.retryable())
        .retryAfter(why.retryAfter().orElse(null))
        .requestId(why.requestId().orElse(null))
        .variant(why.variant().orElse(null))
        .build();
    problems.forEach(exception::addSuppressed);
    run.fail(exception);
  }

  private ServingException stopped(@Nullable Throwable cause) {
    return ServingException.builder(
            platform, ErrorKind.CANCELLED, "it was stopped between two steps.")
        .cause(cause)
        .build();
  }

  private static String withFullStop(String text) {
    return text.endsWith(".") ? text : text + ".";
  }

  /** What the work of an operation does with it: it reports, waits for steps, and says how they are undone. */
  public final class Steps {
    private final Run<?> run;
    private final String name;
    private final Deque<Undo> undos = new ArrayDeque<>();
    private final List<Runnable> whenFailed = new ArrayList<>();
    private Deadline deadline = Deadline.after(limit, time);

    private Steps(Run<?> run, String name) {
      this.run = run;
      this.name = name;
    }

    /** How a step is undone, for how long that is tried, and what to do then. */
    private record Undo(
        String what,
        Supplier<? extends Operation<?>> operation,
        Duration patience,
        Function<? super RuntimeException, String> wayOut) {}

    /** Reports an event. */
    public void report(String message) {
      run.report(0, 0, "", message);
    }

    /**
     * Reports an event about one resource.
     *
     * @param resource its kind and name
     */
    public void report(String resource, String message) {
      run.report(0, 0, resource, message);
    }

    /**
     * {@return the result of another platform's operation, whose events become this one's}
     *
     * <p>If this operation is cancelled, so is that one.
     *
     * @param operation starts it
     * @throws ServingException if it fails, if this operation is cancelled or the platform closed, or if the limit
     *     passes
     */
    public <T> T await(Supplier<Operation<T>> operation) {
      checkStop();
      return awaitStep(operation.get());
    }

    /** {@return the result of an operation that has to end within a limit, and is cancelled if it does not} */
    <T> T await(Supplier<Operation<T>> operation, Duration limit) {
      checkStop();
      Operation<T> step = operation.get();
      try {
        return awaitStep(step, Durations.atMost(limit, deadline.left()));
      } finally {
        step.cancel();
      }
    }

    private <T> T awaitStep(Operation<T> step) {
      return awaitStep(step, deadline.left());
    }

    private <T> T awaitStep(Operation<T> step, Duration limit) {
      step.onProgress(
          event -> run.report(event.step(), event.steps(), event.resource(), event.message()));
      Thread worker = Thread.currentThread();
      run.whenStopped(why -> {
        if (why == RunEnded.Why.CANCELLED) {
          step.cancel();
        } else {
          worker.interrupt();
        }
      });
      try {
        return step.await(limit);
      } finally {
        run.whenStopped(null);
      }
    }

    /** {@return the result of a call that is interrupted if the operation has to stop, and leaves no interrupt behind} */
    <T> T interruptibly(Supplier<T> call) {
      checkStop();
      Thread worker = Thread.currentThread();
      run.whenStopped(why -> worker.interrupt());
      try {
        return call.get();
      } finally {
        run.whenStopped(null);
        if (!run.isClosed()) {
          boolean unused = Thread.interrupted();
        }
      }
    }

    /** Forgets how what was done is undone. */
    void forgetUndos() {
      undos.clear();
    }

    /**
     * Adds how what was done is undone, should a later step fail or the operation be cancelled.
     *
     * @param what what is undone then, such as {@code variant bert/green}
     * @param operation starts the operation that undoes it
     */
    public void undoBy(String what, Supplier<? extends Operation<?>> operation) {
      undoBy(what, operation, Duration.ZERO, e -> "undeploy " + name + " removes the rest");
    }

    /**
     * Adds how what was done is undone, as {@link #undoBy(String, Supplier)} does.
     *
     * @param patience for how long it is tried again after failures that may pass
     * @param wayOut what the caller can do if it fails, such as {@code undeploy bert removes the rest}
     */
    void undoBy(
        String what,
        Supplier<? extends Operation<?>> operation,
        Duration patience,
        Function<? super RuntimeException, String> wayOut) {
      undos.push(new Undo(what, operation, patience, wayOut));
    }

    /**
     * Adds what is done if the operation fails, after its steps were undone if they are, and before anybody knows.
     *
     * @param action must not throw
     */
    public void whenFailed(Runnable action) {
      whenFailed.add(action);
    }

    /**
     * Waits.
     *
     * @throws ServingException if the operation has to stop
     */
    public void pause(Duration duration) {
      checkStop();
      try {
        run.pause(Durations.atMost(deadline.left(), duration));
      } catch (RunEnded e) {
        throw stopped(e);
      }
      checkStop();
    }

    /**
     * Commits what was done: from here on the operation cannot be cancelled, and a later failure undoes nothing.
     *
     * @throws ServingException of kind {@code CANCELLED} if it was cancelled before; then all is undone
     */
    public void commit() {
      if (!run.commit()) {
        throw stopped(null);
      }
      undos.clear();
    }

    /**
     * Checks that the operation goes on.
     *
     * @throws ServingException of kind {@code CANCELLED} if it was cancelled or the platform closed, of kind {@code
     *     TIMEOUT} if its limit has passed
     */
    public void checkStop() {
      try {
        run.checkStop();
      } catch (RunEnded e) {
        throw stopped(e);
      }
      if (deadline.hasPassed()) {
        throw new ServingException(
            platform, ErrorKind.TIMEOUT, "The limit of " + Durations.shown(limit) + " has passed.");
      }
    }

    /** {@return the time that is left for the operation} */
    public Duration left() {
      return deadline.left();
    }

    /** {@return the result of a call, which is made again for some time while the platform does not answer} */
    <T> T patiently(Duration patience, Supplier<T> call) {
      return patiently(patience, e -> UNANSWERED.contains(e.kind()) && e.retryable(), call);
    }

    private <T> T patiently(
        Duration patience, Predicate<ServingException> mayPass, Supplier<T> call) {
      Duration begin = time.elapsed();
      String said = "";
      while (true) {
        try {
          return call.get();
        } catch (ServingException e) {
          if (!mayPass.test(e) || time.elapsed().minus(begin).compareTo(patience) >= 0) {
            throw e;
          }
          String why = "it is tried again, because " + e.getMessage();
          if (!why.equals(said)) {
            report(why);
            said = why;
          }
          try {
            run.pause(BETWEEN_TRIES);
          } catch (RunEnded stopped) {
            throw stopped(stopped);
          }
        }
      }
    }

    private String undo(List<Throwable> problems) {
      deadline = Deadline.after(limit, time);
      List<String> undone = new ArrayList<>();
      for (Undo undo : undos) {
        try {
          patiently(
              undo.patience(),
              e -> !FOR_GOOD.contains(e.kind()),
              () -> awaitStep(undo.operation().get()));
          undone.add(undo.what());
        } catch (RuntimeException e) {
          problems.add(e);
          return rolledBack(undone) + " The rollback failed at " + undo.what() + ": "
              + undo.wayOut().apply(e) + ".";
        }
      }
      return rolledBack(undone);
    }

    private static String rolledBack(List<String> undone) {
      return undone.isEmpty() ? "" : " Rolled back: " + String.join(", ", undone) + ".";
    }
  }

  /** {@return the result of a read-only call within a limit, on a thread that is interrupted when it passes} */
  public <V> V reading(String what, Duration callLimit, Supplier<V> call) {
    return workers.within(what, callLimit, call);
  }

  /** {@return whether it is closed} */
  public boolean isClosed() {
    return workers.isClosed();
  }

  /** Stops all operations without a rollback, and waits until their threads have ended, at most ten seconds. */
  @Override
  public void close() {
    workers.close();
  }
}
