package io.fairlead.local.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.reconcile.Traffic;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightedRoundRobinTest {
  private final WeightedRoundRobin weights = new WeightedRoundRobin();

  @ParameterizedTest
  @ValueSource(ints = {1, 10, 33, 50, 99})
  void everyHundredInARowAreDividedExactly(int percent) {
    weights.set(new Traffic(Map.of("green", percent, "blue", 100 - percent)));
    List<String> picks = picks(1000);

    for (int from = 0; from + 100 <= picks.size(); from++) {
      assertThat(picks.subList(from, from + 100)).filteredOn("green"::equals).hasSize(percent);
    }
  }

  @Test
  void atNoTimeIsAVariantMoreThanOneRequestFromItsShare() {
    weights.set(new Traffic(Map.of("green", 10, "blue", 90)));
    int green = 0;
    for (int asked = 1; asked <= 500; asked++) {
      green += weights.next().orElseThrow().equals("green") ? 1 : 0;
      assertThat(Math.abs(green - asked * 0.1)).isLessThanOrEqualTo(1.0);
    }
  }

  @Test
  void aVariantOfWeightZeroIsNeverTaken() {
    weights.set(Traffic.allTo("blue"));

    assertThat(picks(200)).containsOnly("blue");
  }

  @Test
  void withoutWeightsNothingIsTaken() {
    assertThat(weights.next()).isEmpty();
    weights.set(Traffic.allTo("blue"));
    weights.set(Traffic.NONE);

    assertThat(weights.next()).isEmpty();
  }

  @Test
  void theSameDivisionAgainDoesNotBeginAnew() {
    Traffic traffic = new Traffic(Map.of("green", 50, "blue", 50));
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < 100; i++) {
      weights.set(traffic);
      counts.merge(weights.next().orElseThrow(), 1, Integer::sum);
    }

    assertThat(counts).isEqualTo(Map.of("blue", 50, "green", 50));
  }

  private List<String> picks(int count) {
    List<String> picks = new ArrayList<>();
    IntStream.range(0, count).forEach(i -> picks.add(weights.next().orElseThrow()));
    return picks;
  }
}
