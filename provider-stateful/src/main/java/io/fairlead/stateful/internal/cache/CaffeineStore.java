package io.fairlead.stateful.internal.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Policy;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A store that evicts the answer that a frequency sketch rates lowest: Caffeine.
 *
 * <p>The policy is W-TinyLFU (Einziger, Friedman, Manes: TinyLFU: A Highly Efficient Cache Admission Policy, 2017).
 */
final class CaffeineStore implements AnswerStore {
  /** A node of Caffeine's with its weights and its places in a queue, and its part of the frequency sketch. */
  private static final long NODE_BYTES = HeapSize.object(6, 3 * Integer.BYTES) + Long.BYTES;

  private final long maximumBytes;
  private final Cache<CacheKey, CachedAnswer> cache;
  private final Policy.Eviction<CacheKey, CachedAnswer> eviction;

  CaffeineStore(long maximumBytes) {
    this.maximumBytes = maximumBytes;
    this.cache = Caffeine.newBuilder()
        .maximumWeight(maximumBytes)
        .weigher((CacheKey key, CachedAnswer answer) -> (int) size(answer))
        .executor(Runnable::run)
        .build();
    this.eviction = cache.policy().eviction().orElseThrow();
  }

  private static long size(CachedAnswer answer) {
    return HeapSize.of(answer) + NODE_BYTES;
  }

  @Override
  public @Nullable CachedAnswer get(CacheKey key) {
    return cache.getIfPresent(key);
  }

  @Override
  public boolean contains(CacheKey key) {
    return cache.policy().getIfPresentQuietly(key) != null;
  }

  @Override
  public void put(CacheKey key, CachedAnswer answer) {
    long size = size(answer);
    if (size > maximumBytes / BoundedStore.LARGEST_PART || size > Integer.MAX_VALUE) {
      cache.invalidate(key);
    } else {
      cache.put(key, answer);
      if (weight() > maximumBytes) {
        cache.cleanUp();
      }
    }
  }

  private long weight() {
    return eviction.weightedSize().orElseThrow();
  }

  @Override
  public void remove(CacheKey key) {
    cache.invalidate(key);
  }

  /** While another thread evicts, Caffeine's weight includes what is about to go. */
  @Override
  public long bytes() {
    return Math.min(weight(), maximumBytes);
  }

  @Override
  public long maximumBytes() {
    return maximumBytes;
  }

  @Override
  public long size() {
    return cache.estimatedSize();
  }

  @Override
  public List<Entry> best(int most) {
    return eviction.hottest(most).entrySet().stream()
        .map(entry -> new Entry(entry.getKey(), entry.getValue()))
        .toList();
  }

  @Override
  public void forEach(BiConsumer<? super CacheKey, ? super CachedAnswer> action) {
    cache.asMap().forEach(action);
  }
}
