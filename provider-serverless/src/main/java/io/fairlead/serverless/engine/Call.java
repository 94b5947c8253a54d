package io.fairlead.serverless.engine;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One piece of work under way in an engine, and how to stop it.
 *
 * <p>The work runs on its caller's thread; whoever stops it is another. What it says to be stopped with is never used
 * after {@link #leave()}, so that it may free what that needs.
 */
public final class Call {
  private final Failures failures;
  private final String model;
  private final Duration timeout;
  private final long deadline;
  private final long memoryBytes;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable ErrorKind stopped;
  private @Nullable Runnable stopper;

  Call(Failures failures, String model, Duration timeout, long deadline) {
    this(failures, model, timeout, deadline, Long.MAX_VALUE);
  }

  /**
   * Makes a call whose tensors have a limit.
   *
   * @param memoryBytes what the tensors of one run may take
   */
  Call(Failures failures, String model, Duration timeout, long deadline, long memoryBytes) {
    this.failures = failures;
    this.model = model;
    this.timeout = timeout;
    this.deadline = deadline;
    this.memoryBytes = memoryBytes;
  }

  /** {@return what messages call the model} */
  public String model() {
    return model;
  }

  /** {@return when the time is up, on the clock of the {@link Calls} that it belongs to} */
  long deadline() {
    return deadline;
  }

  /** {@return what the tensors of one run may take} */
  long memoryBytes() {
    return memoryBytes;
  }

  /**
   * Refuses tensors that take more than they may.
   *
   * @param field what they are in the request
   */
  void checkFits(String field, List<Tensor> tensors) {
    long size = RawTensors.size(tensors);
    if (size > memoryBytes) {
      throw failures.failure(
          ErrorKind.INVALID,
          "Model '" + model + "' was not asked: " + field + " must take at most the "
              + memoryBytes + " bytes of limits.memoryBytes, as tensors, and takes " + size
              + ": send less at a time, or deploy it with more memory");
    }
  }

  /**
   * Begins work that can be stopped; {@link #leave()} has to follow.
   *
   * @param newStopper stops the work, from another thread
   * @throws ServingException if the call was stopped already
   */
  public void enter(Runnable newStopper) {
    lock.lock();
    try {
      checkNotStopped(null);
      stopper = newStopper;
    } finally {
      lock.unlock();
    }
  }

  /** Ends what {@link #enter} began. Waits for a stopper that is at work. */
  public void leave() {
    lock.lock();
    try {
      stopper = null;
    } finally {
      lock.unlock();
    }
  }

  /** Stops the work, now or as soon as it can be; the first reason counts. */
  void stop(ErrorKind reason) {
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

  /** {@return whether it was stopped, because its time is up or its platform is being closed} */
  public boolean isStopped() {
    lock.lock();
    try {
      return stopped != null;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends the work if it was stopped.
   *
   * @param cause how the work noticed, if it did
   * @throws ServingException if it was stopped
   */
  public void checkNotStopped(@Nullable Throwable cause) {
    lock.lock();
    try {
      if (stopped == ErrorKind.TIMEOUT) {
        throw failures.failure(
            ErrorKind.TIMEOUT,
            "Model '" + model + "' did not answer within " + timeout
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
