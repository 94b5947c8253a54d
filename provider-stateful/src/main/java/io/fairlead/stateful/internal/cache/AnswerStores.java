package io.fairlead.stateful.internal.cache;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.CachingPolicy.Eviction;

/** Opens the store of an eviction policy. */
public final class AnswerStores {
  private AnswerStores() {}

  /**
   * {@return an empty store}
   *
   * @param eviction which answers a full store evicts
   * @param maximumBytes the most bytes that it takes
   * @param tuned whether LRU and W-TinyLFU become each other, by degrees, where that raises the hit ratio; the one that is
   *     asked for is where it starts
   * @param listener is told of such changes
   */
  public static AnswerStore of(
      Eviction eviction, long maximumBytes, boolean tuned, TuningListener listener) {
    requireNonNull(eviction, "eviction");
    requireNonNull(listener, "listener");
    return switch (eviction) {
      case LRU, FEATURE_BASED_LRU ->
        tuned
            ? new TunedStore(maximumBytes, TunedStore.LRU, true, listener)
            : new LruStore(maximumBytes);
      case W_TINYLFU ->
        tuned
            ? new TunedStore(maximumBytes, TunedStore.W_TINYLFU, true, listener)
            : new CaffeineStore(maximumBytes);
      case COST_AWARE -> new GdsfStore(maximumBytes);
    };
  }
}
