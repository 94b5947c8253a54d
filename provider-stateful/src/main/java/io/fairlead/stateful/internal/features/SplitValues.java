package io.fairlead.stateful.internal.features;

import java.util.Arrays;
import java.util.TreeMap;

/**
 * The values at which the answer of a tree ensemble may change, of each feature.
 *
 * <p>They are kept as cuts: a cut at {@code c} separates the floats below {@code c} from {@code c} and those above. A
 * comparison in FP32 with a threshold {@code t} is one cut, at {@code t} or at the next float after it, whichever side
 * {@code t} itself is on; equality is both. Every node of the ensemble has its cuts, also one that no row reaches.
 *
 * <p>Runtimes may take floats that are not normal for 0, as processors can be told to. Where that would move a row to
 * the other side of a threshold, a further cut keeps these floats for themselves.
 */
final class SplitValues {
  static final byte LEQ = 0;
  private static final byte LT = 1;
  private static final byte GTE = 2;
  private static final byte GT = 3;
  private static final byte EQ = 4;
  private static final byte NEQ = 5;
  static final byte LEAF = 100;
  private static final float FIRST_SMALL = Math.nextUp(-Float.MIN_NORMAL);

  private final TreeMap<Integer, float[]> cuts = new TreeMap<>();
  private final TreeMap<Integer, Integer> counts = new TreeMap<>();

  private SplitValues() {}

  /** {@return the split values of the only tree ensembles through which the answer depends on the row} */
  static SplitValues of(OnnxGraph graph) throws NoCellsException {
    SplitValues values = new SplitValues();
    boolean hasTrees = false;
    for (OnnxNode node : graph.readers()) {
      boolean isTrees = node.domain().equals(OnnxNode.ML)
          && node.inputs().size() == 1
          && graph.isRow(node.inputs().get(0));
      if (isTrees && node.operator().startsWith("TreeEnsemble")) {
        values.add(node, graph.width());
        hasTrees = true;
      } else {
        throw new NoCellsException("The row is read by the operator '" + node.operator()
            + "', and not only by a tree ensemble.");
      }
    }
    OnnxGraph.check(hasTrees, "The model reads nothing of its input.");
    return values;
  }

  private void add(OnnxNode node, int width) throws NoCellsException {
    for (String name : node.attributeNames()) {
      OnnxGraph.check(
          !name.endsWith("_as_tensor"), "The tree ensemble has thresholds or weights of doubles.");
    }
    float[] thresholds;
    byte[] modes;
    switch (node.operator()) {
      case "TreeEnsembleRegressor", "TreeEnsembleClassifier" -> {
        thresholds = node.attribute("nodes_values").floats();
        modes = node.attribute("nodes_modes").texts(SplitValues::mode);
      }
      case "TreeEnsemble" -> {
        thresholds = node.attribute("nodes_splits").tensor().floats();
        modes = node.attribute("nodes_modes").tensor().bytes();
      }
      default -> throw new NoCellsException("The operator '" + node.operator() + "' is not known.");
    }
    long[] features = node.attribute("nodes_featureids").ints();
    OnnxGraph.check(
        features.length == thresholds.length && features.length == modes.length,
        "The tree ensemble has lists of different lengths.");
    for (int i = 0; i < features.length; i++) {
      if (modes[i] != LEAF) {
        OnnxGraph.check(
            features[i] >= 0 && features[i] < (width < 0 ? OnnxGraph.MOST_FEATURES : width),
            "The tree ensemble reads a feature that the row has not.");
        add((int) features[i], modes[i], thresholds[i]);
      }
    }
  }

  static byte mode(String name) throws NoCellsException {
    return switch (name) {
      case "BRANCH_LEQ" -> LEQ;
      case "BRANCH_LT" -> LT;
      case "BRANCH_GTE" -> GTE;
      case "BRANCH_GT" -> GT;
      case "BRANCH_EQ" -> EQ;
      case "BRANCH_NEQ" -> NEQ;
      case "LEAF" -> LEAF;
      default ->
        throw new NoCellsException("The tree ensemble has nodes of a mode that is not known.");
    };
  }

  /** {@return what a comparison says of a value that is not NaN} */
  static boolean isTrue(byte mode, float value, float threshold) {
    return switch (mode) {
      case LEQ -> value <= threshold;
      case LT -> value < threshold;
      case GTE -> value >= threshold;
      case GT -> value > threshold;
      case EQ -> value == threshold;
      default -> value != threshold;
    };
  }

  private void add(int feature, byte mode, float threshold) throws NoCellsException {
    OnnxGraph.check(!Float.isNaN(threshold), "The tree ensemble has a threshold that is NaN.");
    OnnxGraph.check(
        mode >= LEQ && mode <= NEQ, "The tree ensemble has nodes of a mode that is not known.");
    boolean isEqual = mode == EQ || mode == NEQ;
    boolean isSmall = Math.abs(threshold) < Float.MIN_NORMAL;
    if (isEqual || mode == LT || mode == GTE) {
      add(feature, threshold);
      if (isSmall) {
        add(feature, FIRST_SMALL);
      }
    }
    if (isEqual || mode == LEQ || mode == GT) {
      add(feature, Math.nextUp(threshold));
      if (isSmall) {
        add(feature, Float.MIN_NORMAL);
      }
    }
  }

  private void add(int feature, float cut) {
    float[] values = cuts.computeIfAbsent(feature, it -> new float[16]);
    int count = counts.getOrDefault(feature, 0);
    if (count == values.length) {
      values = Arrays.copyOf(values, count * 2);
      cuts.put(feature, values);
    }
    // There is one 0 among cuts; rows are compared as numbers, for which both are equal.
    values[count] = cut == 0 ? 0f : cut;
    counts.put(feature, count + 1);
  }

  /** {@return the features that a split uses, in ascending order} */
  int[] features() {
    return cuts.keySet().stream().mapToInt(feature -> feature).toArray();
  }

  /** {@return the cuts of a feature, each once, in ascending order} */
  float[] cuts(int feature) {
    float[] sorted =
        Arrays.copyOf(cuts.getOrDefault(feature, new float[0]), counts.getOrDefault(feature, 0));
    Arrays.sort(sorted);
    int count = 0;
    for (float cut : sorted) {
      // No float is below the first.
      if (cut != Float.NEGATIVE_INFINITY && (count == 0 || cut != sorted[count - 1])) {
        sorted[count++] = cut;
      }
    }
    return Arrays.copyOf(sorted, count);
  }
}
