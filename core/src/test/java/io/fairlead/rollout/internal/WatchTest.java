package io.fairlead.rollout.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.rollout.Guard;
import io.fairlead.rollout.Observations;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WatchTest {
  private static final Guard GUARD = Guard.maxFailures(0.02);
  private static final int RUNS = 4_000;

  private static Observations seen(long requests, long failures) {
    return new Observations(requests, failures, new TreeMap<>());
  }

  /** What many runs came to, of requests that fail with a probability. */
  private record Runs(int refused, int passed, int medianOfRefused) {}

  /** Simulates runs of so many requests each, with a look after every few. */
  private static Runs simulate(double probability, int requests, int perLook) {
    Random random = new Random(42);
    int passed = 0;
    int[] refusedAfter = new int[RUNS];
    int refused = 0;
    for (int run = 0; run < RUNS; run++) {
      Watch watch = new Watch(GUARD);
      long failures = 0;
      boolean hasPassed = false;
      for (int asked = 1; asked <= requests && !watch.hasRefused(); asked++) {
        failures += random.nextDouble() < probability ? 1 : 0;
        if (asked % perLook == 0) {
          watch.look(seen(asked, failures));
          hasPassed |= watch.hasPassed();
        }
        if (watch.hasRefused()) {
          refusedAfter[refused++] = asked;
        }
      }
      passed += hasPassed ? 1 : 0;
    }
    Arrays.sort(refusedAfter, 0, refused);
    return new Runs(refused, passed, refused == 0 ? 0 : refusedAfter[refused / 2]);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 100})
  void aCandidateAtTheLimitIsSeldomRefusedHoweverLongItIsWatched(int perLook) {
    assertThat(simulate(0.02, 1_000, perLook).refused()).isLessThanOrEqualTo(RUNS * 5 / 100);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 100})
  void anIntolerableCandidateSeldomPasses(int perLook) {
    Runs runs = simulate(0.05, 3_000, perLook);

    assertThat(runs.passed()).as("5%, and what chance adds").isLessThanOrEqualTo(RUNS * 6 / 100);
    assertThat(runs.refused()).as("it is caught, sooner or later").isEqualTo(RUNS);
  }

  @Test
  void aBadCandidateIsCaughtSoonAndAHealthyOneNever() {
    assertThat(simulate(0.1, 3_000, 1).medianOfRefused()).isLessThan(80);
    assertThat(simulate(0.3, 3_000, 1).medianOfRefused()).isLessThan(20);
    assertThat(simulate(0.005, 3_000, 1).refused()).isZero();
  }

  @Test
  void oneFailureAmongTheFirstRequestsDecidesNothing() {
    Watch watch = new Watch(GUARD);

    watch.look(seen(1, 1));

    assertThat(watch.hasRefused()).isFalse();
    assertThat(watch.hasPassed()).isFalse();
    assertThat(watch.verdict())
        .isEqualTo("1 of 1 requests failed (100%), where at most 2% may: undecided");
  }

  @Test
  void aHealthyCandidatePassesAfterAHundredRequests() {
    Watch watch = new Watch(GUARD);

    watch.look(seen(90, 0));
    assertThat(watch.hasPassed()).isFalse();
    watch.look(seen(100, 0));

    assertThat(watch.hasPassed()).isTrue();
    assertThat(watch.verdict())
        .isEqualTo("0 of 100 requests failed (0%), where at most 2% may: passed");
  }

  @Test
  void aCandidateThatGetsWorseAfterItHasPassedIsRefused() {
    Watch watch = new Watch(GUARD);
    watch.look(seen(100_000, 0));

    watch.look(seen(100_010, 10));

    assertThat(watch.hasRefused()).isTrue();
    assertThat(watch.hasPassed()).isFalse();
    watch.look(seen(1_000_000, 10));
    assertThat(watch.hasRefused()).as("for good").isTrue();
  }

  @Test
  void aSourceThatBeginsAnewIsNotGuessedAt() {
    Watch watch = new Watch(GUARD);
    watch.look(seen(50, 0));

    watch.look(seen(10, 0));
    watch.look(seen(100, 0));
    assertThat(watch.hasPassed()).as("after 90 more").isFalse();
    watch.look(seen(110, 0));

    assertThat(watch.hasPassed()).isTrue();
  }

  @Test
  void aFailureThatIsSeenALookAfterItsRequestCounts() {
    Watch watch = new Watch(GUARD);
    for (int i = 1; i <= 10 && !watch.hasRefused(); i++) {
      watch.look(seen(100L * i, 50L * (i - 1)));
      watch.look(seen(100L * i, 50L * i));
    }

    assertThat(watch.hasRefused()).isTrue();
  }

  @Test
  void aSourceThatGoesBackAndForthLetsNothingPass() {
    Watch watch = new Watch(GUARD);
    for (int i = 0; i < 100; i++) {
      watch.look(seen(10, 0));
      watch.look(seen(5, 0));
    }

    assertThat(watch.hasPassed()).isFalse();
  }

  @Test
  void failuresOfWhichTheVariantIsNotKnownNeitherRefuseNorPromote() {
    Watch watch = new Watch(GUARD);

    watch.look(new Observations(200, 0, 40, new TreeMap<>()));

    assertThat(watch.hasRefused()).isFalse();
    assertThat(watch.hasPassed()).isFalse();
    assertThat(watch.verdict())
        .isEqualTo(
            "0 of 200 requests failed (0%), where at most 2% may, and 40 more failed of which "
                + "the variant is not known: undecided");

    // So many good ones that it would be good even if all of those were its own.
    watch.look(new Observations(20_000, 0, 40, new TreeMap<>()));
    assertThat(watch.hasPassed()).isTrue();

    watch.look(new Observations(20_100, 0, 140, new TreeMap<>()));
    assertThat(watch.hasPassed()).as("it may hang since").isFalse();
    assertThat(watch.hasRefused()).isFalse();
  }

  @Test
  void slowRequestsAreCountedByTheirOwnLimit() {
    Watch watch = new Watch(Guard.maxSlower(0.05, Duration.ofMillis(800)));

    watch.look(new Observations(
        100, 0, new TreeMap<>(Map.of(Duration.ofMillis(800), 30L, Duration.ofMillis(100), 90L))));

    assertThat(watch.finding())
        .isEqualTo("30 of 100 requests took longer than 800 ms (30%), where at most 5% may");
    assertThat(watch.hasRefused()).isTrue();
  }
}
