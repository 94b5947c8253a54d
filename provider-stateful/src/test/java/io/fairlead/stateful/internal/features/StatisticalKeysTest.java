package io.fairlead.stateful.internal.features;

import static io.fairlead.stateful.internal.features.StatisticalKeys.Decision.REFRESH;
import static io.fairlead.stateful.internal.features.StatisticalKeys.Decision.SERVE;
import static io.fairlead.stateful.internal.features.StatisticalKeys.Decision.SHADOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.stateful.internal.features.StatisticalKeys.Decision;
import io.fairlead.stateful.internal.features.StatisticalKeys.Located;
import io.fairlead.stateful.internal.features.StatisticalKeys.Settings;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatisticalKeysTest {
  private static final int CELLS = 10_000;

  private final SplittableRandom random = new SplittableRandom(1);

  /** An owner as the cache is: with a store, and here with a count of what it got wrong. */
  private static final class Owner {
    private final Settings settings;
    private final StatisticalKeys keys;
    private final Map<ByteBuffer, double[]> store = new HashMap<>();
    private final List<Decision> decisions = new ArrayList<>();
    private long served;
    private long wrong;

    private Owner(Settings settings, int cells) {
      this.settings = settings;
      this.keys = new StatisticalKeys(settings, cells, new SplittableRandom(7));
    }

    private void request(FeatureRow row, ToDoubleFunction<FeatureRow> model) {
      double[] exact = {model.applyAsDouble(row)};
      Located located = keys.locate(row);
      ByteBuffer key = located.key().map(ByteBuffer::wrap).orElse(null);
      double[] stored = key == null ? null : store.get(key);
      if (stored != null) {
        Decision decision = keys.hit(located);
        decisions.add(decision);
        if (decision == SERVE) {
          served++;
          wrong += Math.abs(stored[0] - exact[0]) > settings.tolerance() ? 1 : 0;
          return;
        }
      }
      if (key != null) {
        store.put(key, exact);
      }
      keys.answered(located, exact);
    }

    private double wrongRate() {
      return served == 0 ? 0 : (double) wrong / served;
    }

    private long count(Decision decision) {
      return decisions.stream().filter(it -> it == decision).count();
    }
  }

  /** It changes by a quarter of the tolerance within the coarsest cells. */
  private static double smooth(FeatureRow row) {
    return (row.value(0) + row.value(1)) / 20;
  }

  /** The same but for one row of a thousand. */
  private static double rarelyOtherwise(FeatureRow row) {
    return smooth(row) + (isOneOf(1000, row) ? 1 : 0);
  }

  private static boolean isOneOf(int count, FeatureRow row) {
    return Math.floorMod(Float.hashCode(row.value(0)) * 31 + Float.hashCode(row.value(1)), count)
        == 0;
  }

  private FeatureRow row() {
    return Rows.of(random.nextDouble(), random.nextDouble());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.01, 0.019, 1, Double.NaN})
  void aRateThatMeasuringCannotKeepIsRefused(double rate) {
    assertThatThrownBy(() -> new Settings(0.1, rate, 0.02))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("a lower rate of violations cannot be kept by measuring answers");
  }

  @Test
  void fewerShadowChecksThan2PercentAndToleranceBelow0AreRefused() {
    assertThatThrownBy(() -> new Settings(-1, 0.05, 0.01))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("tolerance")
        .hasMessageContaining("shadowShare");
    assertThatThrownBy(() -> new Settings(Double.NaN, 0.05, 0.02))
        .isInstanceOf(InvalidValueException.class);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.02, 0.05})
  void whatIsServedIsWrongNoMoreOftenThanAllowed(double rate) {
    Owner owner = new Owner(new Settings(0.05, rate, 0.02), CELLS);

    for (int i = 0; i < 20_000; i++) {
      owner.request(row(), StatisticalKeysTest::rarelyOtherwise);
    }

    assertThat(owner.served).isGreaterThan(10_000);
    assertThat(owner.wrong).isPositive();
    assertThat(owner.wrongRate()).isLessThanOrEqualTo(rate);
    assertThat(owner.keys.report().serving()).isTrue();
    assertThat(owner.keys.report().served()).isEqualTo(owner.served);
    assertThat(owner.keys.report().upperBound()).isLessThanOrEqualTo(rate / 3);
  }

  @Test
  void aModelThatCellsDoNotFitIsNeverServed() {
    Owner owner = new Owner(new Settings(0.05, 0.05, 0.02), CELLS);

    for (int i = 0; i < 20_000; i++) {
      owner.request(row(), row -> Math.floorMod(Float.hashCode(row.value(0)), 10));
    }

    assertThat(owner.decisions).isEmpty();
    assertThat(owner.keys.report().serving()).isFalse();
    assertThat(owner.keys.report().rate()).isGreaterThan(0.5);
    assertThat(owner.keys.report().reason())
        .startsWith("the rate of violations is at most 9")
        .endsWith("and must be at most 1.67 %, which is a third of the allowed rate");
  }

  @Test
  void thereAreNoKeysBeforeThereIsASampleAndEnoughComparisons() {
    StatisticalKeys keys =
        new StatisticalKeys(new Settings(0.05, 0.05, 0.02), CELLS, new SplittableRandom(1));
    for (int i = 0; i < 499; i++) {
      assertThat(keys.locate(Rows.of(i, 0)).key()).isEmpty();
    }
    assertThat(keys.report().reason()).isEqualTo("the quantiles are being taken: 499 of 500 rows");
    keys.locate(Rows.of(0, 0));

    for (int i = 0; i < 300; i++) {
      Located located = keys.locate(Rows.of(7, 0));
      assertThat(located.key()).isEmpty();
      keys.answered(located, new double[] {1});
    }
    assertThat(keys.report().reason()).isEqualTo("too few comparisons yet: 299 of 300");
    keys.answered(keys.locate(Rows.of(7, 0)), new double[] {1});

    assertThat(keys.locate(Rows.of(7, 0)).key()).isPresent();
    assertThat(keys.report().bins()).isEqualTo(8);
  }

  @Test
  void aCellIsRefreshedAtGrowingDistances() {
    Owner owner = serving();
    owner.decisions.clear();

    List<Integer> refreshed = new ArrayList<>();
    for (int hit = 1; hit <= 1100; hit++) {
      // Beyond all that was seen, so that the cell is new; the first request makes it.
      if (hit == 1) {
        owner.request(Rows.of(1000, 1000), StatisticalKeysTest::smooth);
      }
      owner.request(Rows.of(1000, 1000), StatisticalKeysTest::smooth);
      if (owner.decisions.get(hit - 1) == REFRESH) {
        refreshed.add(hit);
      }
    }

    assertThat(refreshed).containsExactly(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 768, 1024);
  }

  @Test
  void checksBeginWithAllHitsAndFallToTheShareOfTheUser() {
    Owner owner = serving();
    List<Decision> first = owner.decisions.subList(0, 60);
    assertThat(first).doesNotContain(SERVE);
    for (int i = 0; i < 20_000; i++) {
      owner.request(row(), StatisticalKeysTest::smooth);
    }
    owner.decisions.clear();

    for (int i = 0; i < 20_000; i++) {
      owner.request(row(), StatisticalKeysTest::smooth);
    }

    long notRefreshed = owner.decisions.size() - owner.count(REFRESH);
    assertThat((double) owner.count(SHADOW) / notRefreshed).isBetween(0.0199, 0.0201);
  }

  @Test
  void aViolationRaisesTheShareOfChecks() {
    Owner owner = serving();
    for (int i = 0; i < 5_000; i++) {
      owner.request(row(), StatisticalKeysTest::smooth);
    }
    owner.decisions.clear();
    for (int i = 0; i < 500; i++) {
      owner.request(row(), StatisticalKeysTest::smooth);
    }
    long before = owner.count(SHADOW);
    // So few that the level still serves.
    for (int i = 0; i < 600 && owner.keys.report().rate() < 0.006; i++) {
      owner.request(row(), row -> smooth(row) + 10);
    }
    owner.decisions.clear();

    for (int i = 0; i < 500; i++) {
      owner.request(row(), StatisticalKeysTest::smooth);
    }

    assertThat(owner.keys.report().drifts()).isZero();
    assertThat(owner.count(SHADOW)).isGreaterThan(2 * before);
  }

  @Test
  void aDriftStopsServingAndTakesTheQuantilesAnew() {
    Owner owner = serving();
    for (int i = 0; i < 10_000; i++) {
      owner.request(row(), StatisticalKeysTest::smooth);
    }
    long servedBefore = owner.served;

    int until = 0;
    while (owner.keys.report().drifts() == 0) {
      owner.request(row(), row -> Math.floorMod(Float.hashCode(row.value(0)), 1000));
      until++;
      assertThat(until).isLessThan(10_000);
    }

    assertThat(owner.wrongRate()).isLessThanOrEqualTo(0.05);
    assertThat(owner.served - servedBefore).isLessThan(500);
    assertThat(owner.keys.report().reason())
        .isEqualTo("after a drift, the quantiles are being taken: 0 of 500 rows");
    assertThat(owner.keys.locate(row()).key()).isEmpty();

    long servedThen = owner.served;
    for (int i = 0; i < 5_000; i++) {
      owner.request(row(), StatisticalKeysTest::smooth);
    }
    assertThat(owner.served).isGreaterThan(servedThen);
    assertThat(owner.wrongRate()).isLessThanOrEqualTo(0.05);
  }

  @Test
  void whatWasStoredForACellThatIsForgottenIsRefreshed() {
    Owner owner = new Owner(new Settings(0.05, 0.05, 0.02), 1);
    for (int i = 0; i < 2_000; i++) {
      owner.request(Rows.of(i % 1000 < 500 ? i % 500 : 7, 0), row -> 1);
    }
    assertThat(owner.keys.report().serving()).isTrue();
    Located first = owner.keys.locate(Rows.of(-1, 0));
    owner.keys.answered(first, new double[] {1});
    owner.keys.answered(owner.keys.locate(Rows.of(1e9, 0)), new double[] {1});

    assertThat(owner.keys.hit(first)).isEqualTo(REFRESH);
  }

  @Test
  void whatWasLocatedBeforeADriftIsRefreshedAndNotCompared() {
    Owner owner = serving();
    Located before = owner.keys.locate(row());
    while (owner.keys.report().drifts() == 0) {
      owner.request(row(), row -> random.nextDouble());
    }
    for (int i = 0; i < 500; i++) {
      owner.request(row(), StatisticalKeysTest::smooth);
    }
    assertThat(owner.keys.report().reason()).startsWith("too few comparisons yet: 0");

    owner.keys.answered(before, new double[] {1});
    owner.keys.answered(before, new double[] {1});

    assertThat(owner.keys.hit(before)).isEqualTo(REFRESH);
    assertThat(owner.keys.report().comparisons()).isZero();
  }

  @Test
  void rowsOfAnotherSizeHaveNoKey() {
    Owner owner = serving();
    int comparisons = owner.keys.report().comparisons();

    Located located = owner.keys.locate(Rows.of(1));
    owner.keys.answered(located, new double[] {1});

    assertThat(located.key()).isEmpty();
    assertThat(owner.keys.report().comparisons()).isEqualTo(comparisons);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAnswerOfAnotherLengthOrThatIsNoNumberIsAViolation(boolean length) {
    Owner owner = serving();
    double rate = owner.keys.report().rate();
    Located located = owner.keys.locate(row());

    owner.keys.answered(located, length ? new double[] {1, 2} : new double[] {Double.NaN});
    assertThat(owner.keys.report().rate()).isGreaterThan(rate);
    rate = owner.keys.report().rate();

    owner.keys.answered(located, length ? new double[] {1, 2} : new double[] {Double.NaN});
    assertThat(owner.keys.report().rate()).isLessThanOrEqualTo(rate);
  }

  /** An owner whose keys have just begun to serve, with hits that were all checked. */
  private Owner serving() {
    Owner owner = new Owner(new Settings(0.05, 0.05, 0.02), CELLS);
    while (owner.decisions.size() < 60) {
      owner.request(row(), StatisticalKeysTest::smooth);
    }
    assertThat(owner.keys.report().serving()).isTrue();
    return owner;
  }
}
