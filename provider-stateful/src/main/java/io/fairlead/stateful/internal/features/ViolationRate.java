package io.fairlead.stateful.internal.features;

/**
 * The share of violations among the last comparisons, and how large the true share may be with a confidence of 95 %.
 *
 * <p>The bound is the exact one of Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case
 * of the binomial", Biometrika 26, 1934: after v violations in n comparisons it is the rate p at which v violations or
 * fewer have a probability of 5 %. Were the true rate above it, so few would have been seen by a chance of less than
 * 5 %. It assumes comparisons that are independent, which those of a stream are only nearly.
 *
 * <p>Not safe for concurrent use.
 */
final class ViolationRate {
  private static final double DOUBT = 0.05;

  /** Halvings of [0, 1], after which the bound is exact to 1e-12. */
  private static final int HALVINGS = 40;

  private final boolean[] window;
  private int next;
  private int comparisons;
  private int violations;

  /**
   * Creates an empty window.
   *
   * @param length how many comparisons it remembers
   */
  ViolationRate(int length) {
    window = new boolean[length];
  }

  /** Adds a comparison, for which the oldest is forgotten once the window is full. */
  void add(boolean violation) {
    if (comparisons == window.length) {
      violations -= window[next] ? 1 : 0;
    } else {
      comparisons++;
    }
    window[next] = violation;
    violations += violation ? 1 : 0;
    next = (next + 1) % window.length;
  }

  /** {@return how many comparisons the window holds} */
  int comparisons() {
    return comparisons;
  }

  /** {@return the measured rate; 0 before the first comparison} */
  double rate() {
    return comparisons == 0 ? 0 : (double) violations / comparisons;
  }

  /** {@return whether the true rate is at most this, with a confidence of 95 %} */
  boolean isAtMost(double rate) {
    // Most rates are decided by their mean, and the tail costs a logarithm for each violation.
    return rate() < rate && tail(violations, comparisons, rate) <= DOUBT;
  }

  /** {@return the upper bound of the true rate, with a confidence of 95 %; 1 before the first comparison} */
  double upperBound() {
    return upperBound(violations, comparisons);
  }

  static double upperBound(int violations, int comparisons) {
    if (violations == comparisons) {
      return 1;
    }
    double low = (double) violations / comparisons;
    double high = 1;
    for (int i = 0; i < HALVINGS; i++) {
      double middle = (low + high) / 2;
      if (tail(violations, comparisons, middle) > DOUBT) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  /** The probability of so many violations or fewer; with logarithms, because (1 - rate)^n is 0 as a double. */
  private static double tail(int violations, int comparisons, double rate) {
    double odds = Math.log(rate) - Math.log1p(-rate);
    double term = comparisons * Math.log1p(-rate);
    double sum = Math.exp(term);
    for (int i = 1; i <= violations; i++) {
      term += Math.log((comparisons - i + 1.0) / i) + odds;
      sum += Math.exp(term);
    }
    return sum;
  }
}
