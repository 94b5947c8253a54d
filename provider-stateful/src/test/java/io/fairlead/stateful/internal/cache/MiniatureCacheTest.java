package io.fairlead.stateful.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class MiniatureCacheTest {
  private final FrequencySketch sketch = new FrequencySketch();

  @Test
  void itHitsWhereAStoreOfItsShareHits() {
    int capacity = 600;
    MiniatureCache miniature = new MiniatureCache(sketch, capacity, 1);
    AnswerStore store = new LruStore(capacity * Answers.bytesIn(LruStore::new));
    SplittableRandom random = new SplittableRandom(1);

    for (int i = 0; i < 50_000; i++) {
      CacheKey key = Answers.key((long) (3 * capacity * random.nextDouble() * random.nextDouble()));
      boolean isHit = store.get(key) != null;
      if (!isHit) {
        store.put(key, Answers.ofBytes(16));
      }
      assertThat(miniature.use(key.low(), 1)).isEqualTo(isHit);
    }
  }

  @Test
  void whatIsNotSampledAnyMoreIsGoneWhenItShrinks() {
    MiniatureCache miniature = new MiniatureCache(sketch, 1000, 1);
    LongStream.range(0, 1000).forEach(key -> miniature.use(hash(key), 1));

    miniature.shrink(500, 1);

    long[] kept = LongStream.range(0, 1000)
        .map(MiniatureCacheTest::hash)
        .filter(hash -> (hash & 1) == 0)
        .toArray();
    // The last ones first, so that a miss evicts none that is still to be looked for.
    for (int i = kept.length - 1; i >= Math.max(0, kept.length - 400); i--) {
      assertThat(miniature.use(kept[i], 1)).isTrue();
    }
    long odd = LongStream.range(0, 1000)
        .map(MiniatureCacheTest::hash)
        .filter(hash -> (hash & 1) == 1)
        .findFirst()
        .orElseThrow();
    assertThat(miniature.use(odd, 1)).isFalse();
  }

  private static long hash(long key) {
    return Answers.key(key).low();
  }
}
