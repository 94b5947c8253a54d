package io.fairlead.stateful.internal;

import io.fairlead.stateful.internal.cache.CacheKey;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.BiConsumer;

/**
 * The decision whether a level of the cache pays: a lookup is worth its time only if the hits that it brings save more of
 * the model's time than all lookups take.
 *
 * <p>A level that does not pay is passed by, except for one key in {@value #SAMPLE}, chosen by the key, so that the hit
 * ratio of the whole stream is known from this sample (Waldspurger et al., "Efficient MRC Construction with SHARDS", FAST
 * 2015), and the level is used again when it would pay. It is passed by only after {@value #PATIENCE} periods in a row in
 * which it did not pay, for a young process is slow, and an empty cache has no hits; and a switch takes a difference of a
 * fifth, so that it does not flutter. Where few keys have most of the requests, none of these may be in the sample: so the
 * level is also used for one period after each {@value #PASSED_BEFORE_TRIAL} requests that passed it by.
 */
final class Bypass {
  private static final int SAMPLE = 64;
  private static final int PERIOD = 1024;
  private static final int PATIENCE = 4;

  /** So many lookups of the sample are what it decides by while it is passed by. */
  private static final int SAMPLED_PERIOD = 64;

  private static final int PASSED_BEFORE_TRIAL = PERIOD * SAMPLE;
  private static final double MARGIN = 0.2;

  private final BiConsumer<String, Map<String, Double>> decided;
  private final AtomicInteger lookups = new AtomicInteger();
  private final AtomicInteger hits = new AtomicInteger();
  private final AtomicInteger losses = new AtomicInteger();
  private final RecentTimes model = new RecentTimes();
  private final RecentTimes lookup = new RecentTimes();
  private final AtomicInteger passed = new AtomicInteger();
  private volatile boolean passing;

  /** Used for all, to see whether it would pay. */
  private volatile boolean trying;

  private volatile boolean enabled;

  /**
   * Creates a decision for a level that is used.
   *
   * @param decided receives each decision, as a sentence, with its numbers
   */
  Bypass(BiConsumer<String, Map<String, Double>> decided) {
    this.decided = decided;
  }

  /** The last times of something. What is lost when several threads write at once is one of many. */
  private static final class RecentTimes {
    private static final int SIZE = 128;
    private static final int ENOUGH = 32;

    private final AtomicLongArray times = new AtomicLongArray(SIZE);
    private final AtomicLong count = new AtomicLong();
    private volatile long typical = Long.MAX_VALUE;

    void add(long nanos) {
      long before = count.getAndIncrement();
      times.lazySet((int) (before % SIZE), nanos);
      if (before % SIZE == SIZE - 1) {
        typical = (long) mean();
      }
    }

    /** {@return the mean as of the last time that all of them were new} */
    long typical() {
      return typical;
    }

    boolean isEnough() {
      return count.get() >= ENOUGH;
    }

    /** {@return the mean of the middle half, which neither a pause of the collector nor a class that is loaded moves} */
    double mean() {
      long[] all = new long[(int) Math.min(SIZE, count.get())];
      Arrays.setAll(all, times::get);
      Arrays.sort(all);
      return Arrays.stream(all, all.length / 4, all.length - all.length / 4)
          .average()
          .orElse(0);
    }
  }

  /** Lets it decide, or use the level always. */
  void enable(boolean newEnabled) {
    enabled = newEnabled;
    if (!newEnabled) {
      passing = false;
      trying = false;
    }
  }

  /** {@return whether the level is passed by for this key} */
  boolean passes(CacheKey key) {
    if (!passing || trying || isSampled(key)) {
      return false;
    }
    if (passed.incrementAndGet() == PASSED_BEFORE_TRIAL) {
      passed.set(0);
      hits.set(0);
      lookups.set(0);
      trying = true;
    }
    return true;
  }

  /** {@return whether the key is in the sample; by bits that no store chooses its places by} */
  private static boolean isSampled(CacheKey key) {
    return (key.high() >>> 58) == 0;
  }

  /** {@return whether the time of a lookup of this key is to be taken: of some is enough, and a clock costs time} */
  boolean times(CacheKey key) {
    return enabled && ((passing && !trying) || (key.high() >>> 60) == 0);
  }

  /** Notes the time of one call of the model. */
  void model(long nanos) {
    model.add(nanos);
  }

  /** {@return the time that a call of the model takes these days; the largest number if that is not known yet} */
  long typicalModelNanos() {
    return model.typical();
  }

  /** Notes the time that the level took of a request, apart from the model, whether it had the answer or not. */
  void lookup(long nanos) {
    lookup.add(nanos);
  }

  /** Notes whether the level had the answer, and decides when it is time to. */
  void looked(boolean hit) {
    if (!enabled) {
      return;
    }
    if (hit) {
      hits.incrementAndGet();
    }
    int period = passing && !trying ? SAMPLED_PERIOD : PERIOD;
    if (lookups.incrementAndGet() >= period) {
      double ratio = Math.min(1, (double) hits.getAndSet(0) / period);
      lookups.set(0);
      trying = false;
      if (model.isEnough() && lookup.isEnough()) {
        decide(ratio);
      }
    }
  }

  private void decide(double hitRatio) {
    double modelNanos = model.mean();
    double lookupNanos = lookup.mean();
    double saved = hitRatio * modelNanos;
    boolean pays =
        passing ? saved > lookupNanos * (1 + MARGIN) : saved >= lookupNanos * (1 - MARGIN);
    if (pays) {
      losses.set(0);
    }
    if (pays == passing && (pays || losses.incrementAndGet() == PATIENCE)) {
      losses.set(0);
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
