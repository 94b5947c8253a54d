package io.fairlead.stateful.internal.cache;

import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A map from keys to answers that is bounded by the bytes that it really takes on the heap.
 *
 * <p>Safe for concurrent use. Nothing in it waits for anything but another thread's short update.
 */
public interface AnswerStore {
  /** {@return the answer, which counts as a use; null if there is none} */
  @Nullable
  CachedAnswer get(CacheKey key);

  /** {@return whether there is an answer, which does not count as a use} */
  boolean contains(CacheKey key);

  /**
   * Adds or replaces an answer, for which others may be evicted, or which may not be admitted itself. An answer of more
   * than an eighth of the store is never admitted.
   */
  void put(CacheKey key, CachedAnswer answer);

  /** Removes an answer, if it is there. */
  void remove(CacheKey key);

  /** {@return the accounted bytes of what is in it} */
  long bytes();

  /** {@return the most bytes that it takes} */
  long maximumBytes();

  /** {@return how many answers are in it} */
  long size();

  /** {@return the answers that are most worth keeping, best first, at most this many} */
  List<Entry> best(int most);

  /** Passes each answer on, in no order; concurrent changes may be seen or not. */
  void forEach(BiConsumer<? super CacheKey, ? super CachedAnswer> action);

  /**
   * An answer with its key.
   *
   * @param key the key
   * @param answer the answer
   */
  record Entry(CacheKey key, CachedAnswer answer) {}
}
