package io.fairlead.grammar;

/**
 * A share of the requests to a public name, in whole percent.
 *
 * @param percent 0 to 100; 0 is no request at all
 */
public record TrafficWeight(int percent) {
  /** No request. */
  public static final TrafficWeight NONE = new TrafficWeight(0);

  /** Every request. */
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
