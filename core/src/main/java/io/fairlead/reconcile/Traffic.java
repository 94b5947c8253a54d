package io.fairlead.reconcile;

import io.fairlead.grammar.Problems;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The traffic split of a public name: the weight of each variant.
 *
 * @param weights whole percents by variant, each 1 to 100, sorted by variant; a variant without a weight gets no
 *     request. They sum to 100, or there are none
 */
public record Traffic(Map<String, Integer> weights) {
  /** The split in which no variant gets a request. */
  public static final Traffic NONE = new Traffic(Map.of());

  public Traffic {
    SortedMap<String, Integer> positive = new TreeMap<>(weights);
    positive.values().removeIf(weight -> weight == 0);
    int sum = positive.values().stream().mapToInt(Integer::intValue).sum();
    Problems.in("Traffic")
        .check(
            positive.values().stream().allMatch(weight -> weight > 0),
            "weights",
            "must be 0 to 100 each",
            weights)
        .check(sum == 100 || positive.isEmpty(), "weights", "must sum to 100", weights)
        .throwIfAny();
    weights = Collections.unmodifiableSortedMap(positive);
  }

  public static Traffic allTo(String variant) {
    return new Traffic(Map.of(variant, 100));
  }

  public int of(String variant) {
    return weights.getOrDefault(variant, 0);
  }

  /**
   * {@return the split in which the candidate has {@code percent}, the stable variant the rest of the two, and each
   * other variant what it has}
   *
   * @throws io.fairlead.grammar.InvalidValueException if other variants leave less than {@code percent}
   */
  public Traffic split(String stable, String candidate, int percent) {
    int others = ofOthersThan(stable, candidate);
    Problems.in("Traffic")
        .check(
            percent + others <= 100,
            "weight",
            "must be at most " + (100 - others) + ", because of others: "
                + without(stable, candidate) + "; lower their weights first",
            percent)
        .throwIfAny();
    SortedMap<String, Integer> next = new TreeMap<>(weights);
    next.put(candidate, percent);
    next.put(stable, 100 - others - percent);
    return new Traffic(next);
  }

  int ofOthersThan(String stable, String candidate) {
    return without(stable, candidate).values().stream()
        .mapToInt(Integer::intValue)
        .sum();
  }

  private SortedMap<String, Integer> without(String stable, String candidate) {
    SortedMap<String, Integer> others = new TreeMap<>(weights);
    others.keySet().removeAll(List.of(stable, candidate));
    others.values().removeIf(weight -> weight == 0);
    return others;
  }

  /** {@return whether other variants have a weight, so that this one can be removed} */
  public boolean canSpare(String variant) {
    return of(variant) < 100;
  }

  /** {@return the split without a variant, whose weight is divided among the others in proportion to theirs} */
  public Traffic without(String variant) {
    SortedMap<String, Integer> rest = new TreeMap<>(weights);
    rest.remove(variant);
    return inProportion(rest);
  }

  /**
   * {@return the split in proportion to weights of any sum}
   *
   * <p>Whole percents are kept by the largest-remainder method; on a tie, the first by name gets more.
   *
   * @param shares the weights, 0 or more each; if all are 0, no variant gets any request
   */
  public static Traffic inProportion(SortedMap<String, Integer> shares) {
    int sum = shares.values().stream().mapToInt(Integer::intValue).sum();
    if (sum == 0) {
      return NONE;
    }
    SortedMap<String, Integer> next = new TreeMap<>();
    shares.forEach((name, weight) -> next.put(name, weight * 100 / sum));
    int missing = 100 - next.values().stream().mapToInt(Integer::intValue).sum();
    List<String> byRemainder = shares.keySet().stream()
        .sorted(
            Comparator.comparingInt((String name) -> -(shares.getOrDefault(name, 0) * 100 % sum)))
        .toList();
    byRemainder.stream().limit(missing).forEach(name -> next.merge(name, 1, Integer::sum));
    return new Traffic(next);
  }
}
