package io.fairlead.stateful.internal.features;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The cells of a tree ensemble in ONNX: sets of rows that reach the same leaf in each tree.
 *
 * <p>The answers of two rows in one cell are bit-identical wherever the model's answers are a function of the row. The
 * bytes of a cell are the numbers of its leaves. Where that is not certain, they are for each feature that a split uses
 * the interval between two neighbouring thresholds of the model, or that it is NaN: rows in the same intervals are on
 * the same side of each split, and reach the same leaves, too, but one set of leaves has several such cells. This is so
 * for rows with NaN or with floats that are not normal, and for ensembles that {@link DecisionTrees} does not walk.
 *
 * <p>Of several kinds of comparisons see {@link SplitValues}; of what a model must be, {@link OnnxGraph}.
 *
 * <p>Immutable.
 */
public final class CellKeys implements FeatureCells {
  private static final int FEWEST_IN_TWO_BYTES = (1 << Byte.SIZE) - 1;
  private static final int FEWEST_IN_FOUR_BYTES = (1 << Short.SIZE) - 1;
  private static final int SHARE_OF_NAN = 4;
  private static final int MOST_MOVES = 64;
  private static final int KINDS = 8;
  private static final int MANY_INTEGERS = 200;
  private static final double LARGE = 1000;

  /** The number of features; -1 if the model takes rows of more than one length. */
  private final int width;

  private final int[] features;
  private final float[][] cuts;
  /** How many bytes the interval of a feature takes. */
  private final byte[] sizes;

  private final int length;
  /** Null if they are not walked. */
  private final @Nullable DecisionTrees trees;
  /** Null if the trees are walked instead. */
  private final @Nullable LeafMasks masks;

  private final boolean finite;

  private CellKeys(
      int width,
      int[] features,
      float[][] cuts,
      @Nullable DecisionTrees trees,
      @Nullable LeafMasks masks,
      boolean finite) {
    this.width = width;
    this.features = features;
    this.cuts = cuts;
    this.trees = trees;
    this.masks = masks;
    this.finite = finite;
    this.sizes = new byte[features.length];
    int sum = 0;
    for (int i = 0; i < features.length; i++) {
      int intervals = cuts[i].length + 2;
      sizes[i] = (byte)
          (intervals <= FEWEST_IN_TWO_BYTES
              ? 1
              : intervals <= FEWEST_IN_FOUR_BYTES ? Short.BYTES : Integer.BYTES);
      sum += sizes[i];
    }
    this.length = sum;
  }

  /** {@return the cells of a model; empty if they are not certain} */
  public static Optional<CellKeys> of(byte[] model) {
    try {
      return Optional.of(read(model));
    } catch (NoCellsException e) {
      return Optional.empty();
    }
  }

  /**
   * {@return the cells of a model}
   *
   * @param model the content of an .onnx file, which may be anything
   * @throws NoCellsException if they are not certain
   */
  public static CellKeys read(byte[] model) throws NoCellsException {
    OnnxGraph graph = OnnxGraph.read(model);
    SplitValues splits = SplitValues.of(graph);
    int[] features = splits.features();
    float[][] cuts = new float[features.length][];
    for (int i = 0; i < features.length; i++) {
      cuts[i] = splits.cuts(features[i]);
    }
    DecisionTrees trees = DecisionTrees.find(graph);
    LeafMasks masks = trees == null ? null : LeafMasks.find(trees, features, cuts);
    return new CellKeys(graph.width(), features, cuts, trees, masks, false);
  }

  /** {@return the same cells, without the rows that have a NaN or an infinity: no cell is theirs} */
  public CellKeys ofFiniteRows() {
    return new CellKeys(width, features, cuts, trees, masks, true);
  }

  /** {@return whether rows with a NaN or an infinity are in no cell} */
  public boolean isOfFiniteRows() {
    return finite;
  }

  /** {@return the features that a split uses, in ascending order} */
  public int[] features() {
    return features.clone();
  }

