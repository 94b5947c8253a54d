package io.fairlead.stateful.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fairlead.stateful.internal.cache.TuningListener.WindowChange;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TunedStoreTest {
  private static final int REQUESTS = 300_000;

  private final List<WindowChange> changes = new ArrayList<>();
  private final SplittableRandom random = new SplittableRandom(1);
  private int fresh = 1 << 20;

  private AnswerStore open(int entries, double share, boolean tuned) {
    long bytes = Answers.bytesIn(it -> new TunedStore(it, share, false, changes::add));
    return new TunedStore(entries * bytes, share, tuned, changes::add);
  }

  private static double hitRatio(AnswerStore store, int requests, IntUnaryOperator keys) {
    int hits = 0;
    for (int i = 0; i < requests; i++) {
      CacheKey key = Answers.key(keys.applyAsInt(i));
      if (store.get(key) == null) {
        store.put(key, Answers.ofBytes(16));
      } else {
        hits++;
      }
    }
    return (double) hits / requests;
  }

  /** New keys, each of which is used again soon, and then never. */
  private int recent(int entries) {
    int back = (int) (-Math.log(1 - random.nextDouble()) * entries * 0.4);
    return random.nextInt(10) < 4 || fresh - 1 - back < 1 << 20 ? fresh++ : fresh - 1 - back;
  }

  /** Some keys much more often than others, and every fourth time a scan of keys that are used once. */
  private int popularOrScanned(int i, int entries) {
    return i / entries % 4 == 3 ? fresh++ : (int) Math.pow(10 * entries, random.nextDouble());
  }

  @ParameterizedTest
  @ValueSource(ints = {50, 1000, 10_000})
  void aStreamOfRecencyMovesTheWindowToLru(int entries) {
    AnswerStore store = open(entries, TunedStore.W_TINYLFU, true);

    hitRatio(store, REQUESTS, i -> recent(entries));

    assertThat(changes).isNotEmpty();
    assertThat(changes.get(changes.size() - 1).newShare()).isGreaterThanOrEqualTo(0.8);
  }

  @ParameterizedTest
  @ValueSource(ints = {50, 1000, 10_000})
  void popularKeysAndScansMakeTheWindowSmall(int entries) {
    AnswerStore store = open(entries, TunedStore.LRU, true);

    double ratio = hitRatio(store, REQUESTS, i -> popularOrScanned(i, entries));

    assertThat(changes).isNotEmpty();
    assertThat(changes.get(changes.size() - 1).newShare()).isLessThanOrEqualTo(0.25);
    fresh = 1 << 20;
    double untuned =
        hitRatio(open(entries, TunedStore.LRU, false), REQUESTS, i -> popularOrScanned(i, entries));
    assertThat(ratio).isGreaterThan(untuned + 0.02);
  }

  @Test
  void aChangeTellsWhyItIsMade() {
    AnswerStore store = open(500, TunedStore.LRU, true);

    hitRatio(store, REQUESTS, i -> popularOrScanned(i, 500));

    assertThat(changes.get(0).oldShare()).isEqualTo(1);
    assertThat(changes).allSatisfy(change -> {
      assertThat(change.newShare()).isNotEqualTo(change.oldShare()).isBetween(0.01, 1.0);
      assertThat(change.newHitRatio()).isBetween(change.oldHitRatio() + 0.004, 1.0);
      assertThat(change.oldHitRatio()).isBetween(0.0, 1.0);
    });
    for (int i = 1; i < changes.size(); i++) {
      assertThat(changes.get(i).oldShare()).isEqualTo(changes.get(i - 1).newShare());
    }
  }

  @Test
  void untunedTheShareStays() {
    hitRatio(open(500, TunedStore.LRU, false), REQUESTS, i -> popularOrScanned(i, 500));
    hitRatio(open(500, 0.3, false), REQUESTS, i -> recent(500));

    assertThat(changes).isEmpty();
  }

  @Test
  void onlyAShareThatIsTriedCanBeTuned() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> open(500, 0.3, true))
        .withMessageContaining("0.3");
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 50, 3000})
  void withAWindowOfAllItHitsWhereAReferenceLruHits(int entries) {
    AnswerStore store = open(entries, TunedStore.LRU, false);
    Map<Integer, Boolean> reference = new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<Integer, Boolean> eldest) {
        return size() > entries;
      }
    };

    for (int i = 0; i < 100_000; i++) {
      int key = (int) (entries * 4 * random.nextDouble() * random.nextDouble());
      boolean isExpected = reference.get(key) != null;
      assertThat(store.get(Answers.key(key)) != null).isEqualTo(isExpected);
      if (!isExpected) {
        reference.put(key, true);
        store.put(Answers.key(key), Answers.ofBytes(16));
      }
    }
  }
}
