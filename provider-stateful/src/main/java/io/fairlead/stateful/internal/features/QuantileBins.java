package io.fairlead.stateful.internal.features;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * The quantiles of each feature in a sample of rows, by which rows are put into cells.
 *
 * <p>At the finest level a feature has 256 bins that hold equally many of the sample's values; each coarser level joins
 * pairs of them, so that a cell is the union of finer ones. Beyond the sample's least and greatest value quantiles say
 * nothing: below, above and NaN are bins of their own at all levels.
 */
final class QuantileBins {
  /** The bins at level 0. */
  static final int FINEST = 256;

  /** How many levels there are: 256, 128, 64, 32, 16 and 8 bins. */
  static final int LEVELS = 6;

  private static final char NOT_A_NUMBER = '\uffff';
  private static final char ABOVE = '\ufffe';
  private static final char BELOW = '\ufffd';

  /** For each feature the least value, the 255 quantiles between bins, and the greatest value; empty if all are NaN. */
  private final float[][] edges;

  private QuantileBins(float[][] edges) {
    this.edges = edges;
  }

  static QuantileBins of(List<FeatureRow> sample) {
    float[][] edges = new float[sample.get(0).size()][];
    for (int feature = 0; feature < edges.length; feature++) {
      float[] values = new float[sample.size()];
      int count = 0;
      for (FeatureRow row : sample) {
        float value = row.value(feature);
        if (!Float.isNaN(value)) {
          values[count++] = value;
        }
      }
      Arrays.sort(values, 0, count);
      edges[feature] = edges(values, count);
    }
    return new QuantileBins(edges);
  }

  private static float[] edges(float[] sorted, int count) {
    if (count == 0) {
      return new float[0];
    }
    float[] edges = new float[FINEST + 1];
    for (int i = 0; i < FINEST; i++) {
      edges[i] = sorted[(int) ((long) i * count / FINEST)];
    }
    edges[FINEST] = sorted[count - 1];
    return edges;
  }

  /** {@return how many bins a feature has at a level} */
  static int bins(int level) {
    return FINEST >> level;
  }

  /** {@return how many features the rows have} */
  int features() {
    return edges.length;
  }

  /** {@return the bins of a row at the finest level} */
  char[] finest(FeatureRow row) {
    char[] bins = new char[edges.length];
    for (int feature = 0; feature < bins.length; feature++) {
      bins[feature] = bin(edges[feature], row.value(feature));
    }
    return bins;
  }

  private static char bin(float[] edges, float value) {
    if (Float.isNaN(value)) {
      return NOT_A_NUMBER;
    }
    if (edges.length == 0 || value > edges[FINEST]) {
      return ABOVE;
    }
    if (value < edges[0]) {
      return BELOW;
    }
    // The last of the bins that begin at this value or below it: values that occur often begin
    // several.
    int low = 0;
    int high = FINEST;
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (edges[middle] <= value) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (char) low;
  }

  /**
   * {@return the canonical bytes of a cell}
   *
   * @param calibration distinguishes the cells of these quantiles from those of earlier ones
   * @param finest the bins at the finest level
   * @param form the form of the request, which the bytes of its answer depend on
   */
  static byte[] cell(long calibration, int level, char[] finest, String form) {
    byte[] formBytes = form.getBytes(UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(Long.BYTES + 1 + finest.length * Character.BYTES + formBytes.length);
    bytes.putLong(calibration).put((byte) level);
    for (char bin : finest) {
      bytes.putChar(bin < FINEST ? (char) (bin >> level) : bin);
    }
    return bytes.put(formBytes).array();
  }
}
