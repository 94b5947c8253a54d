package io.fairlead.stateful.internal;

import io.fairlead.stateful.internal.cache.AnswerStore;
import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What is known of answers whose version others may have replaced when they came.
 *
 * <p>A version that is known by its variant's name stays what it is. Any other is what the last look saw: an answer that came
 * later may be of a model that replaced it, and is not passed on to where it lasts longer than here until another look has
 * seen that the version still served.
 */
final class Confirmations {
  /** More answers between two looks are not passed on. */
  private static final int MOST_WAITING = 10_000;

  private final Versions versions;
  private final SecondLevel second;
  private final StateClock clock;
  private final Deque<CacheKey> waiting = new ConcurrentLinkedDeque<>();
  private final AtomicInteger count = new AtomicInteger();

  Confirmations(Versions versions, SecondLevel second, StateClock clock) {
    this.versions = versions;
    this.second = second;
    this.clock = clock;
  }

  /** Passes an answer on to the second level, at once or when it is confirmed. */
  void share(Version version, CacheKey key, CachedAnswer answer) {
    if (versions.isLasting(version)) {
      second.add(key, answer);
    } else if (count.incrementAndGet() > MOST_WAITING) {
      count.decrementAndGet();
    } else {
      waiting.add(key);
    }
  }

  /**
   * Takes note of a look at what serves. An answer of a version that is gone is forgotten if it came after the look before:
   * it would be wrong if that version came back.
   *
   * @param gone versions that served at the look before, and do not any more
   * @param sinceNanos when the look before began, by the monotonic clock
   */
  void looked(VersionTable now, List<Version> gone, long sinceNanos, @Nullable AnswerStore store) {
    if (store == null) {
      waiting.clear();
      count.set(0);
      return;
    }
    if (!gone.isEmpty()) {
      forget(gone, sinceNanos, store);
    }
    Set<String> serving = new HashSet<>();
    now.all().forEach(version -> serving.add(version.digest()));
    long lookedAt = millis(now.lookedAtNanos());
    for (int i = count.get(); i > 0; i--) {
      CacheKey key = waiting.poll();
      if (key == null) {
        break;
      }
      CachedAnswer answer = store.get(key);
      if (answer != null
          && serving.contains(answer.modelDigest())
          && answer.answeredAtMillis() > lookedAt) {
        waiting.add(key);
        continue;
      }
      count.decrementAndGet();
      if (answer != null && serving.contains(answer.modelDigest())) {
        second.add(key, answer);
      }
    }
  }

  private void forget(List<Version> gone, long sinceNanos, AnswerStore store) {
    Set<String> digests = new HashSet<>();
    gone.forEach(version -> digests.add(version.digest()));
    long since = millis(sinceNanos) - 1;
    store.forEach((key, answer) -> {
      if (answer.answeredAtMillis() >= since && digests.contains(answer.modelDigest())) {
        store.remove(key);
      }
    });
  }

  /** {@return the wall-clock time, in milliseconds, of a moment of the monotonic clock} */
  private long millis(long nanos) {
    long now = clock.nanos();
    return clock.millis(now) - TimeUnit.NANOSECONDS.toMillis(now - nanos);
  }

  /** {@return whether an answer may outlive this process: its version served at a look that came after it} */
  boolean isConfirmed(CachedAnswer answer) {
    VersionTable now = versions.table();
    for (Version version : now.all()) {
      if (version.digest().equals(answer.modelDigest())) {
        return versions.isLasting(version)
            || answer.answeredAtMillis() <= millis(now.lookedAtNanos());
      }
    }
    return true;
  }
}
