package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * What a stateful model keeps of its answers.
 *
 * @param strategy what is put in the cache
 * @param cacheBytes the most accounted bytes that the cache holds, 0 or more; 0 keeps nothing
 * @param eviction what leaves a full cache
 */
public record CachingPolicy(Strategy strategy, long cacheBytes, Eviction eviction) {
  /** What is put in the cache. */
  public enum Strategy {
    /** Answers to requests that came. */
    EXACT,
    /** Those, and answers to requests that are likely to come next. */
    PREDICTIVE
  }

  /** What leaves a full cache. */
  public enum Eviction {
    /** What was not used for the longest time. */
    LRU,
    /** What a frequency sketch rates lowest (Einziger, Friedman, Manes: TinyLFU, 2017). */
    W_TINYLFU,
    /** As LRU, over cells of inputs that the model cannot tell apart. */
    FEATURE_BASED_LRU,
    /** What saves the least inference time for its bytes (Cherkasova: GDSF, 1998). */
    COST_AWARE
  }

  public CachingPolicy {
    requireNonNull(strategy, "strategy");
    requireNonNull(eviction, "eviction");
    Problems.in("CachingPolicy")
        .check(cacheBytes >= 0, "cacheBytes", "must be 0 or more", cacheBytes)
        .throwIfAny();
  }
}
