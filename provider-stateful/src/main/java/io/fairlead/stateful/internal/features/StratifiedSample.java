package io.fairlead.stateful.internal.features;

import java.util.random.RandomGenerator;

/**
 * A random sample of a stream that keeps its share at any time: one element of each stratum, at a random place in it.
 *
 * <p>A share of 1 % makes strata of 100 elements. After n elements the sample has n times the share, give or take one, and
 * between two of the sample there are fewer than two strata. A fixed place would fall in step with a stream that repeats
 * itself.
 *
 * <p>Not safe for concurrent use.
 */
final class StratifiedSample {
  private final RandomGenerator random;

  /** How many strata have passed, with the part of the current one. */
  private double passed;

  private long stratum;
  private double place;

  StratifiedSample(RandomGenerator random) {
    this.random = random;
    this.place = random.nextDouble();
  }

  /**
   * {@return whether the next element is in the sample}
   *
   * @param share the share of elements like this one that are, 0 to 1
   */
  boolean next(double share) {
    passed += share;
    if (passed < stratum + place) {
      return false;
    }
    stratum++;
    place = random.nextDouble();
    return true;
  }
}
