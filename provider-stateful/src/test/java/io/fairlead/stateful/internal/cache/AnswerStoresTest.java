package io.fairlead.stateful.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds of every store. */
class AnswerStoresTest {
  private static final long MAXIMUM = 64 << 10;
  private static final int THREADS = 8;

  static Stream<Arguments> stores() {
    return Stream.of(Eviction.values())
        .flatMap(eviction -> Stream.of(false, true)
            .map(tuned ->
                Arguments.argumentSet(eviction + (tuned ? ", tuned" : ""), eviction, tuned)));
  }

  private static AnswerStore open(Eviction eviction, boolean tuned) {
    return AnswerStores.of(eviction, MAXIMUM, tuned, change -> {});
  }

  @Test
  void eachPolicyHasItsStore() {
    assertThat(open(Eviction.LRU, false)).isInstanceOf(LruStore.class);
    assertThat(open(Eviction.FEATURE_BASED_LRU, false)).isInstanceOf(LruStore.class);
    assertThat(open(Eviction.W_TINYLFU, false)).isInstanceOf(CaffeineStore.class);
    assertThat(open(Eviction.COST_AWARE, true)).isInstanceOf(GdsfStore.class);
    assertThat(open(Eviction.LRU, true)).isInstanceOf(TunedStore.class);
    assertThat(open(Eviction.FEATURE_BASED_LRU, true)).isInstanceOf(TunedStore.class);
    assertThat(open(Eviction.W_TINYLFU, true)).isInstanceOf(TunedStore.class);
  }

  @ParameterizedTest
  @MethodSource("stores")
  void anAnswerIsThereUntilItIsRemoved(Eviction eviction, boolean tuned) {
    AnswerStore store = open(eviction, tuned);
    CachedAnswer answer = Answers.ofBytes(100);

    store.put(Answers.key(1), answer);

    assertThat(store.get(Answers.key(1))).isSameAs(answer);
    assertThat(store.contains(Answers.key(1))).isTrue();
    assertThat(store.size()).isEqualTo(1);
    assertThat(store.bytes()).isBetween(200L, 400L);
    assertThat(store.get(Answers.key(2))).isNull();

    store.remove(Answers.key(1));
    store.remove(Answers.key(2));

    assertThat(store.get(Answers.key(1))).isNull();
    assertThat(store.contains(Answers.key(1))).isFalse();
    assertThat(store.size()).isZero();
    assertThat(store.bytes()).isZero();
  }

  @ParameterizedTest
  @MethodSource("stores")
  void theBytesAreThoseOfWhatIsThereAndNeverAboveTheMaximum(Eviction eviction, boolean tuned) {
    AnswerStore store = open(eviction, tuned);
    Map<CacheKey, CachedAnswer> latest = new HashMap<>();
    SplittableRandom random = new SplittableRandom(1);

    for (int i = 0; i < 20_000; i++) {
      CacheKey key = Answers.key(random.nextInt(300));
      switch (random.nextInt(8)) {
        case 0 -> store.remove(key);
        case 1, 2, 3 -> {
          CachedAnswer answer =
              Answers.ofBytes(random.nextInt(random.nextInt(10) == 0 ? 10_000 : 1000));
          store.put(key, answer);
          latest.put(key, answer);
        }
        default -> {
          CachedAnswer found = store.get(key);
          assertThat(found == null || found == latest.get(key)).isTrue();
        }
      }
      assertThat(store.bytes()).isBetween(0L, MAXIMUM);
    }

    assertThatItsBytesAreRight(store, eviction, tuned);
    assertThat(store.bytes()).isGreaterThan(MAXIMUM / 2);
  }

  /** Another store that gets the same has the same bytes. */
  private static void assertThatItsBytesAreRight(
      AnswerStore store, Eviction eviction, boolean tuned) {
    AnswerStore other = AnswerStores.of(eviction, 100 * MAXIMUM, tuned, change -> {});
    store.forEach(other::put);
    assertThat(store.bytes()).isEqualTo(other.bytes());
    assertThat(store.size()).isEqualTo(other.size());
  }

