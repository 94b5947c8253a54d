package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrafficWeightTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 50, 99, 100})
  void aWeightIsAWholePercentage(int percent) {
    assertThat(TrafficWeight.percent(percent).percent()).isEqualTo(percent);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 101, Integer.MIN_VALUE, Integer.MAX_VALUE})
  void nothingIsLessThanNoneOrMoreThanAll(int percent) {
    assertThatThrownBy(() -> TrafficWeight.percent(percent))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("TrafficWeight: percent must be 0 to 100 (got " + percent + ")");
  }

  @Test
  void noneAndAllAreTheEnds() {
    assertThat(TrafficWeight.NONE).isEqualTo(new TrafficWeight(0));
    assertThat(TrafficWeight.ALL).isEqualTo(new TrafficWeight(100));
  }
}
