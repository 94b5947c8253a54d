package io.fairlead.stateful.internal.prefetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RequestLogTest {
  private static CacheKey key(int number) {
    return new CacheKey(0, number);
  }

  private static RetainedRequest request(int bytes) {
    return new RetainedRequest("", "application/json", new byte[bytes]);
  }

  private static void retain(RequestLog log, int number, int bytes, boolean worthwhile) {
    log.retain(TagTable.tag(key(number)), key(number), request(bytes), worthwhile);
  }

  private static boolean holds(RequestLog log, int number) {
    Candidate candidate = log.find(TagTable.tag(key(number)));
    assertThat(candidate == null || candidate.key().equals(key(number))).isTrue();
    return candidate != null;
  }

  @Test
  void aRequestIsFoundByItsKey() {
    RequestLog log = new RequestLog(10_000);
    RetainedRequest request = request(10);
    log.retain(TagTable.tag(key(1)), key(1), request, true);
    log.retain(TagTable.tag(key(1)), key(1), request(10), true);

    assertThat(log.find(TagTable.tag(key(1)))).isEqualTo(new Candidate(key(1), request));
    assertThat(log.find(TagTable.tag(key(2)))).isNull();
  }

  @Test
  void itsBytesAreBoundedAndMostOfTheLatestAreThere() {
    RequestLog log = new RequestLog(100_000);

    for (int i = 0; i < 10_000; i++) {
      retain(log, i, 100, true);
      assertThat(log.bytes()).isLessThanOrEqualTo(100_000);
    }

    assertThat(log.bytes()).isGreaterThan(90_000);
    assertThat(IntStream.range(9_800, 10_000).filter(i -> holds(log, i)).count())
        .isGreaterThan(120);
    assertThat(IntStream.range(0, 5_000).filter(i -> holds(log, i)).count()).isLessThan(10);
  }

  @Test
  void whatIsPredictedStays() {
    RequestLog log = new RequestLog(100_000);

    for (int i = 0; i < 10_000; i++) {
      retain(log, i, 100, true);
      assertThat(holds(log, 0)).isTrue();
    }
  }

  @Test
  void aFullLogTakesWhatIsWorthwhileOnly() {
    RequestLog log = new RequestLog(100_000);
    for (int i = 0; i < 10_000; i++) {
      retain(log, i, 100, false);
    }

    retain(log, 10_000, 100, false);
    retain(log, 10_001, 100, true);

    assertThat(holds(log, 0) || holds(log, 1)).isTrue();
    assertThat(holds(log, 9_999)).isFalse();
    assertThat(holds(log, 10_000)).isFalse();
    assertThat(holds(log, 10_001)).isTrue();
    assertThat(log.bytes()).isLessThanOrEqualTo(100_000);
  }

  @Test
  void aRequestOfMoreThanAnEighthIsNotKept() {
    RequestLog log = new RequestLog(80_000);

    retain(log, 1, 10_000, true);
    retain(log, 2, 9_900, true);

    assertThat(holds(log, 1)).isFalse();
    assertThat(holds(log, 2)).isTrue();
  }

  @Test
  void noRequestIsLostOrMixedUpWhileOthersComeAndGo() {
    RequestLog log = new RequestLog(4 << 20);
    SplittableRandom random = new SplittableRandom(1);
    Set<Integer> held = new HashSet<>();
    for (int i = 0; i < 200_000; i++) {
      int number = random.nextInt(60_000);
      retain(log, number, number % 200, true);
      assertThat(holds(log, number)).isTrue();
    }
    for (int number = 0; number < 60_000; number++) {
      Candidate candidate = log.find(TagTable.tag(key(number)));
      if (candidate != null) {
        assertThat(candidate.key()).isEqualTo(key(number));
        assertThat(candidate.request().body()).hasSize(number % 200);
        held.add(number);
      }
    }

    assertThat(log.bytes()).isBetween((3L << 20) + (1 << 19), 4L << 20);
    long bodies = held.stream().mapToLong(number -> number % 200).sum();
    assertThat(log.bytes()).isBetween(bodies + held.size() * 60L, bodies + held.size() * 120L);
  }
}