  /** {@return whether a cell is all rows of the same leaves, and not only those in the same intervals} */
  public boolean isByLeaves() {
    return trees != null;
  }

  /** {@return how many thresholds there are, of all features together} */
  public int cuts() {
    return Arrays.stream(cuts).mapToInt(values -> values.length).sum();
  }

  /** {@return the same cells by intervals alone, for comparison: they are more, and their bytes cost less} */
  CellKeys byIntervals() {
    return new CellKeys(width, features, cuts, null, null, finite);
  }

  /** {@return the same cells by a walk through each tree, to be checked against those by masks} */
  CellKeys byWalking() {
    return new CellKeys(width, features, cuts, trees, null, finite);
  }

  @Override
  public double errorBound() {
    return 0;
  }

  @Override
  public Optional<byte[]> cell(FeatureRow row) {
    if (!fits(row)) {
      return Optional.empty();
    }
    DecisionTrees walked = isPlain(row) ? trees : null;
    String form = row.form();
    int of = walked == null ? length : masks == null ? walked.length() : walked.count();
    byte[] cell = new byte[1 + of + Integer.BYTES + form.length()];
    if (walked == null) {
      writeIntervals(row, cell);
    } else {
      cell[0] = 1;
      if (masks == null) {
        walked.writeLeaves(row, cell, 1);
      } else {
        writeLeaves(masks, row, cell);
      }
    }
    int at = 1 + of;
    for (int k = 0; k < Integer.BYTES; k++) {
      cell[at++] = (byte) (row.size() >>> (k * Byte.SIZE));
    }
    // Last, for its length is the only one that is not the same for all rows.
    byte[] text = form.getBytes(ISO_8859_1);
    System.arraycopy(text, 0, cell, at, text.length);
    return Optional.of(cell);
  }

  private boolean isPlain(FeatureRow row) {
    for (int feature : features) {
      if (!DecisionTrees.isPlain(row.value(feature))) {
        return false;
      }
    }
    return true;
  }

  private void writeLeaves(LeafMasks ofIntervals, FeatureRow row, byte[] cell) {
    long[] leaves = ofIntervals.all();
    for (int i = 0; i < features.length; i++) {
      ofIntervals.narrow(leaves, i, interval(i, row.value(features[i])));
    }
    for (int tree = 0; tree < leaves.length; tree++) {
      cell[1 + tree] = (byte) Long.numberOfTrailingZeros(leaves[tree]);
    }
  }

  private void writeIntervals(FeatureRow row, byte[] cell) {
    int at = 1;
    for (int i = 0; i < features.length; i++) {
      int interval = interval(i, row.value(features[i]));
      for (int k = 0; k < sizes[i]; k++) {
        cell[at++] = (byte) (interval >>> (k * Byte.SIZE));
      }
    }
  }

  private boolean fits(FeatureRow row) {
    boolean fits = width >= 0 ? row.size() == width : row.size() >= leastWidth();
    for (int i = 0; finite && fits && i < row.size(); i++) {
      fits = Float.isFinite(row.value(i));
    }
    return fits;
  }

  private int leastWidth() {
    return features.length == 0 ? 1 : features[features.length - 1] + 1;
  }

