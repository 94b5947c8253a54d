package io.fairlead.examples;

import java.util.Map;

/** Whether answers were divided as weights say. */
final class Split {
  private static final double STANDARD_DEVIATIONS = 4;

  private Split() {}

  /**
   * {@return whether a platform that divides as the weights say, at random, may well have given these counts} Who has a
   * weight of 0 must not have answered at all, and nobody else may.
   */
  static boolean isCredible(Map<String, Integer> weights, Map<String, Integer> counts) {
    int all = counts.values().stream().mapToInt(Integer::intValue).sum();
    return weights.keySet().containsAll(counts.keySet())
        && weights.entrySet().stream()
            .allMatch(weight -> isCredible(
                weight.getValue() / 100.0, counts.getOrDefault(weight.getKey(), 0), all));
  }

  private static boolean isCredible(double share, int count, int all) {
    double expected = share * all;
    double deviation = Math.sqrt(expected * (1 - share));
    boolean silent = count == 0 && expected >= 5;
    return !silent && Math.abs(count - expected) <= STANDARD_DEVIATIONS * deviation;
  }
}
