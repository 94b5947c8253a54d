package io.fairlead.stateful.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CaffeineStoreTest {
  @Test
  void itsHitRatioIsThatOfCaffeineWithWeights() {
    int capacity = 1000;
    int weight = 100;
    Cache<CacheKey, CachedAnswer> caffeine = Caffeine.newBuilder()
        .maximumWeight((long) capacity * weight)
        .weigher((CacheKey key, CachedAnswer answer) -> weight)
        .executor(Runnable::run)
        .build();
    AnswerStore store = new CaffeineStore(capacity * Answers.bytesIn(CaffeineStore::new));
    SplittableRandom random = new SplittableRandom(1);
    int requests = 200_000;
    int hits = 0;
    int caffeineHits = 0;

    for (int i = 0; i < requests; i++) {
      CacheKey key = Answers.key((long) Math.pow(50 * capacity, random.nextDouble()));
      if (store.get(key) == null) {
        store.put(key, Answers.ofBytes(16));
      } else {
        hits++;
      }
      if (caffeine.getIfPresent(key) == null) {
        caffeine.put(key, Answers.ofBytes(16));
      } else {
        caffeineHits++;
      }
    }

    assertThat(100.0 * hits / requests).isCloseTo(100.0 * caffeineHits / requests, within(1.0));
  }
}
