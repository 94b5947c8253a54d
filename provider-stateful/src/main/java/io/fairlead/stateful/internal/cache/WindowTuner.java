package io.fairlead.stateful.internal.cache;

import io.fairlead.stateful.internal.cache.TuningListener.WindowChange;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the share of the window by miniature simulations: a small cache for each share, fed with a sample of the keys.
 *
 * <p>After Waldspurger, Saemundsson, Ahmad, Park: Cache Modeling and Optimization using Miniature Simulations, USENIX ATC
 * 2017. A key is sampled by its hash, at a rate that is halved as the cache grows. A share replaces the present one when its
 * hits exceed those of the present one significantly, by McNemar's test, and by enough to matter. Not safe for concurrent
 * use.
 */
final class WindowTuner {
  /** The shares that are tried. */
  private static final double[] SHARES = {0.01, 0.1, 0.25, 0.5, 0.8, 1};

  /** The fewest entries of a miniature of a larger cache; at twice as many it is halved. */
  private static final int FEWEST_ENTRIES = 1024;

  /** A smaller cache is taken for one of so many entries when it is decided how often to decide. */
  private static final int FEWEST_USES = 256;

  /** It decides so often while as many keys are used as the miniatures have entries. */
  private static final int DECISIONS = 4;

  /** What is left of the weight of a use after one such time. */
  private static final double REMAINDER = 0.8;

  private static final double FORGETTING = Math.pow(REMAINDER, 1.0 / DECISIONS);

  /** The standard deviations of the difference of two shares' hits that make it significant. */
  private static final double SIGNIFICANT = 2;

  /** The difference of hit ratios that is worth a change. */
  private static final double WORTHWHILE = 0.005;

  private final MiniatureCache[] caches = new MiniatureCache[SHARES.length];

  /** The uses, by the set of miniatures that they were hits in; a set is a number with a bit for each miniature. */
  private final double[] uses = new double[1 << SHARES.length];

  private final long maximumBytes;
  private int current;
  private int halvings;
  private int undecided;

  /**
   * Creates a tuner of an empty cache.
   *
   * @param share the present share, which is one of those that are tried
   */
  WindowTuner(FrequencySketch sketch, long maximumBytes, double share) {
    this.maximumBytes = maximumBytes;
    for (int i = 0; i < caches.length; i++) {
      caches[i] = new MiniatureCache(sketch, maximumBytes, SHARES[i]);
    }
    current = Arrays.binarySearch(SHARES, share);
    if (current < 0) {
      throw new IllegalArgumentException(
          "share must be one of " + Arrays.toString(SHARES) + ": " + share);
    }
  }

  /**
   * Takes note of a use.
   *
   * @param entries the number of entries of the cache that is tuned
   * @return the change to make, with the share that is the present one from now on; null for no change
   */
  @Nullable
  WindowChange use(long hash, int bytes, long entries) {
    if ((hash & ((1L << halvings) - 1)) != 0) {
      return null;
    }
    int set = 0;
    for (int i = 0; i < caches.length; i++) {
      if (caches[i].use(hash, bytes)) {
        set |= 1 << i;
      }
    }
    uses[set]++;
    if (entries >> halvings > 2 * FEWEST_ENTRIES) {
      halve();
    }
    if (++undecided < Math.max(FEWEST_USES, entries >> halvings) / DECISIONS) {
      return null;
    }
    undecided = 0;
    WindowChange change = decide();
    for (int i = 0; i < uses.length; i++) {
      uses[i] *= FORGETTING;
    }
    return change;
  }

  private void halve() {
    long mask = 1L << halvings;
    halvings++;
    for (MiniatureCache cache : caches) {
      cache.shrink(maximumBytes >> halvings, mask);
    }
  }

  private @Nullable WindowChange decide() {
    double all = Arrays.stream(uses).sum();
    int best = current;
    double most = WORTHWHILE * all;
    for (int i = 0; i < caches.length; i++) {
      double gained = hitsOfOnly(i, current);
      double lost = hitsOfOnly(current, i);
      double gain = gained - lost;
      if (gain > most && gain > SIGNIFICANT * Math.sqrt(gained + lost)) {
        best = i;
        most = gain;
      }
    }
    if (best == current) {
      return null;
    }
    WindowChange change =
        new WindowChange(SHARES[current], SHARES[best], hits(current) / all, hits(best) / all);
    current = best;
    return change;
  }

  private double hits(int miniature) {
    double sum = 0;
    for (int set = 0; set < uses.length; set++) {
      sum += has(set, miniature) ? uses[set] : 0;
    }
    return sum;
  }

  private double hitsOfOnly(int miniature, int other) {
    double sum = 0;
    for (int set = 0; set < uses.length; set++) {
      sum += has(set, miniature) && !has(set, other) ? uses[set] : 0;
    }
    return sum;
  }

  private static boolean has(int set, int miniature) {
    return (set & (1 << miniature)) != 0;
  }
}
