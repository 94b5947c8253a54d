package io.fairlead.stateful.internal.features;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StratifiedSampleTest {
  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.013, 0.3, 0.77, 1})
  void theShareIsKeptAtAnyTime(double share) {
    StratifiedSample sample = new StratifiedSample(new SplittableRandom(1));
    int taken = 0;
    int since = 0;
    for (int i = 1; i <= 100_000; i++) {
      since++;
      if (sample.next(share)) {
        taken++;
        since = 0;
      }
      assertThat((double) taken).isBetween(i * share - 1.001, i * share + 1.001);
      assertThat((double) since).isLessThan(2 / share + 0.001);
    }
  }

  @Test
  void eachPlaceInAStreamThatRepeatsItselfIsTakenAsOften() {
    StratifiedSample sample = new StratifiedSample(new SplittableRandom(1));
    int[] taken = new int[10];
    for (int i = 0; i < 100_000; i++) {
      if (sample.next(0.1)) {
        taken[i % 10]++;
      }
    }

    // Binomial: 1,000 with a standard deviation of 30.
    for (int count : taken) {
      assertThat(count).isBetween(880, 1120);
    }
  }
}
