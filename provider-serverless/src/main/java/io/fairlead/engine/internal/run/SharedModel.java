package io.fairlead.engine.internal.run;

import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.RequestModel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A model that several leases and calls hold, and that the last of them closes.
 *
 * <p>A native session that is closed while a run is inside it ends the JVM: a call therefore holds the model as a lease
 * does.
 */
public final class SharedModel {
  private final Key key;
  private final Consumer<SharedModel> onUnused;
  private final AtomicInteger holds = new AtomicInteger(1);
  private final CompletableFuture<RequestModel> loaded = new CompletableFuture<>();

  /** Makes a model that is still to be loaded and that its maker holds. */
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

  /** {@return the model, when it is loaded} */
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

  /** {@return whether the caller holds it now; it does not if nobody else held it any more} */
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

  /** What has to be equal for a model to be shared. */
  public record Key(String digest, LoadOptions options) {}
}
