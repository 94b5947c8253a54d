package io.fairlead.engine.internal.run;

import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.RequestModel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A reference-counted model; the last lease or call that releases it closes it.
 *
 * <p>Closing a native session during a run crashes the JVM: a call therefore holds a reference as a lease does.
 */
public final class SharedModel {
  private final Key key;
  private final Consumer<SharedModel> onUnused;
  private final AtomicInteger holds = new AtomicInteger(1);
  private final CompletableFuture<RequestModel> loaded = new CompletableFuture<>();

  /** Creates a model that is still to be loaded, with one reference for the caller. */
  public SharedModel(Key key, Consumer<SharedModel> onUnused) {
    this.key = key;
    this.onUnused = onUnused;
  }

  public Key key() {
    return key;
  }

  public void loaded(RequestModel model) {
    loaded.complete(model);
  }

  public void failed(Throwable failure) {
    loaded.completeExceptionally(failure);
  }

  /** {@return the model, after waiting until it is loaded} */
  RequestModel await() {
    try {
      return loaded.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw e;
    }
  }

  /** {@return whether the caller now holds a reference; false if the last one was released} */
  public boolean hold() {
    int now = holds.get();
    while (now > 0 && !holds.compareAndSet(now, now + 1)) {
      now = holds.get();
    }
    return now > 0;
  }

  public void release() {
    if (holds.decrementAndGet() == 0) {
      onUnused.accept(this);
      if (!loaded.isCompletedExceptionally()) {
        loaded.join().close();
      }
    }
  }

  /** The key by which models are shared. */
  public record Key(String digest, LoadOptions options) {}
}
