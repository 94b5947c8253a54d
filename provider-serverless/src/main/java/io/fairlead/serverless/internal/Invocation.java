package io.fairlead.serverless.internal;

import io.fairlead.engine.internal.run.LoadedModel;
import io.fairlead.serverless.internal.pool.Refusal;
import io.fairlead.serverless.internal.pool.Ticket;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * An invocation that runs on a thread of the platform, so that its caller is free at the deadline, whatever the model
 * does.
 *
 * @param <T> the type of the result
 */
final class Invocation<T> extends Ticket<LoadedModel> {
  private final RunThreads threads;
  private final Function<? super LoadedModel, ? extends T> action;
  private final Function<? super Refusal, ? extends RuntimeException> toException;
  private final CompletableFuture<T> answer = new Answer();

  /**
   * Creates an invocation.
   *
   * @param deadline the deadline, on the pool's clock
   * @param action the work on the model
   * @param toException the exception for a refusal
   */
  Invocation(
      long deadline,
      RunThreads threads,
      Function<? super LoadedModel, ? extends T> action,
      Function<? super Refusal, ? extends RuntimeException> toException) {
    super(deadline);
    this.threads = threads;
    this.action = action;
    this.toException = toException;
  }

  /** The future of the result; cancelling it leaves the queue. */
  private final class Answer extends CompletableFuture<T> {
    @Override
    public boolean cancel(boolean mayInterrupt) {
      boolean cancelled = super.cancel(mayInterrupt);
      if (cancelled) {
        Invocation.this.cancel();
      }
      return cancelled;
    }
  }

  CompletableFuture<T> answer() {
    return answer;
  }

  @Override
  protected void granted(LoadedModel model) {
    try {
      threads.executeThenComplete(() -> run(model));
    } catch (RuntimeException | Error e) {
      // No memory for a thread, or the platform is closed.
      release();
      answer.completeExceptionally(e);
    }
  }

  /** Runs the action and returns the completion of the future, so that slot and thread are free when it completes. */
  private Runnable run(LoadedModel model) {
    T result;
    try {
      result = action.apply(model);
    } catch (Throwable e) {
      release();
      return () -> answer.completeExceptionally(e);
    }
    release();
    return () -> answer.complete(result);
  }

  @Override
  protected void refused(Refusal refusal) {
    answer.completeExceptionally(toException.apply(refusal));
  }
}
