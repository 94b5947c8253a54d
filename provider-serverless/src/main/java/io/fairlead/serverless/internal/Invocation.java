package io.fairlead.serverless.internal;

import io.fairlead.engine.internal.run.LoadedModel;
import io.fairlead.serverless.internal.pool.Refusal;
import io.fairlead.serverless.internal.pool.Ticket;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * An invocation that runs on a thread of the platform's, so that its caller is free when its time is up, whatever the
 * model does.
 *
 * @param <T> what comes of it
 */
final class Invocation<T> extends Ticket<LoadedModel> {
  private final RunThreads threads;
  private final Function<? super LoadedModel, ? extends T> action;
  private final Function<? super Refusal, ? extends RuntimeException> words;
  private final CompletableFuture<T> answer = new Answer();

  /**
   * Makes an invocation.
   *
   * @param deadline when its time is up, on the pool's clock
   * @param action what is done with a model
   * @param words what the caller is told of a refusal
   */
  Invocation(
      long deadline,
      RunThreads threads,
      Function<? super LoadedModel, ? extends T> action,
      Function<? super Refusal, ? extends RuntimeException> words) {
    super(deadline);
    this.threads = threads;
    this.action = action;
    this.words = words;
  }

  /** Whoever cancels it gives up its place in the line. */
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
      threads.executeAndTell(() -> run(model));
    } catch (RuntimeException | Error e) {
      // No memory for a thread, or the platform is closed.
      release();
      answer.completeExceptionally(e);
    }
  }

  /** Runs it, and leaves it to the thread to tell: whoever is answered finds the slot and the thread free. */
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
    answer.completeExceptionally(words.apply(refusal));
  }
}
