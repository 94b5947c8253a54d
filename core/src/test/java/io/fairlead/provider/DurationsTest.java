package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DurationsTest {
  @ParameterizedTest
  @CsvSource({
    "PT0S, 0 s",
    "PT0.000000001S, 1 ns",
    "PT0.0015S, 1500 us",
    "PT0.25S, 250 ms",
    "PT1.5S, 1500 ms",
    "PT1S, 1 s",
    "PT59S, 59 s",
    "PT60S, 1 min",
    "PT90S, 90 s",
    "PT10M, 10 min",
    "PT2H, 2 h",
    "P1D, 1 d",
    "PT-5S, -5 s"
  })
  void aDurationIsShownInTheLargestUnitInWhichItIsAWholeNumber(Duration duration, String shown) {
    assertThat(Durations.shown(duration)).isEqualTo(shown);
  }

  @Test
  void evenTheLongestIsShown() {
    assertThat(Durations.shown(Durations.LONGEST)).isEqualTo("36500 d");
    assertThat(Durations.shown(Duration.ofSeconds(Long.MAX_VALUE))).startsWith("PT");
  }
}
