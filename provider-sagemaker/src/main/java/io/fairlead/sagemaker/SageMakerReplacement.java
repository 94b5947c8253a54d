package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import java.time.Duration;
import java.util.List;

/**
 * Lets another container take a variant's place under the same name, by SageMaker's own deployment guardrails, for {@link
 * io.fairlead.grammar.Routing#with}.
 *
 * <p>SageMaker starts a second fleet, moves the requests, watches the alarms, and goes back by itself if one fires. Without
 * alarms it only waits. It has a second fleet's price and quota for that time.
 *
 * @param steps how the requests move
 * @param percent the share of the fleet that moves first, for {@code CANARY} 1 to 50, or at each step, for {@code LINEAR}
 *     10 to 50; not used for {@code ALL_AT_ONCE}
 * @param interval how long each step is watched, 0 to an hour, in whole seconds
 * @param terminationWait how long the old fleet is kept after the last step, 0 to an hour, in whole seconds
 * @param limit the longest that SageMaker may take for the whole, 10 minutes to 8 hours, in whole seconds, and longer than
 *     the waits; an operation waits an hour, and deploying the same again goes on waiting
 * @param alarms the names of 0 to 10 CloudWatch alarms that take it back
 */
public record SageMakerReplacement(
    Steps steps,
    int percent,
    Duration interval,
    Duration terminationWait,
    Duration limit,
    List<String> alarms)
    implements RoutingOptions {
  /** How the requests move from one fleet to the other. */
  public enum Steps {
    /** All at once. */
    ALL_AT_ONCE,
    /** A part first, and then the rest. */
    CANARY,
    /** In equal parts. */
    LINEAR
  }

  private static final int MOST_PERCENT = 50;
  private static final int LEAST_LINEAR = 10;
  private static final int MOST_ALARMS = 10;
  private static final Duration LONGEST_WAIT = Duration.ofHours(1);
  private static final Duration SHORTEST_LIMIT = Duration.ofMinutes(10);
  private static final Duration LONGEST_LIMIT = Duration.ofHours(8);
  private static final Duration USUAL_LIMIT = Duration.ofHours(2);

  public SageMakerReplacement {
    requireNonNull(steps, "steps");
    alarms = List.copyOf(alarms);
    int least = steps == Steps.LINEAR ? LEAST_LINEAR : 1;
    Problems.in("SageMakerReplacement")
        .check(
            steps == Steps.ALL_AT_ONCE || (percent >= least && percent <= MOST_PERCENT),
            "percent",
            "must be from " + least + " to " + MOST_PERCENT + " for " + steps,
            percent)
        .check(isWait(interval), "interval", "must be 0 to an hour", interval)
        .check(isWait(terminationWait), "terminationWait", "must be 0 to an hour", terminationWait)
        .check(
            limit.compareTo(SHORTEST_LIMIT) >= 0 && limit.compareTo(LONGEST_LIMIT) <= 0,
            "limit",
            "must be 10 minutes to 8 hours",
            limit)
        .check(
            limit.compareTo(interval.plus(terminationWait)) > 0,
            "limit",
            "must be longer than interval and terminationWait together",
            limit)
        .check(alarms.size() <= MOST_ALARMS, "alarms", "must be at most " + MOST_ALARMS, alarms)
        .check(
            alarms.stream().allMatch(name -> !name.isBlank() && name.length() <= 255),
            "alarms",
            "must be names of 1 to 255 characters",
            alarms)
        .throwIfAny();
  }

  private static boolean isWait(Duration duration) {
    return !duration.isNegative() && duration.compareTo(LONGEST_WAIT) <= 0;
  }

  /** {@return a part first and then the rest, watched by alarms} */
  public static SageMakerReplacement canary(int percent, Duration interval, String... alarms) {
    return new SageMakerReplacement(
        Steps.CANARY, percent, interval, Duration.ZERO, USUAL_LIMIT, List.of(alarms));
  }

  /** {@return equal parts one after the other, watched by alarms} */
  public static SageMakerReplacement linear(int percent, Duration interval, String... alarms) {
    return new SageMakerReplacement(
        Steps.LINEAR, percent, interval, Duration.ZERO, USUAL_LIMIT, List.of(alarms));
  }

  /** {@return all at once, watched by alarms} */
  public static SageMakerReplacement allAtOnce(Duration interval, String... alarms) {
    return new SageMakerReplacement(
        Steps.ALL_AT_ONCE, 0, interval, Duration.ZERO, USUAL_LIMIT, List.of(alarms));
  }

  public SageMakerReplacement withTerminationWait(Duration wait) {
    return new SageMakerReplacement(steps, percent, interval, wait, limit, alarms);
  }

  public SageMakerReplacement withLimit(Duration newLimit) {
    return new SageMakerReplacement(steps, percent, interval, terminationWait, newLimit, alarms);
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
