package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * The caching policy of a stateful model.
 *
 * @param strategy which answers are cached
 * @param cacheBytes the maximum size of the cache in accounted bytes, 0 or more; 0 disables it
 * @param eviction which entries a full cache evicts
 */
public record CachingPolicy(Strategy strategy, long cacheBytes, Eviction eviction) {
  /** The answers that are cached. */
  public enum Strategy {
    /** Answers to past requests. */
    EXACT,
    /** Those, and answers to requests that are likely to come next. */
    PREDICTIVE
  }

  /** The eviction policy of a full cache. */
  public enum Eviction {
    /** Evicts the least recently used entry. */
    LRU,
    /** Evicts the entry that a frequency sketch rates lowest (Einziger, Friedman, Manes: TinyLFU, 2017). */
    W_TINYLFU,
    /** As LRU, over cells of inputs that the model cannot tell apart. */
    FEATURE_BASED_LRU,
    /** Evicts the entry that saves the least inference time for its bytes (Cherkasova: GDSF, 1998). */
    COST_AWARE
  }

  public CachingPolicy {
    requireNonNull(strategy, "strategy");
    requireNonNull(eviction, "eviction");
    Problems.in("CachingPolicy")
        .check(cacheBytes >= 0, "cacheBytes", "must be 0 or more", cacheBytes)
        .throwIfAny();
  }

  /**
   * {@return a policy with its cache's size as text}
   *
   * @param cacheSize a number with a unit, such as {@code 4GB}; 1 GB is 1,024 MB and so on
   */
  public static CachingPolicy of(Strategy strategy, String cacheSize, Eviction eviction) {
    return new CachingPolicy(
        strategy, ByteSize.parse("CachingPolicy", "cacheSize", cacheSize), eviction);
  }
}
