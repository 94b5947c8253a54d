package io.fairlead.rollout.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.fairlead.rollout.Guard;
import io.fairlead.rollout.Observations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WatchTest {
  private static final Guard GUARD = Guard.maxFailures(0.02);
  private static final int RUNS = 2_000;

  private static Observations seen(long requests, long failures) {
    return new Observations(requests, failures, new TreeMap<>());
  }

  /** What many runs came to, as shares of them and the medians of requests until then. */
  private record Runs(double refused, int untilRefused, double passed, int untilPassed) {}

  /** Simulates so many runs of at most so many requests, which fail with a probability, with a look after every few. */
  private static Runs simulate(int runs, double probability, int requests, int perLook) {
    Random random = new Random(42);
    List<Integer> untilRefused = new ArrayList<>();
    List<Integer> untilPassed = new ArrayList<>();
    for (int run = 0; run < runs; run++) {
      Watch watch = new Watch(GUARD);
      long failures = 0;
      boolean hasPassed = false;
      for (int asked = 1; asked <= requests && !watch.hasRefused(); asked++) {
        failures += random.nextDouble() < probability ? 1 : 0;
        if (asked % perLook == 0) {
          watch.look(seen(asked, failures));
        }
        if (watch.hasPassed() && !hasPassed) {
          hasPassed = true;
          untilPassed.add(asked);
        }
        if (watch.hasRefused()) {
          untilRefused.add(asked);
        }
      }
    }
    return new Runs(
        (double) untilRefused.size() / runs,
        median(untilRefused),
        (double) untilPassed.size() / runs,
        median(untilPassed));
  }

  private static int median(List<Integer> all) {
    all.sort(null);
    return all.isEmpty() ? 0 : all.get(all.size() / 2);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 100})
  void aCandidateAtTheLimitIsSeldomRefusedHoweverLongItIsWatched(int perLook) {
    assertThat(simulate(RUNS, 0.02, 1_000, perLook).refused()).isLessThanOrEqualTo(0.05);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 100})
  void anIntolerableCandidateSeldomPasses(int perLook) {
    Runs runs = simulate(RUNS, 0.05, 3_000, perLook);

    assertThat(runs.passed()).as("5%, and what chance adds").isLessThanOrEqualTo(0.06);
    assertThat(runs.refused()).as("it is caught, sooner or later").isEqualTo(1);
  }

  /** The rows of the page: the share of requests that fail; refused, until then; passed, until then. */
  @Test
  void thePageSaysWhatSimulationsComeTo() throws IOException {
    Pattern row = Pattern.compile(
        "\\| ([\\d.]+) %[^|]*\\| ([\\d.]+) % \\| *(\\d*) *\\| ([\\d.]+) % \\| *(\\d*) *\\|");
    List<MatchResult> rows =
        row.matcher(Files.readString(Path.of("../docs/rollouts.md"))).results().toList();

    assertThat(rows).hasSize(7);
    for (MatchResult said : rows) {
      Runs runs = simulate(600, Double.parseDouble(said.group(1)) / 100, 3_000, 1);
      assertThat(runs.refused() * 100)
          .as(said.group())
          .isCloseTo(Double.parseDouble(said.group(2)), within(6.0));
      assertThat(runs.passed() * 100)
          .as(said.group())
          .isCloseTo(Double.parseDouble(said.group(4)), within(6.0));
      assertMedian(said.group(3), runs.untilRefused());
      assertMedian(said.group(5), runs.untilPassed());
    }
  }

  private static void assertMedian(String said, int simulated) {
    // Of the few that are refused at the limit, and pass above it, the median is nearly chance.
    if (!said.isEmpty() && simulated > 0) {
      assertThat((double) simulated).isCloseTo(Double.parseDouble(said), withinPercentage(45));
    }
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
