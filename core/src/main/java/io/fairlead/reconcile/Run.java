package io.fairlead.reconcile;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.operation.Operation;
import io.fairlead.operation.OperationId;
import io.fairlead.operation.OperationStatus;
import io.fairlead.operation.OperationStatus.State;
import io.fairlead.operation.Progress;
import io.fairlead.provider.Durations;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.RunEnded.Why;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of an operation: what its caller holds, and through which its worker reports and waits. */
final class Run<R> implements Operation<R> {
  private static final Logger log = LoggerFactory.getLogger(Run.class);

  private final OperationId id;
  private final String title;
  private final TimeSource time;
  private final Duration begin;
  private final CompletableFuture<R> future = new CompletableFuture<>();

  private final ReentrantLock eventsLock = new ReentrantLock();
  private final List<Progress> events = new ArrayList<>();
  private final List<Consumer<? super Progress>> listeners = new CopyOnWriteArrayList<>();

  private final ReentrantLock stopLock = new ReentrantLock();
  private @Nullable Why stop;
  private @Nullable Thread pausing;
  private @Nullable Runnable completion;

  private volatile OperationStatus status = new OperationStatus(State.QUEUED, "waiting to begin");

  Run(OperationId id, String title, TimeSource time) {
    this.id = id;
    this.title = title;
    this.time = time;
    this.begin = time.elapsed();
  }

  @Override
  public OperationId id() {
    return id;
  }

  @Override
  public OperationStatus status() {
    return status;
  }

  @Override
  public R await(Duration limit) {
    try {
      return future.get(Durations.nanos(limit), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw asThrown(e.getCause());
    } catch (TimeoutException e) {
      throw new ServingException(
          id.platform(),
          ErrorKind.TIMEOUT,
          title + " on " + id.platform() + " was not done within " + limit + " (last: "
              + status.detail() + "). It goes on: await it again, or cancel it.",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServingException(
          id.platform(),
          ErrorKind.CANCELLED,
          "The thread that waited for " + title + " on " + id.platform()
              + " was interrupted. The operation goes on: " + "await it again, or cancel it.",
          e);
    }
  }

  private RuntimeException asThrown(@Nullable Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    if (cause instanceof RuntimeException exception) {
      throw exception;
    }
    throw new IllegalStateException(title + " ended without a reason", cause);
  }

  @Override
  public Operation<R> onProgress(Consumer<? super Progress> listener) {
    eventsLock.lock();
    try {
      events.forEach(event -> hand(event, listener));
      listeners.add(listener);
    } finally {
      eventsLock.unlock();
    }
    return this;
  }

  @Override
  public boolean cancel() {
    stopLock.lock();
    try {
      if (stop != null || status.state().isFinal() || status.state() == State.UNDOING) {
        return false;
      }
      stop(Why.CANCELLED);
      if (status.state() != State.QUEUED) {
        return true;
      }
      fail(new ServingException(
          id.platform(),
          ErrorKind.CANCELLED,
          title + " on " + id.platform()
              + " was cancelled before it began. Nothing created by this operation remains."));
    } finally {
      stopLock.unlock();
    }
    complete();
    return true;
  }

  @Override
  public CompletableFuture<R> toFuture() {
    return future.copy();
  }

  /** Stops the worker where it is. */
  void close() {
    stopLock.lock();
    try {
      stop(Why.CLOSED);
    } finally {
      stopLock.unlock();
    }
  }

  private void stop(Why why) {
    stop = why;
    if (pausing != null) {
      pausing.interrupt();
    }
  }

  boolean isClosed() {
    stopLock.lock();
    try {
      return stop == Why.CLOSED;
    } finally {
      stopLock.unlock();
    }
  }

  /** Waits, and ends early by an exception if the operation has to stop. Undoing is stopped by closing only. */
  void pause(Duration duration) throws RunEnded {
    stopLock.lock();
    try {
      checkStop();
      pausing = Thread.currentThread();
    } finally {
      stopLock.unlock();
    }
    boolean interrupted = false;
    try {
      time.pause(duration);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    stopLock.lock();
    try {
      pausing = null;
      // An interrupt that came after the pause ended belongs to it all the same.
      interrupted |= stop != null && Thread.interrupted();
      checkStop();
      if (interrupted && (stop == null || status.state() == State.UNDOING)) {
        // Somebody who owns the thread wants it to end.
        stop = Why.CLOSED;
        Thread.currentThread().interrupt();
        checkStop();
      }
    } finally {
      stopLock.unlock();
    }
  }

  /** Ends by an exception if the operation has to stop. */
  void checkStop() throws RunEnded {
    stopLock.lock();
    try {
      if (stop == Why.CLOSED || (stop == Why.CANCELLED && status.state() != State.UNDOING)) {
        throw RunEnded.stopped(stop);
      }
    } finally {
      stopLock.unlock();
    }
  }

  Duration sinceBegin() {
    return time.elapsed().minus(begin);
  }

  /** {@return whether the operation may begin; it may not if it was taken back before} */
  boolean begin(String detail) {
    stopLock.lock();
    try {
      if (status.state().isFinal()) {
        return false;
      }
      status = new OperationStatus(State.RUNNING, detail);
    } finally {
      stopLock.unlock();
    }
    report(0, 0, "", detail);
    return true;
  }

  void undoing(String detail) {
    stopLock.lock();
    try {
      status = new OperationStatus(State.UNDOING, detail);
    } finally {
      stopLock.unlock();
    }
    report(0, 0, "", detail);
  }

  void report(int step, int steps, String resource, String message) {
    Progress event = new Progress(id, sinceBegin(), step, steps, resource, message);
    OperationStatus now = status;
    if (!now.state().isFinal()) {
      status = new OperationStatus(now.state(), event.toString());
    }
    log.debug("{} {}", id, event);
    eventsLock.lock();
    try {
      events.add(event);
      listeners.forEach(listener -> hand(event, listener));
    } finally {
      eventsLock.unlock();
    }
  }

  /** {@return whether the operation has succeeded; it has not if it was taken back in the last moment} */
  boolean succeed(R result, String detail) {
    stopLock.lock();
    try {
      if (stop == Why.CANCELLED || status.state().isFinal()) {
        return false;
      }
      status = new OperationStatus(State.SUCCEEDED, detail);
      completion = () -> future.complete(result);
    } finally {
      stopLock.unlock();
    }
    report(0, 0, "", detail);
    return true;
  }

  /** Ends the operation with a failure; one that has ended already stays as it is. */
  void fail(Throwable cause) {
    boolean cancelled = cause instanceof ServingException e && e.kind() == ErrorKind.CANCELLED;
    String message = String.valueOf(cause.getMessage());
    stopLock.lock();
    try {
      if (status.state().isFinal()) {
        return;
      }
      status = new OperationStatus(cancelled ? State.CANCELLED : State.FAILED, message);
      completion = () -> future.completeExceptionally(cause);
    } finally {
      stopLock.unlock();
    }
    report(0, 0, "", message);
  }

  /** Tells those who wait how it ended; apart from the ending, because what follows may need the name again. */
  void complete() {
    Runnable now;
    stopLock.lock();
    try {
      now = completion;
    } finally {
      stopLock.unlock();
    }
    if (now != null) {
      now.run();
    }
  }

  private static void hand(Progress event, Consumer<? super Progress> listener) {
    try {
      listener.accept(event);
    } catch (Throwable e) {
      // Whatever a listener throws, an assertion of a test too, is no failure of the operation.
      log.warn("A progress listener failed on '{}'", event, e);
    }
  }
}
