package io.fairlead.stateful.internal;

import io.fairlead.stateful.internal.cache.CacheKey;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

/**
 * The decision whether a level of the cache pays: a lookup is worth its time only if the hits that it brings save more of
 * the model's time than all lookups take.
 *
 * <p>A level that does not pay is passed by, except for one key in 64, chosen by the key, so that the hit ratio of the
 * whole stream is known from this sample (Waldspurger et al., FAST 2015: spatially hashed sampling), and the level is used
 * again when it would pay. Decided anew every thousand requests; a switch takes a difference of a fifth, so that it does
 * not flutter.
 */
final class Bypass {
  private static final int SAMPLE = 64;
  private static final int PERIOD = 1024;
  private static final double MARGIN = 0.2;
  private static final double WEIGHT_OF_NEW = 0.1;

  private final BiConsumer<String, Map<String, Double>> decided;
  private final AtomicInteger lookups = new AtomicInteger();
  private final AtomicInteger hits = new AtomicInteger();

  // Means that several threads may write at once: a lost measurement is harmless.
  private volatile double modelNanos;
  private volatile double lookupNanos;
  private volatile boolean passing;
  private volatile boolean enabled;

  /**
   * Creates a decision for a level that is used.
   *
   * @param decided receives each decision, as a sentence, with its numbers
   */
  Bypass(BiConsumer<String, Map<String, Double>> decided) {
    this.decided = decided;
  }

  /** Lets it decide, or use the level always. */
  void enable(boolean newEnabled) {
    enabled = newEnabled;
    if (!newEnabled) {
      passing = false;
    }
  }

  /** {@return whether the level is passed by for this key} */
  boolean passes(CacheKey key) {
    return passing && !isSampled(key);
  }

  boolean isPassing() {
    return passing;
  }

  /** {@return whether the key is in the sample; by bits that no store chooses its places by} */
  private static boolean isSampled(CacheKey key) {
    return (key.high() >>> 58) == 0;
  }

  /** Notes the time of one call of the model. */
  void model(long nanos) {
    modelNanos = mean(modelNanos, nanos);
  }

  /** Notes the time that the level took of a request, apart from the model. */
  void lookup(long nanos) {
    lookupNanos = mean(lookupNanos, nanos);
  }

  private static double mean(double before, long nanos) {
    return before == 0 ? nanos : before + WEIGHT_OF_NEW * (nanos - before);
  }

  /** Notes whether the level had the answer, and decides when it is time to. */
  void looked(boolean hit) {
    if (!enabled) {
      return;
    }
    if (hit) {
      hits.incrementAndGet();
    }
    int period = passing ? PERIOD / SAMPLE : PERIOD;
    if (lookups.incrementAndGet() == period) {
      double ratio = Math.min(1, (double) hits.getAndSet(0) / period);
      lookups.set(0);
      decide(ratio);
    }
  }

  private void decide(double hitRatio) {
    double saved = hitRatio * modelNanos;
    boolean pays =
        passing ? saved > lookupNanos * (1 + MARGIN) : saved >= lookupNanos * (1 - MARGIN);
    if (pays == passing) {
      passing = !pays;
      decided.accept(
          pays
              ? "the cache is used again: it would save more than it takes"
              : "the cache is passed by for all but one key in " + SAMPLE
                  + ": it saves less than it takes",
          Map.of(
              "hitRatio", hitRatio,
              "modelMicros", modelNanos / 1000,
              "lookupMicros", lookupNanos / 1000));
    }
  }
}
