package io.fairlead.engine.internal.text;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * A way to make one vector of those of a text's tokens, as in sentence-transformers.
 *
 * <p>In the order in which sentence-transformers joins the vectors if several are switched on.
 */
enum Pooling {
  CLS("cls", "pooling_mode_cls_token"),
  MAX("max", "pooling_mode_max_tokens"),
  MEAN("mean", "pooling_mode_mean_tokens"),
  MEAN_SQRT_LEN("mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens"),
  WEIGHTED_MEAN("weightedmean", "pooling_mode_weightedmean_tokens"),
  LAST("lasttoken", "pooling_mode_lasttoken");

  // The minimum divisor, as in sentence-transformers.
  private static final double LEAST = 1e-9;

  private final String id;
  private final String flag;

  Pooling(String id, String flag) {
    this.id = id;
    this.flag = flag;
  }

  /** {@return its name in files and labels} */
  String id() {
    return id;
  }

  /** {@return the name of the field that switches it on} */
  String flag() {
    return flag;
  }

  /** {@return the kind of this name, in any case and with any of the separators that are in use} */
  static Optional<Pooling> of(String name) {
    String plain = plain(name);
    return Arrays.stream(values()).filter(kind -> plain(kind.id).equals(plain)).findFirst();
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[-_ ]|tokens?$", "");
  }

  /**
   * Writes the vector of a text.
   *
   * @param hidden the vectors of the tokens, one after the other
   * @param mask 1 for tokens that count, 0 for others
   * @param vector the array for the vector
   * @param at the index of the vector's first element in that array
   */
  void pool(float[] hidden, int width, long[] mask, float[] vector, int at) {
    switch (this) {
      case CLS -> copy(hidden, first(mask), width, vector, at);
      case LAST -> copy(hidden, last(mask), width, vector, at);
      case MAX -> max(hidden, width, mask, vector, at);
      case MEAN -> divide(vector, at, width, sum(hidden, width, mask, false, vector, at));
      case MEAN_SQRT_LEN ->
        divide(vector, at, width, Math.sqrt(sum(hidden, width, mask, false, vector, at)));
      case WEIGHTED_MEAN -> divide(vector, at, width, sum(hidden, width, mask, true, vector, at));
    }
  }

  /** Adds up the vectors of tokens, weighted by position or not, and returns the sum of the weights. */
  static double sum(
      float[] hidden, int width, long[] mask, boolean byPosition, float[] vector, int at) {
    double weights = 0;
    for (int token = 0; token < mask.length; token++) {
      if (mask[token] == 0) {
        continue;
      }
      int from = token * width;
      if (byPosition) {
        float weight = token + 1;
        for (int i = 0; i < width; i++) {
          vector[at + i] += weight * hidden[from + i];
        }
        weights += weight;
      } else {
        for (int i = 0; i < width; i++) {
          vector[at + i] += hidden[from + i];
        }
        weights++;
      }
    }
    return weights;
  }

  private static void divide(float[] vector, int at, int width, double divisor) {
    float by = (float) Math.max(divisor, LEAST);
    for (int i = at; i < at + width; i++) {
      vector[i] /= by;
    }
  }

  private static void max(float[] hidden, int width, long[] mask, float[] vector, int at) {
    Arrays.fill(vector, at, at + width, Float.NEGATIVE_INFINITY);
    for (int token = 0; token < mask.length; token++) {
      if (mask[token] != 0) {
        for (int i = 0; i < width; i++) {
          vector[at + i] = Math.max(vector[at + i], hidden[token * width + i]);
        }
      }
    }
  }

  private static void copy(float[] hidden, int token, int width, float[] vector, int at) {
    System.arraycopy(hidden, token * width, vector, at, width);
  }

  private static int first(long[] mask) {
    for (int token = 0; token < mask.length; token++) {
      if (mask[token] != 0) {
        return token;
      }
    }
    return 0;
  }

  private static int last(long[] mask) {
    for (int token = mask.length - 1; token > 0; token--) {
      if (mask[token] != 0) {
        return token;
      }
    }
    return 0;
  }
}
