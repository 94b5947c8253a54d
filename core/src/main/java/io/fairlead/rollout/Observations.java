package io.fairlead.rollout;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What was seen of the requests to one variant: counts, and nothing of a request or an answer.
 *
 * @param requests the requests that have ended, well or not
 * @param failures those that the variant failed at
 * @param unattributed failures beside these that may be the variant's or another's of the same name, such as requests
 *     that nobody answered: they refuse no candidate, and let none pass
 * @param slower by each duration that was asked about, the requests that took longer, sorted
 */
public record Observations(
    long requests, long failures, long unattributed, SortedMap<Duration, Long> slower) {
  /** Nothing was seen. */
  public static final Observations NONE = new Observations(0, 0, 0, Collections.emptySortedMap());

  public Observations {
    requireNonNull(slower, "slower");
    slower = Collections.unmodifiableSortedMap(new TreeMap<>(slower));
    Problems problems = Problems.in("Observations")
        .check(requests >= 0, "requests", "must not be negative", requests)
        .check(
            failures >= 0 && failures <= requests,
            "failures",
            "must be 0 to the number of requests, " + requests,
            failures)
        .check(unattributed >= 0, "unattributed", "must not be negative", unattributed);
    for (Map.Entry<Duration, Long> entry : slower.entrySet()) {
      long count = entry.getValue();
      problems.check(
          count >= 0 && count <= requests,
          "slower[" + entry.getKey() + "]",
          "must be 0 to the number of requests, " + requests,
          count);
    }
    problems.throwIfAny();
  }

  /** Counts of requests of which each is known to be the variant's. */
  public Observations(long requests, long failures, SortedMap<Duration, Long> slower) {
    this(requests, failures, 0, slower);
  }

  /** {@return how many requests took longer than a duration; 0 if it was not asked about} */
  public long slowerThan(Duration limit) {
    return slower.getOrDefault(limit, 0L);
  }

  /** {@return these and others, which saw no request that these saw} */
  public Observations plus(Observations other) {
    SortedMap<Duration, Long> sum = new TreeMap<>(slower);
    other.slower.forEach((limit, count) -> sum.merge(limit, count, Long::sum));
    return new Observations(
        requests + other.requests,
        failures + other.failures,
        unattributed + other.unattributed,
        sum);
  }
}
