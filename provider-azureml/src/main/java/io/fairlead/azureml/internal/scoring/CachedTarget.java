package io.fairlead.azureml.internal.scoring;

import io.fairlead.provider.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The target of one endpoint, which is fetched by one thread at a time and refreshed before its credential expires.
 *
 * <p>A failure is that of the requests that wait for it, and is not kept.
 */
final class CachedTarget {
  /** The pause after a refresh that failed, while the credential before it is valid. */
  private static final Duration PAUSE = Duration.ofSeconds(10);

  private final Fetch fetch;
  private final Executor threads;
  private final TimeSource time;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable ScoringTarget known;
  private volatile Duration noRefreshUntil = Duration.ZERO;
  private @Nullable CompletableFuture<ScoringTarget> running;

  CachedTarget(Fetch fetch, Executor threads, TimeSource time) {
    this.fetch = fetch;
    this.threads = threads;
    this.time = time;
  }

  /** Fetches a target. */
  @FunctionalInterface
  interface Fetch {
    /** {@return a target, with the scoring URI of the one that is refreshed, if any} */
    ScoringTarget fetch(@Nullable ScoringTarget refreshed);
  }

  /** {@return the target that may be used now, whose refresh begins if it is due; null if there is none} */
  @Nullable
  ScoringTarget usable() {
    ScoringTarget target = known;
    if (target == null || !target.isTimed()) {
      return target;
    }
    Instant now = time.now();
    if (target.isExpired(now)) {
      return null;
    }
    if (target.isOld(now) && time.elapsed().compareTo(noRefreshUntil) >= 0) {
      // Nobody waits for it: its failure is that of a later request, if any.
      var unused = fetched(target);
    }
    return target;
  }

  /** Forgets a target whose credential was refused, unless another one is known by now. */
  void drop(ScoringTarget refused) {
    lock.lock();
    try {
      if (known == refused) {
        known = null;
      }
    } finally {
      lock.unlock();
    }
  }

  /** {@return the target after the known one; it is fetched now unless that is in progress} */
  CompletableFuture<ScoringTarget> next() {
    return fetched(known);
  }

  private CompletableFuture<ScoringTarget> fetched(@Nullable ScoringTarget old) {
    CompletableFuture<ScoringTarget> begun = new CompletableFuture<>();
    lock.lock();
    try {
      ScoringTarget current = known;
      if (current != null && current != old) {
        return CompletableFuture.completedFuture(current);
      }
      if (running != null) {
        return running;
      }
      running = begun;
    } finally {
      lock.unlock();
    }
    try {
      threads.execute(() -> run(begun, old));
    } catch (RejectedExecutionException e) {
      end(null);
      begun.completeExceptionally(e);
    }
    return begun;
  }

  private void run(CompletableFuture<ScoringTarget> begun, @Nullable ScoringTarget old) {
    try {
      ScoringTarget target = fetch.fetch(old);
      end(target);
      begun.complete(target);
    } catch (RuntimeException | Error e) {
      noRefreshUntil = time.elapsed().plus(PAUSE);
      end(null);
      begun.completeExceptionally(e);
    }
  }

  private void end(@Nullable ScoringTarget target) {
    lock.lock();
    try {
      running = null;
      if (target != null) {
        known = target;
      }
    } finally {
      lock.unlock();
    }
  }
}
