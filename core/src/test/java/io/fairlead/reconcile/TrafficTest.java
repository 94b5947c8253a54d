package io.fairlead.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TrafficTest {
  private static Map<String, Integer> inProportion(Map<String, Integer> shares) {
    return Traffic.inProportion(new TreeMap<>(shares)).weights();
  }

  @Test
  void weightsOfAnySumAreSharesOfAHundred() {
    assertThat(inProportion(Map.of("blue", 30, "green", 10)))
        .isEqualTo(Map.of("blue", 75, "green", 25));
    assertThat(inProportion(Map.of("blue", 100, "green", 100)))
        .isEqualTo(Map.of("blue", 50, "green", 50));
    assertThat(inProportion(Map.of("blue", 70, "green", 30)))
        .isEqualTo(Map.of("blue", 70, "green", 30));
  }

  @Test
  void aPercentThatIsLeftGoesToTheLargestRemainderAndThenToTheFirstByName() {
    assertThat(inProportion(Map.of("blue", 1, "green", 2)))
        .isEqualTo(Map.of("blue", 33, "green", 67));
    assertThat(inProportion(Map.of("blue", 1, "green", 1, "red", 1)))
        .isEqualTo(Map.of("blue", 34, "green", 33, "red", 33));
  }

  @Test
  void withoutAnyWeightNoVariantGetsARequest() {
    assertThat(inProportion(Map.of("blue", 0))).isEmpty();
    assertThat(inProportion(Map.of())).isEmpty();
  }
}
