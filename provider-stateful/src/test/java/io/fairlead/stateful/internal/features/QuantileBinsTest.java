package io.fairlead.stateful.internal.features;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuantileBinsTest {
  private static final String FORM = "form";

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void eachBinHoldsEquallyManyValues(int level) {
    List<FeatureRow> sample = rows(DoubleStream.iterate(0, value -> value + 1).limit(1024));
    QuantileBins bins = QuantileBins.of(sample);

    List<String> cells =
        sample.stream().map(row -> cell(bins, level, row)).collect(Collectors.toList());

    assertThat(new HashSet<>(cells)).hasSize(256 >> level);
    assertThat(cells.stream()
            .collect(Collectors.groupingBy(it -> it, Collectors.counting()))
            .values())
        .containsOnly(4L << level);
  }

  @Test
  void cellsAreNested() {
    SplittableRandom random = new SplittableRandom(1);
    List<FeatureRow> sample = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      sample.add(Rows.of(random.nextDouble(), random.nextInt(5)));
    }
    QuantileBins bins = QuantileBins.of(sample);

    for (int level = 1; level < QuantileBins.LEVELS; level++) {
      for (int i = 1; i < sample.size(); i++) {
        FeatureRow row = sample.get(i);
        FeatureRow other = sample.get(i - 1);
        boolean finer = cell(bins, level - 1, row).equals(cell(bins, level - 1, other));
        assertThat(!finer || cell(bins, level, row).equals(cell(bins, level, other)))
            .isTrue();
      }
    }
  }

  @Test
  void belowAboveAndNanAreBinsOfTheirOwnAtAllLevels() {
    QuantileBins bins = QuantileBins.of(rows(DoubleStream.of(1, 1, 1, 2)));

    for (int level = 0; level < QuantileBins.LEVELS; level++) {
      assertThat(List.of(
              cell(bins, level, Rows.of(0.9)),
              cell(bins, level, Rows.of(1)),
              cell(bins, level, Rows.of(2.1)),
              cell(bins, level, Rows.of(Double.NaN))))
          .doesNotHaveDuplicates();
      assertThat(cell(bins, level, Rows.of(2.1)))
          .isEqualTo(cell(bins, level, Rows.of(Double.POSITIVE_INFINITY)));
    }
    assertThat(cell(bins, 0, Rows.of(1))).isNotEqualTo(cell(bins, 0, Rows.of(2)));
  }

  @Test
  void aFeatureWithoutValuesInTheSampleHasABinForAllOfThem() {
    QuantileBins bins = QuantileBins.of(rows(DoubleStream.of(Double.NaN, Double.NaN)));

    assertThat(cell(bins, 0, Rows.of(1))).isEqualTo(cell(bins, 0, Rows.of(-1)));
    assertThat(cell(bins, 0, Rows.of(1))).isNotEqualTo(cell(bins, 0, Rows.of(Double.NaN)));
  }

  @Test
  void zeroHasOneBin() {
    QuantileBins bins = QuantileBins.of(rows(DoubleStream.of(-1, -0.0, 0.0, 1)));

    assertThat(cell(bins, 0, Rows.of(-0.0))).isEqualTo(cell(bins, 0, Rows.of(0.0)));
  }

  @Test
  void cellsOfOtherLevelsCalibrationsAndFormsDiffer() {
    QuantileBins bins = QuantileBins.of(rows(DoubleStream.of(1, 2)));
    char[] first = bins.finest(Rows.of(1));

    assertThat(List.of(
            hex(QuantileBins.cell(0, 0, first, FORM)),
            hex(QuantileBins.cell(0, 1, first, FORM)),
            hex(QuantileBins.cell(1, 0, first, FORM)),
            hex(QuantileBins.cell(0, 0, first, "other"))))
        .doesNotHaveDuplicates();
  }

  private static String cell(QuantileBins bins, int level, FeatureRow row) {
    return hex(QuantileBins.cell(1, level, bins.finest(row), FORM));
  }

  private static String hex(byte[] bytes) {
    StringBuilder hex = new StringBuilder();
    for (byte each : bytes) {
      hex.append(String.format("%02x", each));
    }
    return hex.toString();
  }

  private static List<FeatureRow> rows(DoubleStream values) {
    return values.mapToObj(Rows::of).collect(Collectors.toList());
  }
}
