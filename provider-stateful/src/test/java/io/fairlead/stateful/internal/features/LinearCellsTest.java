package io.fairlead.stateful.internal.features;

import static io.fairlead.stateful.internal.features.OnnxFile.floating;
import static io.fairlead.stateful.internal.features.OnnxFile.floats;
import static io.fairlead.stateful.internal.features.OnnxFile.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LinearCellsTest {
  private static final float[] WEIGHTS = {0.5f, -2f, 0f, 30f, 0.001f, 7.3f};
  private static final float[] OTHERS = {0.4f, 1f, 0f, -31f, 0f, -0.7f};
  private static final int WIDTH = WEIGHTS.length;
  private static final Proto SCALER_OFFSET = floats("offset", 1, 2, 3, -4, 0, 6);
  private static final Proto SCALER_SCALE = floats("scale", 0.5f, 2, 1, 0.1f, 3, 1);

  /** Linear models of which the answer is the raw score. */
  static Stream<byte[]> models() {
    return Stream.of(
        OnnxFile.of(WIDTH)
            .ml("LinearRegressor", "X", "Y", regressor())
            .output("Y")
            .bytes(),
        OnnxFile.of(WIDTH)
            .ml("Scaler", "X", "S", SCALER_OFFSET, SCALER_SCALE)
            .ml("LinearRegressor", "S", "Y", regressor())
            .output("Y")
            .bytes(),
        OnnxFile.of(WIDTH)
            .constant("B", new long[] {2, WIDTH}, both())
            .constant("C", new long[] {2}, 3, -5)
            .node(
                "Gemm",
                "X,B,C",
                "Y",
                number("transB", 1),
                floating("alpha", 1.5f),
                floating("beta", 2f))
            .output("Y")
            .bytes(),
        OnnxFile.of(WIDTH)
            .constant("B", new long[] {WIDTH, 1}, WEIGHTS)
            .constant("C", new long[] {1}, 3)
            .node("Identity", "X", "Z")
            .node("MatMul", "Z,B", "P")
            .node("Add", "C,P", "Y")
            .output("Y")
            .bytes());
  }

  private static Proto[] regressor() {
    return new Proto[] {floats("coefficients", WEIGHTS), floats("intercepts", 3)};
  }

  private static float[] both() {
    float[] both = Arrays.copyOf(WEIGHTS, 2 * WIDTH);
    System.arraycopy(OTHERS, 0, both, WIDTH, WIDTH);
    return both;
  }

  @ParameterizedTest
  @MethodSource("models")
  void scoresOfRowsInOneCellDifferByNoMoreThanTheBound(byte[] model) throws Exception {
    for (double bound : new double[] {1e-3, 0.05, 10}) {
      LinearCells cells = LinearCells.read(model, bound);
      SplittableRandom random = new SplittableRandom(1);
      double largest = 0;
      int pairs = 0;
      try (OrtModel runtime = new OrtModel(model)) {
        for (int i = 0; i < 3000; i++) {
          FeatureRow row = row(random);
          FeatureRow other = neighbour(cells, row, random);
          byte[] cell = cells.cell(row).orElse(null);
          if (cell != null && Arrays.equals(cell, cells.cell(other).orElse(null))) {
            float[] one = runtime.scores(row);
            float[] two = runtime.scores(other);
            for (int k = 0; k < one.length; k++) {
              largest = Math.max(largest, Math.abs((double) one[k] - two[k]));
            }
            pairs++;
          }
        }
      }

      assertThat(pairs).as("pairs with the bound %s", bound).isGreaterThan(300);
      assertThat(largest).isLessThanOrEqualTo(bound).isGreaterThan(bound / 20);
    }
  }

  @Test
  void farFromZeroWhereRoundingIsMoreThanTheBoundNoRowIsInACell() throws Exception {
    byte[] model = models().findFirst().orElseThrow();
    LinearCells cells = LinearCells.read(model, 1e-3);

    assertThat(cells.cell(FeatureRow.instance(1, 1, 1, 1, 1, 1))).isPresent();
    assertThat(cells.cell(FeatureRow.instance(1, 1, 1, 1000, 1, 1))).isEmpty();
    assertThat(cells.cell(FeatureRow.instance(1, 1, 1e9f, 1, 1, 1))).isPresent();
    assertThat(cells.cell(FeatureRow.instance(1, 1, Float.NaN, 1, 1, 1))).isEmpty();
    assertThat(cells.cell(FeatureRow.instance(1, Float.POSITIVE_INFINITY, 1, 1, 1, 1)))
        .isEmpty();
    assertThat(cells.cell(FeatureRow.instance(1, 1))).isEmpty();
    assertThat(cells.errorBound()).isEqualTo(1e-3);
  }

  @Test
  void stepsAreAsWideAsWeightsAndBoundSay() throws Exception {
    LinearCells cells = LinearCells.read(models().findFirst().orElseThrow(), 0.5);

    assertThat(cells.step(0)).isEqualTo(0.74 * 0.5 / (5 * 0.5), within(1e-9));
    assertThat(cells.step(1)).isEqualTo(0.74 * 0.5 / (5 * 2), within(1e-9));
    assertThat(cells.step(2)).isZero();
  }

  @Test
  void aClassifierOfScikitLearnHasCells() throws Exception {
    LinearCells cells = LinearCells.read(CellKeysTest.resource("iris_lr"), 0.1);

    byte[] flower = cells.cell(FeatureRow.instance(5.1f, 3.5f, 1.4f, 0.2f)).orElseThrow();
    assertThat(cells.cell(FeatureRow.instance(5.1000004f, 3.5f, 1.4f, 0.2f))).contains(flower);
    assertThat(cells.cell(FeatureRow.instance(6.7f, 3f, 5.2f, 2.3f)).orElseThrow())
        .isNotEqualTo(flower);
  }

  @Test
  void whatIsNotLinearOrFollowedBySomethingElseHasNoCells() throws Exception {
    refused(CellKeysTest.resource("iris_rf"), "not linear");
    refused(
        OnnxFile.of(WIDTH)
            .constant("B", new long[] {WIDTH, 1}, WEIGHTS)
            .node("MatMul", "X,B", "P")
            .node("Relu", "P", "Y")
            .output("Y")
            .bytes(),
        "Relu");
    refused(
        OnnxFile.of(WIDTH)
            .ml("LinearRegressor", "X", "P", regressor())
            .node("Add", "P,X", "Y")
            .output("Y")
            .bytes(),
        "2 operators");
    refused(OnnxFile.of(WIDTH).node("MatMul", "X,X", "Y").output("Y").bytes(), "not constant");
    refused(
        OnnxFile.of(WIDTH)
            .ml("LinearRegressor", "X", "Y", floats("coefficients", 1, 2))
            .output("Y")
            .bytes(),
        "2 weights for 6");
    refused(
        OnnxFile.of(WIDTH)
            .ml("LinearRegressor", "X", "Y", floats("coefficients", 1, 2, 3, 4, 5, Float.NaN))
            .output("Y")
            .bytes(),
        "too large");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
  void aBoundThatIsNoneIsRefused(double bound) {
    byte[] model = models().findFirst().orElseThrow();

    assertThatThrownBy(() -> LinearCells.read(model, bound))
        .isInstanceOf(NoCellsException.class)
        .hasMessageContaining("bound");
  }

  @Test
  void aMutatedModelIsRefusedOrReadAndNeverAnError() throws Exception {
    SplittableRandom random = new SplittableRandom(5);
    int read = 0;
    for (byte[] model :
        List.of(CellKeysTest.resource("iris_lr"), models().toList().get(2))) {
      for (int i = 0; i < 2000; i++) {
        byte[] mutated = Arrays.copyOf(
            model, random.nextInt(4) == 0 ? random.nextInt(model.length) : model.length);
        for (int k = random.nextInt(4); k > 0 && mutated.length > 0; k--) {
          mutated[random.nextInt(mutated.length)] = (byte) random.nextInt();
        }
        try {
          LinearCells.read(mutated, 0.1).cell(FeatureRow.instance(1, 2, 3, 4));
          read++;
        } catch (NoCellsException e) {
          assertThat(e.getMessage()).endsWith(".");
        }
      }
    }

    assertThat(read).isBetween(500, 3500);
  }

  private static void refused(byte[] model, String reason) {
    assertThatThrownBy(() -> LinearCells.read(model, 0.1))
        .isInstanceOf(NoCellsException.class)
        .hasMessageContaining(reason);
  }

  private static FeatureRow row(SplittableRandom random) {
    float[] values = new float[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      values[i] = (float) random.nextDouble(-3, 3);
    }
    return FeatureRow.instance(values);
  }

  /** {@return a row at the other edges of the cell of a row, or as near as floats are} */
  private static FeatureRow neighbour(LinearCells cells, FeatureRow row, SplittableRandom random) {
    FeatureRow other = row;
    for (int i = 0; i < row.size(); i++) {
      double step = cells.step(i);
      if (step == 0) {
        other = other.with(i, random.nextInt(1000));
      } else {
        double low = Math.floor(row.value(i) / step) * step;
        double share = random.nextInt(3) == 0 ? random.nextDouble() : random.nextInt(2) * 0.999;
        other = other.with(i, (float) (low + step * share));
      }
    }
    return other;
  }
}
