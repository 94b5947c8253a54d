package io.fairlead.grammar;

/**
 * A share of the requests to a public name, in whole percent.
 *
 * @param percent 0 to 100; with 0 it gets no request
 */
public record TrafficWeight(int percent) {
  /** No requests. */
  public static final TrafficWeight NONE = new TrafficWeight(0);

  /** All requests. */
  public static final TrafficWeight ALL = new TrafficWeight(100);

  public TrafficWeight {
    Problems.in("TrafficWeight")
        .check(percent >= 0 && percent <= 100, "percent", "must be 0 to 100", percent)
        .throwIfAny();
  }

  public static TrafficWeight percent(int percent) {
    return new TrafficWeight(percent);
  }
}
