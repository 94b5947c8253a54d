package io.fairlead.engine.internal.run;

import io.fairlead.engine.Call;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.provider.Durations;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A call of a loaded model, with its deadline and its stopper. */
public final class RunningCall implements Call {
  private final Failures failures;
  private final String model;
  private final Duration timeout;
  private final long deadline;
  private final long memoryBytes;
  private final @Nullable Calls calls;
  private final int processors;
  private final int maxRuns;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable ErrorKind stopped;
  private @Nullable Runnable stopper;

  public RunningCall(Failures failures, String model, Duration timeout, long deadline) {
    this(failures, model, timeout, deadline, Long.MAX_VALUE);
  }

  /**
   * Creates a call with a limit for its tensors.
   *
   * @param memoryBytes the limit for the tensors of one run
   */
  public RunningCall(
      Failures failures, String model, Duration timeout, long deadline, long memoryBytes) {
    this(failures, model, timeout, deadline, memoryBytes, null, 1, 1);
  }

  /**
   * Creates a call whose parts may be computed at the same time.
   *
   * @param calls the calls that it belongs to; null if it is computed by its caller alone
   * @param processors the number of runs that there are processors for
   * @param maxRuns the maximum number of its parts that are computed at the same time
   */
  RunningCall(
      Failures failures,
      String model,
      Duration timeout,
      long deadline,
      long memoryBytes,
      @Nullable Calls calls,
      int processors,
      int maxRuns) {
    this.failures = failures;
    this.model = model;
    this.timeout = timeout;
    this.deadline = deadline;
    this.memoryBytes = memoryBytes;
    this.calls = calls;
    this.processors = processors;
    this.maxRuns = maxRuns;
  }

  /** {@return a call for a part of this one, with the same deadline and limits} */
  RunningCall part() {
    return new RunningCall(
        failures, model, timeout, deadline, memoryBytes, calls, processors, maxRuns);
  }

  /** {@return the maximum number of parts that are computed at the same time} */
  int maxRuns() {
    return maxRuns;
  }

  int processors() {
    return processors;
  }

  /**
   * Starts work on another thread, if a processor is free.
   *
   * @param work the work; it is given a call of its own
   * @return its end; empty if it was not started
   */
  Optional<CompletableFuture<Void>> help(Consumer<RunningCall> work) {
    return calls == null ? Optional.empty() : calls.help(this, work);
  }

  /** {@return whether more runs are in progress than there are processors for} */
  boolean isCrowded() {
    return calls != null && calls.size() > processors;
  }

  @Override
  public String model() {
    return model;
  }

  /** {@return the deadline of a call, on the clock of its {@link Calls}; never for one that does not belong to any} */
  static long deadlineOf(Call call) {
    return call instanceof RunningCall running ? running.deadline : Long.MAX_VALUE;
  }

  /** {@return the deadline, on the clock of its {@link Calls}} */
  public long deadline() {
    return deadline;
  }

  @Override
  public long memoryBytes() {
    return memoryBytes;
  }

  @Override
  public void enter(Runnable newStopper) {
    lock.lock();
    try {
      checkNotStopped(null);
      stopper = newStopper;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void leave() {
    lock.lock();
    try {
      stopper = null;
    } finally {
      lock.unlock();
    }
  }

  /** Stops the work as soon as possible; the first reason counts. */
  public void stop(ErrorKind reason) {
    lock.lock();
    try {
      if (stopped == null) {
        stopped = reason;
        if (stopper != null) {
          stopper.run();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean isStopped() {
    lock.lock();
    try {
      return stopped != null;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void checkNotStopped(@Nullable Throwable cause) {
    lock.lock();
    try {
      if (stopped == ErrorKind.TIMEOUT) {
        throw failures.failure(
            ErrorKind.TIMEOUT,
            "Model '" + model + "' did not answer within " + Durations.shown(timeout)
                + " and was stopped: give the request a longer timeout, or the model less to do",
            cause);
      }
      if (stopped != null) {
        throw failures.failure(
            stopped,
            "Model '" + model + "' was stopped because its platform is being closed",
            cause);
      }
    } finally {
      lock.unlock();
    }
  }
}
