package io.fairlead.stateful.internal.prefetch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PrefetcherTest {
  private static final long BYTES = 1 << 20;

  private final Map<CacheKey, Boolean> cache = new LinkedHashMap<>(16, 0.75f, true) {
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<CacheKey, Boolean> eldest) {
      return size() > 100;
    }
  };
  private final Prefetcher prefetcher = new Prefetcher(BYTES, cache::size, cache::containsKey, 1);

  private static CacheKey key(int number) {
    return new CacheKey(number, 0);
  }

  private static RetainedRequest request(int number) {
    return new RetainedRequest("", "text/plain", Integer.toString(number).getBytes(UTF_8));
  }

  /** Asks as an engine does. @return whether the cache answered */
  private boolean ask(long session, int number) {
    return ask(session, number, request(number));
  }

  private boolean ask(long session, int number, @Nullable RetainedRequest request) {
    boolean hit = cache.get(key(number)) != null;
    cache.put(key(number), true);
    for (Candidate candidate : prefetcher.observe(session, key(number), request, hit)) {
      assertThat(cache).doesNotContainKey(candidate.key());
      assertThat(candidate.request().body())
          .isEqualTo(request((int) candidate.key().high()).body());
      cache.put(candidate.key(), true);
    }
    return hit;
  }

  private double hitsOfACycle(int length, int rounds) {
    int hits = 0;
    for (int i = 0; i < length * rounds; i++) {
      hits += ask(1, i % length) ? 1 : 0;
    }
    return (double) hits / (length * rounds);
  }

  @Test
  void aCycleThatIsLongerThanTheCacheIsAnsweredFromIt() {
    assertThat(hitsOfACycle(500, 1)).isZero();
    assertThat(hitsOfACycle(500, 10)).isGreaterThan(0.9);

    PrefetchStatistics statistics = prefetcher.statistics();
    assertThat(statistics.precision()).isGreaterThan(0.95);
    assertThat(statistics.issued() - statistics.used() - statistics.wasted()).isBetween(0L, 2L);
  }

  @Test
  void interleavedSessionsArePredictedWhenTheyAreToldApart() {
    SplittableRandom random = new SplittableRandom(1);
    int[] steps = new int[10];
    int hits = 0;
    for (int i = 0; i < 20_000; i++) {
      int session = random.nextInt(10);
      hits += ask(session + 1, session * 50 + steps[session]++ % 50) ? 1 : 0;
    }

    assertThat(hits).isGreaterThan(17_000);
  }

  @Test
  void aStreamWithoutOrderClosesTheGate() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 50_000; i++) {
      ask(Prefetcher.NO_SESSION, random.nextInt(2_000));
    }

    assertThat(prefetcher.statistics().issued()).isBetween(100L, 1_500L);
    assertThat(prefetcher.statistics().precision()).isLessThan(0.2);
  }

  @Test
  void theGateOpensAgainWhenOrderReturns() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 20_000; i++) {
      ask(Prefetcher.NO_SESSION, random.nextInt(2_000));
    }
    hitsOfACycle(500, 40);

    assertThat(hitsOfACycle(500, 10)).isGreaterThan(0.95);
  }

  @Test
  void nothingIsPrefetchedWhoseRequestIsNotRetained() {
    for (int i = 0; i < 5_000; i++) {
      ask(1, i % 500, null);
    }

    assertThat(prefetcher.statistics()).isEqualTo(new PrefetchStatistics(0, 0, 0, 0));
  }

  @Test
  void nothingThatIsCachedIsIssued() {
    hitsOfACycle(90, 50);

    assertThat(prefetcher.statistics().issued()).isZero();
  }

  @Test
  void aPrefetchThatIsNotAskedForWithinAsManyRequestsAsThereAreAnswersIsWasted() {
    Candidate candidate = explicitCandidate(1);
    for (int i = 0; i < 99; i++) {
      ask(1, 10_000 + i);
    }
    assertThat(prefetcher.statistics().wasted()).isZero();
    ask(1, 20_000);
    ask(1, 20_001);

    assertThat(prefetcher.statistics()).isEqualTo(new PrefetchStatistics(1, 0, 1, 0));
    prefetcher.observe(1, candidate.key(), candidate.request(), true);
    assertThat(prefetcher.statistics()).isEqualTo(new PrefetchStatistics(1, 0, 1, 0));
  }

  @Test
  void aPrefetchThatWasEvictedBeforeItWasAskedForIsWasted() {
    fillTheCache();
    Candidate candidate = explicitCandidate(1);

    prefetcher.observe(1, candidate.key(), candidate.request(), false);

    assertThat(prefetcher.statistics()).isEqualTo(new PrefetchStatistics(1, 0, 1, 0));
  }

  @Test
  void aPrefetchIsUsedOnceHoweverOftenItAnswers() {
    fillTheCache();
    Candidate candidate = explicitCandidate(1);

    prefetcher.observe(1, candidate.key(), candidate.request(), true);
    prefetcher.observe(1, candidate.key(), candidate.request(), true);

    assertThat(prefetcher.statistics()).isEqualTo(new PrefetchStatistics(1, 1, 0, 0));
  }

  @Test
  void anAbandonedPrefetchCountsNeitherAsIssuedNorAsWasted() {
    fillTheCache();
    Candidate candidate = explicitCandidate(1);

    prefetcher.abandon(candidate.key());
    prefetcher.abandon(candidate.key());
    fillTheCache();

    assertThat(prefetcher.statistics()).isEqualTo(new PrefetchStatistics(0, 0, 0, 1));
    assertThat(prefetcher.statistics().precision()).isZero();
  }

  @Test
  void candidatesOfTheUsersFunctionPassWhenTheyAreUsed() {
    fillTheCache();
    int issued = 0;
    for (int i = 0; i < 1_000; i++) {
      Candidate next = new Candidate(key(20_000 + i), request(i));
      issued += prefetcher.explicit(List.of(next, next)).size();
      prefetcher.observe(1, next.key(), null, true);
    }
    assertThat(issued).isGreaterThan(900);

    issued = 0;
    for (int i = 0; i < 5_000; i++) {
      Candidate never = new Candidate(key(-1 - i), request(i));
      issued += prefetcher.explicit(List.of(never)).size();
    }
    assertThat(issued).isLessThan(500);
  }

  @Test
  void candidatesThatAreCachedAreLeftOut() {
    cache.put(key(1), true);

    for (int i = 0; i < 1_000; i++) {
      assertThat(prefetcher.explicit(List.of(new Candidate(key(1), request(1)))))
          .isEmpty();
    }
  }

  @Test
  void itsBytesAreBounded() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 50_000; i++) {
      int number = random.nextInt(30_000);
      prefetcher.observe(i % 1000, key(number), new RetainedRequest("", "", new byte[100]), false);
    }

    assertThat(prefetcher.bytes()).isBetween(BYTES * 9 / 10, BYTES);
    assertThatThrownBy(() -> new Prefetcher(1000, cache::size, cache::containsKey, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maximumBytes must be at least 65536, was 1000");
  }

  @Test
  void threadsMayUseItTogether() throws Exception {
    Set<CacheKey> answers = ConcurrentHashMap.newKeySet();
    Prefetcher shared = new Prefetcher(1 << 18, () -> 200, answers::contains, 1);
    AtomicLong handedOut = new AtomicLong();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> runs = new ArrayList<>();
      for (int thread = 0; thread < 8; thread++) {
        int session = thread;
        runs.add(threads.submit(() -> {
          SplittableRandom random = new SplittableRandom(session);
          for (int i = 0; i < 20_000; i++) {
            int number = i % 10 == 0 ? random.nextInt(5_000) : (session * 400 + i) % 3_000;
            boolean hit = answers.remove(key(number));
            for (Candidate candidate :
                shared.observe(session + 1, key(number), request(number), hit)) {
              handedOut.incrementAndGet();
              assertThat(candidate.request().body())
                  .isEqualTo(request((int) candidate.key().high()).body());
              if (i % 7 == 0) {
                shared.abandon(candidate.key());
              } else {
                answers.add(candidate.key());
              }
            }
          }
        }));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    } finally {
      threads.shutdownNow();
    }

    PrefetchStatistics statistics = shared.statistics();
    assertThat(statistics.used()).isGreaterThan(2_000);
    assertThat(statistics.issued() + statistics.abandoned()).isEqualTo(handedOut.get());
    assertThat(statistics.used() + statistics.wasted()).isLessThanOrEqualTo(statistics.issued());
    assertThat(shared.bytes()).isLessThanOrEqualTo(1 << 18);
  }

  private void fillTheCache() {
    for (int i = 0; i < 100; i++) {
      cache.put(key(10_000 + i), true);
    }
  }

  /** {@return one that passed the closed gate, as some do} */
  private Candidate explicitCandidate(int number) {
    Candidate candidate = new Candidate(key(number), request(number));
    List<Candidate> passed = List.of();
    while (passed.isEmpty()) {
      passed = prefetcher.explicit(List.of(candidate));
    }
    fillTheCache();
    return passed.get(0);
  }
}
