package io.fairlead.stateful.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LruStoreTest {
  @ParameterizedTest
  @ValueSource(ints = {8, 9, 50, 1000, 20_000})
  void itHitsWhereAReferenceHits(int capacity) {
    LruStore store = new LruStore(capacity * Answers.bytesIn(LruStore::new));
    Map<Integer, Boolean> reference = new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<Integer, Boolean> eldest) {
        return size() > capacity;
      }
    };
    SplittableRandom random = new SplittableRandom(capacity);

    for (int i = 0; i < 200_000; i++) {
      int key = (int) (capacity * 4 * random.nextDouble() * random.nextDouble());
      boolean isExpected = reference.get(key) != null;
      assertThat(store.get(Answers.key(key)) != null).isEqualTo(isExpected);
      if (!isExpected) {
        reference.put(key, true);
        store.put(Answers.key(key), Answers.ofBytes(16));
      }
    }
  }

  @Test
  void lookingWhetherAnAnswerIsThereIsNoUse() {
    LruStore store = new LruStore(8 * Answers.bytesIn(LruStore::new));
    for (int key = 0; key < 8; key++) {
      store.put(Answers.key(key), Answers.ofBytes(16));
    }

    store.contains(Answers.key(0));
    store.get(Answers.key(1));
    store.put(Answers.key(8), Answers.ofBytes(16));
    store.put(Answers.key(9), Answers.ofBytes(16));

    assertThat(store.contains(Answers.key(0))).isFalse();
    assertThat(store.contains(Answers.key(1))).isTrue();
    assertThat(store.contains(Answers.key(2))).isFalse();
  }

  @Test
  void whatWasUsedAgainIsBetterThanWhatWasNotAndTheLastUsedIsBest() {
    LruStore store = new LruStore(1 << 20);
    for (int key = 0; key < 5; key++) {
      store.put(Answers.key(key), Answers.ofBytes(16));
    }
    store.get(Answers.key(2));
    store.get(Answers.key(0));

    assertThat(store.best(4))
        .extracting(AnswerStore.Entry::key)
        .containsExactly(Answers.key(0), Answers.key(2), Answers.key(4), Answers.key(3));
  }
}
