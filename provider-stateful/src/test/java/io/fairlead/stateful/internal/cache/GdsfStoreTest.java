package io.fairlead.stateful.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import org.junit.jupiter.api.Test;

class GdsfStoreTest {
  private static final CacheKey A = Answers.key(1);
  private static final CacheKey B = Answers.key(2);
  private static final CacheKey C = Answers.key(3);
  private static final CacheKey D = Answers.key(4);

  private final long unit = Answers.bytesIn(GdsfStore::new);

  @Test
  void answersAreOrderedByUsesTimesCostByBytes() {
    AnswerStore store = new GdsfStore(100 * unit);
    int twoUnits = (int) (16 + unit);

    store.put(A, Answers.ofBytes(16, 100)); // 100 for a unit
    store.put(B, Answers.ofBytes(twoUnits, 180)); // 90
    store.put(C, Answers.ofBytes(twoUnits, 70)); // 35, and thrice that when it has been used twice
    store.put(D, Answers.ofBytes(16, 110)); // 110

    assertThat(store.best(10)).extracting(Entry::key).containsExactly(D, A, B, C);

    store.get(C);
    store.get(C);

    assertThat(store.best(3)).extracting(Entry::key).containsExactly(D, C, A);
  }

  @Test
  void theOneWithTheLowestPriorityIsEvicted() {
    AnswerStore store = new GdsfStore(8 * unit);
    for (int i = 1; i <= 8; i++) {
      store.put(Answers.key(i), Answers.ofBytes(16, i == 5 ? 10 : 100));
    }

    store.put(Answers.key(9), Answers.ofBytes(16, 100));

    assertThat(store.contains(Answers.key(5))).isFalse();
    assertThat(store.size()).isEqualTo(8);
  }

  @Test
  void whatWasUsedMuchLongAgoAgesAway() {
    AnswerStore store = new GdsfStore(8 * unit);
    store.put(A, Answers.ofBytes(16, 100));
    for (int i = 0; i < 9; i++) {
      store.get(A); // priority 1000
    }

    // The age rises by 100 when the 7 others, and at most once a new answer itself, have been
    // evicted.
    int key = 100;
    while (store.contains(A) && key < 1000) {
      store.put(Answers.key(key++), Answers.ofBytes(16, 100));
    }

    assertThat(store.contains(A)).isFalse();
    assertThat(key - 100).isBetween(7 * 9, 8 * 11);
  }
}