  @ParameterizedTest
  @MethodSource("stores")
  void aReplacedAnswerIsAccountedForOnce(Eviction eviction, boolean tuned) {
    AnswerStore store = open(eviction, tuned);
    store.put(Answers.key(1), Answers.ofBytes(1000));
    long bytes = store.bytes();
    CachedAnswer longer = Answers.ofBytes(3000);

    store.put(Answers.key(1), longer);

    assertThat(store.get(Answers.key(1))).isSameAs(longer);
    assertThat(store.bytes() - bytes).isEqualTo(2000);

    store.put(Answers.key(1), Answers.ofBytes(1000));

    assertThat(store.bytes()).isEqualTo(bytes);
    assertThat(store.size()).isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("stores")
  void anAnswerOfMoreThanAnEighthIsRefusedAndReplacesNothing(Eviction eviction, boolean tuned) {
    AnswerStore store = open(eviction, tuned);
    int overhead = (int) (Answers.bytesIn(bytes -> open(eviction, tuned)) - 16);
    int largest = (int) (MAXIMUM / 8) - overhead;

    store.put(Answers.key(1), Answers.ofBytes(largest));
    store.put(Answers.key(2), Answers.ofBytes(largest + 8));

    assertThat(store.contains(Answers.key(1))).isTrue();
    assertThat(store.contains(Answers.key(2))).isFalse();

    store.put(Answers.key(1), Answers.ofBytes(largest + 8));

    assertThat(store.get(Answers.key(1))).isNull();
    assertThat(store.bytes()).isZero();
  }

  @ParameterizedTest
  @MethodSource("stores")
  void aRetainedRequestCounts(Eviction eviction, boolean tuned) {
    AnswerStore store = open(eviction, tuned);
    store.put(Answers.key(1), Answers.ofBytes(16));
    long without = store.bytes();
    RetainedRequest request = new RetainedRequest("tenant", "application/json", new byte[1000]);

    store.put(
        Answers.key(1),
        new CachedAnswer(new byte[16], "application/json", null, "digest", 0, 1, request));

    assertThat(store.bytes() - without).isBetween(1000L, 1150L);
  }

  @ParameterizedTest
  @MethodSource("stores")
  void theBestAreAsManyAsAreAskedForAndOnlyThoseThatAreThere(Eviction eviction, boolean tuned) {
    AnswerStore store = open(eviction, tuned);
    for (int i = 0; i < 500; i++) {
      store.put(Answers.key(i), Answers.ofBytes(100));
    }

    List<Entry> best = store.best(50);
    List<Entry> all = store.best(Integer.MAX_VALUE);

    assertThat(best).hasSize(50).isEqualTo(all.subList(0, 50));
    assertThat(all).hasSize((int) store.size()).doesNotHaveDuplicates();
    assertThat(all)
        .allSatisfy(entry -> assertThat(store.get(entry.key())).isSameAs(entry.answer()));
    assertThat(store.best(0)).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("stores")
  void eightThreadsLeaveItWhole(Eviction eviction, boolean tuned) throws Exception {
    AnswerStore store = open(eviction, tuned);
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<?>> runs = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        runs.add(threads.submit(() -> useAtRandom(store)));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    } finally {
      threads.shutdownNow();
    }

    assertThat(store.bytes()).isBetween(MAXIMUM / 2, MAXIMUM);
    assertThatItsBytesAreRight(store, eviction, tuned);
    List<CacheKey> best = store.best(Integer.MAX_VALUE).stream().map(Entry::key).toList();
    List<CacheKey> all = new ArrayList<>();
    store.forEach((key, answer) -> all.add(key));
    assertThat(best).containsExactlyInAnyOrderElementsOf(all);
  }

  private static void useAtRandom(AnswerStore store) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    for (int i = 0; i < 20_000; i++) {
      int number = random.nextInt(400);
      CacheKey key = Answers.key(number);
      int what = random.nextInt(16);
      if (what == 0) {
        store.remove(key);
      } else if (what < 6) {
        store.put(key, Answers.ofBytes(number + random.nextInt(400), number));
      } else {
        CachedAnswer answer = store.get(key);
        assertThat(answer == null || answer.costNanos() == number).isTrue();
      }
      assertThat(store.bytes()).isBetween(0L, MAXIMUM);
    }
  }

  @ParameterizedTest
  @MethodSource("stores")
  void whatIsUsedAgainAndAgainStaysThroughAScan(Eviction eviction, boolean tuned) {
    AnswerStore store = open(eviction, tuned);
    List<CacheKey> hot = IntStream.range(0, 10).mapToObj(Answers::key).toList();
    hot.forEach(key -> store.put(key, Answers.ofBytes(100)));

    for (int i = 0; i < 5000; i++) {
      store.get(hot.get(i % hot.size()));
      store.put(Answers.key(1000 + i), Answers.ofBytes(100));
    }

    assertThat(hot).allMatch(store::contains);
  }
}
