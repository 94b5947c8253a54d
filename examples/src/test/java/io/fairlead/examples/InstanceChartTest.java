package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class InstanceChartTest {
  private final InstanceChart chart = new InstanceChart();

  private InstanceChart with(int... instances) {
    for (int i = 0; i < instances.length; i++) {
      chart.add(Duration.ofMillis(100L * i), instances[i]);
    }
    return chart;
  }

  @Test
  void aColumnIsAsHighAsThereWereInstances() {
    assertThat(with(0, 1, 3, 1, 0).lines(Printed.toAFile().terminal, 5))
        .containsExactly("  3   █", "  2   █", "  1  ███", "  0 ─────", "    ");
  }

  @Test
  void aColumnOfSeveralLooksShowsTheMost() {
    assertThat(with(1, 2, 1, 1, 1, 1, 1, 1).lines(Printed.toAFile().terminal, 4))
        .startsWith("  2 █", "  1 ████");
  }

  @Test
  void whereNobodyLookedItIsAsAtTheLastLook() {
    chart.add(Duration.ZERO, 2);
    chart.add(Duration.ofMillis(10), 1);
    chart.add(Duration.ofMillis(400), 0);

    assertThat(chart.lines(Printed.toAFile().terminal, 4)).startsWith("  2 █", "  1 ███");
  }

  @Test
  void labelsStandWhereTheirTimeBeginsNeverOverlapAndEndWithTheChart() {
    with(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    chart.mark(Duration.ofMillis(200), "one");
    chart.mark(Duration.ofMillis(300), "four");
    chart.mark(Duration.ofMillis(900), "idle");

    assertThat(chart.lines(Printed.inAscii().terminal, 20))
        .last()
        .isEqualTo("        one four    idle");
  }

  @Test
  void inAsciiItIsMadeOfAscii() {
    assertThat(with(1, 0).lines(Printed.inAscii().terminal, 2))
        .containsExactly("  1 #", "  0 --", "    ");
  }

  @Test
  void withoutALookItIsEmpty() {
    assertThat(chart.lines(Printed.inAscii().terminal, 2)).containsExactly("  0 --", "    ");
  }
}
