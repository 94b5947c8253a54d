package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SplitTest {
  @ParameterizedTest
  @CsvSource({
    "10, 90, 10, true",
    "10, 84, 16, true",
    "10, 99, 1, true",
    "10, 100, 0, false",
    "10, 70, 30, false",
    "50, 50, 50, true",
    "50, 80, 20, false",
    "100, 0, 100, true",
    "100, 1, 99, false",
    "10, 3, 0, true",
  })
  void isCredibleWithinWhatChanceGives(int weight, int blue, int green, boolean credible) {
    Map<String, Integer> counts = new TreeMap<>(Map.of("blue", blue, "green", green));
    counts.values().removeIf(count -> count == 0);

    assertThat(Split.isCredible(Map.of("blue", 100 - weight, "green", weight), counts))
        .isEqualTo(credible);
  }

  @ParameterizedTest
  @CsvSource({"unknown", "red"})
  void anAnswerFromSomebodyElseIsNotCredible(String somebody) {
    assertThat(Split.isCredible(
            Map.of("blue", 90, "green", 10), Map.of("blue", 90, "green", 9, somebody, 1)))
        .isFalse();
  }
}
