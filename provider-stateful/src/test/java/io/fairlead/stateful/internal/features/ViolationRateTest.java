package io.fairlead.stateful.internal.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ViolationRateTest {
  @ParameterizedTest
  // The 95 % quantiles of the beta distribution with v + 1 and n - v, from SciPy 1.17.
  @CsvSource({
    "0, 1, 0.950000000000",
    "0, 300, 0.009936081944",
    "1, 300, 0.015714554892",
    "0, 1000, 0.002991249545",
    "2, 1000, 0.006282284547",
    "10, 1000, 0.016903175121",
    "50, 1000, 0.062863403512",
    "300, 1000, 0.324753612719",
    "900, 1000, 0.915215232332",
    "999, 1000, 0.999948708021",
    "5, 10, 0.777558898992",
    "1000, 1000, 1.000000000000"
  })
  void theBoundIsThatOfClopperAndPearson(int violations, int comparisons, double bound) {
    assertThat(ViolationRate.upperBound(violations, comparisons)).isCloseTo(bound, within(1e-9));
  }

  @Test
  void theBoundWithoutViolationsHasAClosedForm() {
    assertThat(ViolationRate.upperBound(0, 300))
        .isCloseTo(1 - Math.pow(0.05, 1 / 300.0), within(1e-11));
  }

  @Test
  void whatIsAtMostARateAgreesWithTheBound() {
    for (int violations = 0; violations <= 40; violations++) {
      ViolationRate rate = new ViolationRate(1000);
      for (int i = 0; i < 1000; i++) {
        rate.add(i < violations);
      }
      double bound = rate.upperBound();

      assertThat(rate.isAtMost(bound + 1e-9)).isTrue();
      assertThat(rate.isAtMost(bound - 1e-9)).isFalse();
    }
  }

  @Test
  void onlyTheLastComparisonsCount() {
    ViolationRate rate = new ViolationRate(10);
    for (int i = 0; i < 10; i++) {
      rate.add(true);
    }
    assertThat(rate.rate()).isEqualTo(1);

    for (int i = 0; i < 7; i++) {
      rate.add(false);
    }

    assertThat(rate.comparisons()).isEqualTo(10);
    assertThat(rate.rate()).isCloseTo(0.3, within(1e-12));
  }

  @Test
  void withoutComparisonsNothingIsKnown() {
    ViolationRate rate = new ViolationRate(10);

    assertThat(rate.rate()).isZero();
    assertThat(rate.upperBound()).isEqualTo(1);
    assertThat(rate.isAtMost(0.99)).isFalse();
  }

  @Test
  void theBoundCoversTheTrueRateInAtLeast95OfAHundredWindows() {
    SplittableRandom random = new SplittableRandom(1);
    int covered = 0;
    for (int run = 0; run < 2000; run++) {
      int violations = 0;
      for (int i = 0; i < 300; i++) {
        violations += random.nextDouble() < 0.05 ? 1 : 0;
      }
      covered += ViolationRate.upperBound(violations, 300) >= 0.05 ? 1 : 0;
    }

    assertThat(covered).isBetween(1900 - 20, 1990);
  }

  /** What the third in the gate of the approximate keys is for. */
  @Test
  void aWindowOfTheAllowedRateHardlyEverPassesAThirdOfIt() {
    for (double allowed : new double[] {0.02, 0.05, 0.1}) {
      for (int comparisons : new int[] {300, 450, 1000}) {
        int most = -1;
        while (ViolationRate.upperBound(most + 1, comparisons) <= allowed / 3) {
          most++;
        }

        assertThat(binomialTail(most, comparisons, allowed))
            .as("%s allowed, %s comparisons", allowed, comparisons)
            .isLessThan(allowed < 0.05 ? 1.2e-4 : 1e-5);
      }
    }
  }

  private static double binomialTail(int most, int count, double rate) {
    double sum = 0;
    double term = Math.pow(1 - rate, count);
    for (int i = 0; i <= most; i++) {
      sum += term;
      term *= (count - i) / (i + 1.0) * rate / (1 - rate);
    }
    return sum;
  }
}
