package io.fairlead.stateful.internal.features;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The cells of a linear model in ONNX: rows whose raw scores differ by no more than a bound that the user gives.
 *
 * <p>With a bound {@code eps} and {@code p} features of weights {@code w} that are not 0, the cells of feature {@code
 * j} are {@code 0.74 * eps / (p * |w_j|)} wide. So the exact scores of two rows in one cell differ by at most {@code 0.74
 * * eps}. What the runtime computes in FP32, in any order of its sums, differs from the exact score of a row by at most
 * {@code g * (sum |w_j| (|x_j| + |o_j|) + |b|)} with {@code g = n u / (1 - n u)}, {@code u = 2^-24}, {@code n} of {@code
 * p + 6} operations, {@code o} the offsets of a scaler and {@code b} the intercept (N. Higham, Accuracy and Stability of
 * Numerical Algorithms, 2002, section 3.1). A row is in a cell only if that is at most {@code 0.125 * eps}: of two rows
 * it is a quarter, and the rest is for numbers that are not normal.
 *
 * <p>The raw score is what the linear operator computes of the row, before a sigmoid or softmax, of each of its outputs.
 * The label of a classifier is no score: near its threshold it may be that of the other row.
 *
 * <p>Immutable.
 */
public final class LinearCells implements FeatureCells {
  private static final double SHARE_OF_WIDTH = 0.74;
  private static final double SHARE_OF_ROUNDING = 0.125;
  private static final double UNIT_ROUNDOFF = 0x1p-24;
  private static final int OTHER_OPERATIONS = 6;
  /** Up to here a step is as exact as the shares need it. */
  private static final double MOST_STEPS = 1L << 31;

  private static final double LEAST_BOUND = 1e-10;
  private static final double LARGEST_BOUND = 1e20;
  private static final float LARGEST_VALUE = 0x1p50f;
  private static final double LARGEST_WEIGHT = 1e10;

  /** What may follow the score, and what makes the answer of it alone. */
  private static final Set<String> LAST_OPERATORS = Set.of(
      "ArgMax",
      "Cast",
      "Flatten",
      "Identity",
      "Normalizer",
      "Reshape",
      "Sigmoid",
      "Softmax",
      "Squeeze",
      "Unsqueeze",
      "ZipMap");

  private final double bound;
  /** Of each feature; 0 for one that the score does not depend on. */
  private final double[] weights;

  private final double[] steps;
  /** What the magnitude of a row is at least, by offsets and intercept. */
  private final double magnitude;

  private final double mostMagnitude;

  private LinearCells(double bound, double[] weights, double magnitude) {
    this.bound = bound;
    this.weights = weights;
    this.magnitude = magnitude;
    int used = (int) Arrays.stream(weights).filter(weight -> weight != 0).count();
    this.steps = Arrays.stream(weights)
        .map(weight -> weight == 0 ? 0 : SHARE_OF_WIDTH * bound / (used * weight))
        .toArray();
    double rounding = (weights.length + OTHER_OPERATIONS) * UNIT_ROUNDOFF;
    this.mostMagnitude = SHARE_OF_ROUNDING * bound / (rounding / (1 - rounding));
  }

  /**
   * {@return the cells of a model}
   *
   * @param model the content of an .onnx file, which may be anything
   * @param bound the most by which the raw scores of two rows in one cell differ, more than 0
   * @throws NoCellsException if it is no linear model
   */
  public static LinearCells read(byte[] model, double bound) throws NoCellsException {
    OnnxGraph.check(
        bound >= LEAST_BOUND && bound <= LARGEST_BOUND,
        "The bound must be from " + LEAST_BOUND + " to " + LARGEST_BOUND + ".");
    OnnxGraph graph = OnnxGraph.read(model);
    OnnxGraph.check(graph.width() > 0, "The model does not say how many features it has.");
    return new Reader(graph).read(bound);
  }

  @Override
  public double errorBound() {
    return bound;
  }

  /** {@return how wide the cells of a feature are; 0 if the score does not depend on it} */
  public double step(int feature) {
    return steps[feature];
  }

  @Override
  public Optional<byte[]> cell(FeatureRow row) {
    if (row.size() != weights.length) {
      return Optional.empty();
    }
    String form = row.form();
    ByteBuffer cell = ByteBuffer.allocate(weights.length * Integer.BYTES + form.length());
    double sum = magnitude;
    for (int i = 0; i < weights.length; i++) {
      float value = row.value(i);
      // Also false for NaN.
      if (!(Math.abs(value) <= LARGEST_VALUE)) {
        return Optional.empty();
      }
      if (steps[i] != 0) {
        double index = Math.floor(value / steps[i]);
        if (Math.abs(index) >= MOST_STEPS) {
          return Optional.empty();
        }
        cell.putInt((int) index);
        sum += weights[i] * Math.abs((double) value);
      }
    }
    cell.put(form.getBytes(ISO_8859_1));
    return sum <= mostMagnitude
        ? Optional.of(Arrays.copyOf(cell.array(), cell.position()))
        : Optional.empty();
  }

  /** {@return a summary, without a value of the model} */
  @Override
  public String toString() {
    return "LinearCells[" + weights.length + " features, scores within " + bound + "]";
  }

  /** The model while it is read. */
  private static final class Reader {
    private final OnnxGraph graph;
    private final int width;
    private float[] offsets = {0};
    private float[] scales = {1};
    private float[] weights = {};
    private float[] intercepts = {};
    /** Whether the weights of one output are next to each other. */
    private boolean byOutput = true;

    private double factor = 1;
    private double interceptFactor = 1;

    Reader(OnnxGraph graph) {
      this.graph = graph;
      this.width = graph.width();
    }

