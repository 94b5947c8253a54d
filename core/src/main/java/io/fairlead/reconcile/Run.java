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
import java.util.Collection;
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

/** One run of an operation: the caller's handle, and the means by which its worker reports progress and waits. */
final class Run<R> implements Operation<R> {
  private static final Logger log = LoggerFactory.getLogger(Run.class);

  private final OperationId id;
  private final String title;
  private final TimeSource time;
  private final Secrets secrets;
  private final Duration begin;
  private final CompletableFuture<R> future = new CompletableFuture<>();

  private final ReentrantLock eventsLock = new ReentrantLock();
  private final List<Progress> events = new ArrayList<>();
  private final List<Consumer<? super Progress>> listeners = new CopyOnWriteArrayList<>();

  private final ReentrantLock stopLock = new ReentrantLock();
  private @Nullable Why stop;
  private boolean kept;
  private @Nullable Thread pausing;
  private @Nullable Consumer<Why> stopper;
  private @Nullable Runnable completion;

  private volatile OperationStatus status = new OperationStatus(State.QUEUED, "queued");

  /** Creates a run none of whose messages shows one of the secrets. */
  Run(OperationId id, String title, TimeSource time, Collection<String> secrets) {
    this.id = id;
    this.title = title;
    this.time = time;
    this.secrets = new Secrets(secrets);
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
      // With the line that waits in its stack trace, and not shared with others who wait.
      throw Workers.asThrown(e.getCause());
    } catch (TimeoutException e) {
      throw new ServingException(
          id.platform(),
          ErrorKind.TIMEOUT,
          title + " on " + id.platform() + " was not done within " + Durations.shown(limit)
              + " (last: " + status.detail() + "). It goes on: await it again, or cancel it.",
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

  @Override
  public Operation<R> onProgress(Consumer<? super Progress> listener) {
    eventsLock.lock();
    try {
      events.forEach(event -> deliver(event, listener));
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
      if (kept || stop != null || status.state().isFinal() || status.state() == State.UNDOING) {
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
              + " was cancelled before it started. Nothing created by this operation remains."));
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

  /** {@return whether it is too late to cancel it from here on; false if it was cancelled already} */
  boolean commit() {
    stopLock.lock();
    try {
      kept = stop != Why.CANCELLED;
      return kept;
    } finally {
      stopLock.unlock();
    }
  }

  /** Stops the worker without a rollback. */
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
    if (stopper != null) {
      stopper.accept(why);
    }
  }

  /**
   * Sets what ends the worker's current wait when the operation has to stop; at once if it has to already. A rollback is
   * stopped only by closing the platform.
   *
   * @param newStopper must be quick; null if the worker waits for nothing
   */
  void whenStopped(@Nullable Consumer<Why> newStopper) {
    stopLock.lock();
    try {
      stopper = newStopper;
      if (newStopper != null
          && stop != null
          && (stop == Why.CLOSED || status.state() != State.UNDOING)) {
        newStopper.accept(stop);
      }
    } finally {
      stopLock.unlock();
    }
  }

  boolean isCancelled() {
    stopLock.lock();
    try {
      return stop == Why.CANCELLED;
    } finally {
      stopLock.unlock();
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

  /** Waits, and throws if the operation has to stop. A rollback is stopped only by closing the platform. */
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
      // An interrupt that arrived after the pause was meant for it, too.
      interrupted |= stop != null && Thread.interrupted();
      checkStop();
      if (interrupted && (stop == null || status.state() == State.UNDOING)) {
        // The owner of the thread wants it to end.
        stop = Why.CLOSED;
        Thread.currentThread().interrupt();
        checkStop();
      }
    } finally {
      stopLock.unlock();
    }
  }

  /** Throws if the operation has to stop. */
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

  /** {@return whether the operation starts; false if it was cancelled before} */
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

  void rollingBack(String detail) {
    stopLock.lock();
    try {
      status = new OperationStatus(State.UNDOING, secrets.removedFrom(detail));
    } finally {
      stopLock.unlock();
    }
    report(0, 0, "", detail);
  }

  void report(int step, int steps, String resource, String message) {
    Progress event =
        new Progress(id, sinceBegin(), step, steps, resource, secrets.removedFrom(message));
    OperationStatus now = status;
    if (!now.state().isFinal()) {
      status = new OperationStatus(now.state(), event.toString());
    }
    log.debug("{} {}", id, event);
    eventsLock.lock();
    try {
      events.add(event);
      listeners.forEach(listener -> deliver(event, listener));
    } finally {
      eventsLock.unlock();
    }
  }

  /** {@return whether the operation has succeeded; false if it was cancelled at the last moment} */
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

  /** Ends the operation with a failure, unless it has ended already. */
  void fail(Throwable why) {
    Throwable cause = secrets.removedFrom(why);
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

  /** Logs how the operation ended: a failure without its stack, which its caller gets. */
  void logEnd() {
    log.info("{}, after {} ms", this, sinceBegin().toMillis());
  }

  /** Completes the future; apart from the end of the operation, because callers may need the name again. */
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

  @Override
  public String toString() {
    OperationStatus now = status;
    String said = title + " on " + id.platform() + ": " + now.state();
    return switch (now.state()) {
      // Their details say the same again.
      case QUEUED, SUCCEEDED -> said;
      default -> now.detail().isEmpty() ? said : said + " (" + now.detail() + ")";
    };
  }

  private static void deliver(Progress event, Consumer<? super Progress> listener) {
    try {
      listener.accept(event);
    } catch (Throwable e) {
      // What a listener throws, an assertion of a test too, is no failure of the operation.
      log.warn("A progress listener failed on '{}'", event, e);
    }
  }
}