  /** {@return how many cuts of the feature with an index are at most a value; one more than there are for NaN} */
  private int interval(int index, float value) {
    float[] values = cuts[index];
    if (Float.isNaN(value)) {
      return values.length + 1;
    }
    int low = 0;
    int high = values.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (values[middle] <= value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** {@return a row of a random cell, as instances, to check the cells with} */
  public FeatureRow sample(RandomGenerator random) {
    float[] values = new float[width >= 0 ? width : leastWidth()];
    boolean hasNan = !finite && random.nextInt(SHARE_OF_NAN) == 0;
    for (int feature = 0; feature < values.length; feature++) {
      int index = Arrays.binarySearch(features, feature);
      boolean isNan = hasNan && random.nextInt(SHARE_OF_NAN) == 0;
      values[feature] = index < 0
          ? any(random, isNan)
          : within(index, isNan ? cuts[index].length + 1 : anyInterval(index, random), random);
    }
    return FeatureRow.instance(values);
  }

  /**
   * {@return a row in the same cell with other values, often such as are at the edge of an interval}
   *
   * @param row a row that is in a cell
   */
  public FeatureRow neighbour(FeatureRow row, RandomGenerator random) {
    float[] values = new float[row.size()];
    for (int feature = 0; feature < values.length; feature++) {
      int index = Arrays.binarySearch(features, feature);
      values[feature] = index < 0
          ? any(random, !finite && random.nextInt(SHARE_OF_NAN) == 0)
          : within(index, interval(index, row.value(feature)), random);
    }
    FeatureRow neighbour = row.withAll(values);
    Optional<byte[]> cell = cell(row);
    if (cell.isEmpty() || !isIn(cell.get(), neighbour)) {
      // A float that is not normal, beside others that are.
      return row;
    }
    // The leaves of a row are a condition on each feature alone, so what one may be does not depend
    // on the others.
    for (int i = 0; trees != null && features.length > 0 && i < MOST_MOVES; i++) {
      int index =
          features.length <= MOST_MOVES ? i % features.length : random.nextInt(features.length);
      FeatureRow moved =
          neighbour.with(features[index], within(index, anyInterval(index, random), random));
      neighbour = isIn(cell.get(), moved) ? moved : neighbour;
    }
    return neighbour;
  }

  private boolean isIn(byte[] cell, FeatureRow row) {
    return Arrays.equals(cell, cell(row).orElse(null));
  }

  /** {@return an interval, other than that of NaN; for cells of finite rows one that is not an infinity alone} */
  private int anyInterval(int index, RandomGenerator random) {
    float[] values = cuts[index];
    int count = values.length;
    int from = finite && count > 0 && values[0] == -Float.MAX_VALUE ? 1 : 0;
    boolean isLast = finite && count > 0 && values[count - 1] == Float.POSITIVE_INFINITY;
    int to = isLast ? count - 1 : count;
    return random.nextInt(from, to + 1);
  }

  private float any(RandomGenerator random, boolean isNan) {
    return isNan ? Float.NaN : between(least(), most(), random);
  }

  private float within(int index, int interval, RandomGenerator random) {
    float[] values = cuts[index];
    if (interval > values.length) {
      return Float.NaN;
    }
    float low = interval == 0 ? least() : values[interval - 1];
    float high = interval == values.length ? most() : Math.nextDown(values[interval]);
    return between(Math.max(low, least()), Math.min(high, most()), random);
  }

  private float least() {
    return finite ? -Float.MAX_VALUE : Float.NEGATIVE_INFINITY;
  }

  private float most() {
    return finite ? Float.MAX_VALUE : Float.POSITIVE_INFINITY;
  }

  /** {@return a value from low to high, both included} */
  private static float between(float low, float high, RandomGenerator random) {
    if (low == high) {
      return low;
    }
    double from = Math.max(low, -Float.MAX_VALUE);
    double to = Math.min(high, Float.MAX_VALUE);
    double value = switch (random.nextInt(KINDS)) {
      case 0 -> low;
      case 1 -> high;
      case 2 -> Math.nextUp(low);
      case 3 -> Math.nextDown(high);
      case 4 -> from + random.nextDouble() * (to - from);
      case 5 -> from + random.nextDouble() * LARGE;
      case 6 -> to - random.nextDouble() * LARGE;
      default -> Math.floor(Math.max(from, -MANY_INTEGERS) + random.nextInt(MANY_INTEGERS));
    };
    float rounded = Math.min(Math.max((float) value, low), high);
    return rounded == 0 && low <= 0 && high >= 0 && random.nextBoolean() ? -rounded : rounded;
  }

  /** {@return a summary, without a value of the model} */
  @Override
  public String toString() {
    return "CellKeys[" + cuts() + " thresholds of " + features.length + " features"
        + (trees == null ? ", by intervals" : ", by leaves")
        + (finite ? ", of finite rows" : "") + "]";
  }
}
