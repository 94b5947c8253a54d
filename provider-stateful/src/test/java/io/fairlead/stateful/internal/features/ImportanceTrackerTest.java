package io.fairlead.stateful.internal.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.stateful.internal.features.ImportanceTracker.Probe;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImportanceTrackerTest {
  private static final double[] WEIGHTS = {3, -1, 0, 0.5};
  /** The mean distance of two values that are uniform on [0, 1]. */
  private static final double UNIFORM_DISTANCE = 1.0 / 3;

  private final SplittableRandom random = new SplittableRandom(1);

  private static double linear(FeatureRow row) {
    double sum = 0;
    for (int i = 0; i < WEIGHTS.length; i++) {
      sum += WEIGHTS[i] * row.value(i);
    }
    return sum;
  }

  private FeatureRow row() {
    return Rows.of(
        random.nextDouble(), random.nextDouble(), random.nextDouble(), random.nextDouble());
  }

  private int ask(ImportanceTracker tracker, int requests, ToDoubleFunction<FeatureRow> model) {
    int calls = 0;
    for (int i = 0; i < requests; i++) {
      FeatureRow row = row();
      Optional<Probe> probe = tracker.sample(row);
      if (probe.isPresent()) {
        calls++;
        tracker.record(probe.get(), new double[] {model.applyAsDouble(row)}, new double[] {
          model.applyAsDouble(FeatureRow.parse(probe.get().request()).orElseThrow())
        });
      }
    }
    return calls;
  }

  private static ImportanceTracker tracker(double budget, long seed) {
    return new ImportanceTracker(WEIGHTS.length, budget, 256, new SplittableRandom(seed));
  }

  @Test
  void theImportanceOfALinearModelIsItsClosedForm() {
    ImportanceTracker tracker = tracker(0.5, 1);

    ask(tracker, 40_000, ImportanceTrackerTest::linear);

    for (Importance each : tracker.snapshot()) {
      double expected = Math.abs(WEIGHTS[each.feature()]) * UNIFORM_DISTANCE;
      assertThat(each.mean()).isCloseTo(expected, within(0.05 * expected + 1e-6));
      assertThat(each.samples()).isCloseTo(5_000, within(1.0));
    }
  }

  @Test
  void aFeatureThatTheModelDoesNotSeeComesLast() {
    ImportanceTracker tracker = tracker(0.05, 1);

    ask(tracker, 4_000, ImportanceTrackerTest::linear);

    List<Integer> ranked = tracker.snapshot().stream()
        .sorted(Comparator.comparingDouble(Importance::mean).reversed())
        .map(Importance::feature)
        .collect(Collectors.toList());
    assertThat(ranked).containsExactly(0, 1, 3, 2);
  }

  @Test
  void standardErrorsCoverTheTruth() {
    int covered = 0;
    int runs = 400;
    for (int seed = 0; seed < runs; seed++) {
      ImportanceTracker tracker = tracker(0.5, seed);
      ask(tracker, 400, ImportanceTrackerTest::linear);
      Importance first = tracker.snapshot().get(0);
      covered +=
          Math.abs(first.mean() - 3 * UNIFORM_DISTANCE) <= 1.96 * first.standardError() ? 1 : 0;
    }

    assertThat(covered).isBetween((int) (0.91 * runs), (int) (0.99 * runs));
  }

  @Test
  void standardErrorsShrinkWithTheRootOfTheSamples() {
    ImportanceTracker tracker = tracker(1, 1);
    ask(tracker, 1_000, ImportanceTrackerTest::linear);
    double few = tracker.snapshot().get(0).standardError();

    ask(tracker, 15_000, ImportanceTrackerTest::linear);

    assertThat(tracker.snapshot().get(0).standardError()).isCloseTo(few / 4, within(few / 40));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.05, 0.3})
  void theBudgetIsKeptToOneCall(double budget) {
    int calls = ask(tracker(budget, 1), 10_000, ImportanceTrackerTest::linear);

    assertThat((double) calls).isCloseTo(10_000 * budget, within(1.001));
  }

  @Test
  void withTheWholeBudgetOnlyTheFirstRowHasNoneToSwapWith() {
    assertThat(ask(tracker(1, 1), 1_000, ImportanceTrackerTest::linear)).isEqualTo(999);
  }

  @Test
  void aProbeDiffersInOneFeatureThatARecentRowHas() {
    for (int seed = 0; seed < 20; seed++) {
      ImportanceTracker tracker = new ImportanceTracker(2, 1, 16, new SplittableRandom(seed));
      tracker.sample(Rows.of(1, 2));

      Probe probe = tracker.sample(Rows.of(3, 4)).orElseThrow();
      FeatureRow asked = FeatureRow.parse(probe.request()).orElseThrow();

      assertThat(asked.value(probe.feature())).isEqualTo(probe.feature() == 0 ? 1f : 2f);
      assertThat(asked.value(1 - probe.feature())).isEqualTo(probe.feature() == 0 ? 4f : 3f);
    }
  }

  @Test
  void aSwapBetweenEqualValuesIsMeasuredWithoutACall() {
    ImportanceTracker tracker = new ImportanceTracker(2, 1, 16, new SplittableRandom(1));
    for (int i = 0; i < 100; i++) {
      assertThat(tracker.sample(Rows.of(1, 2))).isEmpty();
    }

    assertThat(tracker.snapshot()).allSatisfy(each -> {
      assertThat(each.mean()).isZero();
      assertThat(each.samples()).isGreaterThan(90);
    });
  }

  @Test
  void recentRowsReplaceOldOnes() {
    ImportanceTracker tracker = new ImportanceTracker(1, 1, 8, new SplittableRandom(1));
    for (int i = 0; i < 8; i++) {
      tracker.sample(Rows.of(0));
    }
    for (int i = 0; i < 2_000; i++) {
      tracker.sample(Rows.of(i % 2 + 1));
    }

    for (int i = 0; i < 100; i++) {
      tracker
          .sample(Rows.of(5))
          .ifPresent(probe -> assertThat(probe.changed().value(0)).isNotZero());
    }
  }

  @Test
  void aPeriodLaterSamplesCountHalf() {
    ImportanceTracker tracker = tracker(1, 1);
    ask(tracker, 4_000, ImportanceTrackerTest::linear);
    double before = tracker.snapshot().get(0).mean();
    tracker.roll();
    assertThat(tracker.snapshot().get(0).mean()).isCloseTo(before, within(1e-9));

    ask(tracker, 2_000, row -> 0);

    // A half of 4,000 old samples and 2,000 new ones.
    assertThat(tracker.snapshot().get(0).mean()).isCloseTo(before / 2, within(0.01));
    for (int i = 0; i < 60; i++) {
      tracker.roll();
    }
    ask(tracker, 400, row -> 0);
    assertThat(tracker.snapshot().get(0).mean()).isCloseTo(0, within(1e-9));
  }

  @Test
  void theGreatestChangeOfAVectorCounts() {
    ImportanceTracker tracker = new ImportanceTracker(1, 1, 8, new SplittableRandom(1));
    tracker.sample(Rows.of(1));
    Probe probe = tracker.sample(Rows.of(2)).orElseThrow();

    tracker.record(probe, new double[] {1, 1}, new double[] {1.5, -2});

    assertThat(tracker.snapshot())
        .containsExactly(new Importance(0, 3, Double.POSITIVE_INFINITY, 1));
  }

  @Test
  void answersWithoutADistanceAreLeftOut() {
    ImportanceTracker tracker = new ImportanceTracker(1, 1, 8, new SplittableRandom(1));
    tracker.sample(Rows.of(1));
    Probe probe = tracker.sample(Rows.of(2)).orElseThrow();

    tracker.record(probe, new double[] {1}, new double[] {1, 2});
    tracker.record(probe, new double[] {1}, new double[] {Double.NaN});
    tracker.record(probe, new double[] {1}, new double[] {Double.POSITIVE_INFINITY});

    assertThat(tracker.snapshot())
        .containsExactly(new Importance(0, 0, Double.POSITIVE_INFINITY, 0));
  }

  @Test
  void rowsOfAnotherSizeAreLeftOut() {
    ImportanceTracker tracker = new ImportanceTracker(2, 1, 8, new SplittableRandom(1));
    tracker.sample(Rows.of(1));

    assertThat(tracker.sample(Rows.of(1, 2))).isEmpty();
    assertThat(tracker.sample(Rows.of(1))).isEmpty();
    assertThat(tracker.sample(Rows.of(3, 4))).isPresent();
  }

  @Test
  void settingsThatMakeNoSenseAreRefused() {
    assertThatThrownBy(() -> new ImportanceTracker(0, 0, 0, random))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("features")
        .hasMessageContaining("budget")
        .hasMessageContaining("mostRows");
  }
}