    LinearCells read(double bound) throws NoCellsException {
      OnnxNode node = only(graph.readers());
      if (node.is(OnnxNode.ML, "Scaler")) {
        OnnxGraph.check(node.outputs().size() == 1, "The scaler has several outputs.");
        offsets = scaler(node, "offset", 0);
        scales = scaler(node, "scale", 1);
        node = only(graph.readers(node.outputs().get(0)));
      }
      List<String> scores = score(node);
      checkLast(node, scores);
      OnnxGraph.check(
          weights.length > 0 && weights.length % width == 0,
          "The linear model has " + weights.length + " weights for " + width + " features.");
      return cells(bound);
    }

    private OnnxNode only(List<OnnxNode> readers) throws NoCellsException {
      OnnxGraph.check(
          readers.size() == 1, "The row is read by " + readers.size() + " operators, not by one.");
      return readers.get(0);
    }

    private float[] scaler(OnnxNode node, String name, float otherwise) throws NoCellsException {
      OnnxAttribute attribute = node.find(name);
      float[] values = attribute == null ? new float[] {otherwise} : attribute.floats();
      OnnxGraph.check(
          values.length == 1 || values.length == width,
          "The scaler has " + values.length + " values for " + width + " features.");
      return values;
    }

    /** Reads the weights of a linear node, and returns the names of its outputs. */
    private List<String> score(OnnxNode node) throws NoCellsException {
      switch (node.domain() + "/" + node.operator()) {
        case OnnxNode.ML + "/LinearRegressor", OnnxNode.ML + "/LinearClassifier" -> {
          weights = node.attribute("coefficients").floats();
          OnnxAttribute attribute = node.find("intercepts");
          intercepts = attribute == null ? intercepts : attribute.floats();
          return node.outputs();
        }
        case "/Gemm" -> {
          OnnxGraph.check(node.number("transA", 0) == 0, "The row is transposed.");
          factor = node.floating("alpha", 1);
          interceptFactor = node.floating("beta", 1);
          boolean hasIntercept =
              node.inputs().size() == 3 && !node.inputs().get(2).isEmpty();
          intercepts = hasIntercept ? constant(node, 2).floats() : intercepts;
          readMatrix(node, node.number("transB", 0) != 0);
          return node.outputs();
        }
        case "/MatMul" -> {
          readMatrix(node, false);
          OnnxGraph.check(node.outputs().size() == 1, "The product has several outputs.");
          List<OnnxNode> readers = graph.readers(node.outputs().get(0));
          if (readers.size() == 1 && readers.get(0).is("", "Add")) {
            OnnxNode sum = readers.get(0);
            OnnxGraph.check(sum.inputs().size() == 2, "A sum is not of two values.");
            int other = sum.inputs().get(0).equals(node.outputs().get(0)) ? 1 : 0;
            intercepts = constant(sum, other).floats();
            return sum.outputs();
          }
          return node.outputs();
        }
        default ->
          throw new NoCellsException(
              "The row is read by the operator '" + node.operator() + "', which is not linear.");
      }
    }

    private void readMatrix(OnnxNode node, boolean isTransposed) throws NoCellsException {
      OnnxGraph.check(node.inputs().size() >= 2, "A product is not of two values.");
      OnnxTensor matrix = constant(node, 1);
      long[] shape = matrix.shape();
      OnnxGraph.check(
          shape.length == 2 && shape[isTransposed ? 1 : 0] == width,
          "The weights are no matrix with a row for each feature.");
      weights = matrix.floats();
      byOutput = isTransposed;
    }

    private OnnxTensor constant(OnnxNode node, int input) throws NoCellsException {
      OnnxTensor tensor = graph.constant(node.inputs().get(input));
      if (tensor == null) {
        throw new NoCellsException(
            "The operator '" + node.operator() + "' has a weight that is not constant.");
      }
      return tensor;
    }

    /** Whatever follows the score must be such that a bound on the score says something of the answer. */
    private void checkLast(OnnxNode linear, List<String> scores) throws NoCellsException {
      for (OnnxNode node : graph.nodes()) {
        boolean isBefore = node == linear
            || node.outputs().equals(scores)
            || node.inputs().stream().anyMatch(graph::isRow);
        OnnxGraph.check(
            isBefore || LAST_OPERATORS.contains(node.operator()),
            "The score is read by the operator '" + node.operator() + "', which is not followed.");
      }
    }

    /** What is not larger neither overflows in FP32, nor makes the rounding of numbers that are not normal count. */
    private static void checkSizes(float[] values, double most) throws NoCellsException {
      for (float value : values) {
        // Also false for NaN.
        OnnxGraph.check(
            Math.abs(value) <= most, "The linear model has weights that are too large.");
      }
    }

    private LinearCells cells(double bound) throws NoCellsException {
      checkSizes(weights, LARGEST_WEIGHT);
      checkSizes(scales, LARGEST_WEIGHT);
      checkSizes(offsets, LARGEST_VALUE);
      checkSizes(intercepts, LARGEST_VALUE);
      checkSizes(new float[] {(float) factor, (float) interceptFactor}, LARGEST_WEIGHT);
      int outputs = weights.length / width;
      double[] largest = new double[width];
      double sum = 0;
      for (int j = 0; j < width; j++) {
        double scale = scales[scales.length == 1 ? 0 : j];
        for (int k = 0; k < outputs; k++) {
          double weight = weights[byOutput ? k * width + j : j * outputs + k];
          largest[j] = Math.max(largest[j], Math.abs(weight * scale * factor));
        }
        sum += largest[j] * Math.abs((double) offsets[offsets.length == 1 ? 0 : j]);
      }
      double intercept = 0;
      for (float value : intercepts) {
        intercept = Math.max(intercept, Math.abs(value * interceptFactor));
      }
      return new LinearCells(bound, largest, sum + intercept);
    }
  }
}
