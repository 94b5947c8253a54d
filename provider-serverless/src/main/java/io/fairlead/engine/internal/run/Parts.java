package io.fairlead.engine.internal.run;

import io.fairlead.engine.Call;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The parts of one request, such as its texts, computed at the same time.
 *
 * <p>The caller's thread computes parts until there are none left. Others help while fewer runs are in progress than
 * there are processors for them, and up to the slots of an instance; a helper that meets new callers leaves after its
 * part. Each helper has a call of its own, with the deadline of the request.
 */
public final class Parts {
  /** The work on one part. */
  @FunctionalInterface
  public interface Part {
    void compute(int index, Call call);
  }

  private final RunningCall call;
  private final int count;
  private final Part part;
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final List<CompletableFuture<Void>> helpers = new ArrayList<>();

  private Parts(RunningCall call, int count, Part part) {
    this.call = call;
    this.count = count;
    this.part = part;
  }

  /**
   * Computes all parts, in any order, and returns when none is being computed any more.
   *
   * @throws RuntimeException the first failure, after which no further part is begun
   */
  public static void compute(Call call, int count, Part part) {
    if (count > 1 && call instanceof RunningCall running && running.maxRuns() > 1) {
      new Parts(running, count, part).compute();
      return;
    }
    for (int i = 0; i < count; i++) {
      part.compute(i, call);
    }
  }

  private void compute() {
    try {
      int index = take();
      while (index < count) {
        recruit(index);
        attempt(index, call);
        index = take();
      }
    } finally {
      helpers.forEach(CompletableFuture::join);
    }
    Throwable thrown = failure.get();
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown != null) {
      throw (RuntimeException) thrown;
    }
  }

  /** {@return the index of the next part; the count if there is none, or one has failed} */
  private int take() {
    return failure.get() == null ? Math.min(count, next.getAndIncrement()) : count;
  }

  private void attempt(int index, Call own) {
    try {
      part.compute(index, own);
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    }
  }

  private void recruit(int index) {
    helpers.removeIf(CompletableFuture::isDone);
    int most = Math.min(call.maxRuns() - 1, count - 1 - index);
    while (helpers.size() < most) {
      CompletableFuture<Void> helper = call.help(this::help).orElse(null);
      if (helper == null) {
        return;
      }
      helpers.add(helper);
    }
  }

  private void help(RunningCall own) {
    int index = take();
    while (index < count) {
      attempt(index, own);
      index = own.isCrowded() ? count : take();
    }
  }
}
