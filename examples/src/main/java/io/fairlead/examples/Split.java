package io.fairlead.examples;

import java.util.Map;

/** A statistical check of a traffic split. */
final class Split {
  private static final double STANDARD_DEVIATIONS = 4;

  private Split() {}

  /**
   * {@return whether these counts are plausible for a random split by the weights} Variants without a weight must not
   * have any responses.
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
