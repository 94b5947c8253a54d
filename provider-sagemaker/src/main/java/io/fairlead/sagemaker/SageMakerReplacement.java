package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import io.fairlead.spi.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A blue/green deployment within a variant, by SageMaker's deployment guardrails, for {@link
 * io.fairlead.grammar.Routing#with}: another container replaces the variant's under the same name.
 *
 * <p>SageMaker starts a second fleet, shifts the traffic to it, and rolls back by itself if one of the alarms fires.
 * Without alarms it only waits. Meanwhile, the second fleet is billed and counts against quotas. A {@linkplain #rolling
 * rolling} deployment needs one batch of additional instances only.
 */
public final class SageMakerReplacement extends Settings<SageMakerReplacement.Draft>
    implements RoutingOptions {
  /** How the traffic shifts from one fleet to the other. */
  public enum Steps {
    /** All at once. */
    ALL_AT_ONCE,
    /** A canary: a part first, and then the rest. */
    CANARY,
    /** In equal parts. */
    LINEAR,
    /** In batches of instances, without a second fleet: each batch is added, gets requests, and replaces as many. */
    ROLLING
  }

  private static final int MOST_PERCENT = 50;
  private static final int LEAST_LINEAR = 10;
  private static final int LEAST_ROLLING = 5;
  private static final int MOST_ALARMS = 10;
  private static final Duration LONGEST_WAIT = Duration.ofHours(1);
  private static final Duration SHORTEST_LIMIT = Duration.ofMinutes(10);
  private static final Duration LONGEST_LIMIT = Duration.ofHours(8);
  private static final Duration USUAL_LIMIT = Duration.ofHours(2);

  static final class Draft extends Settings.Draft {
    Steps steps = Steps.ALL_AT_ONCE;
    Optional<Integer> percent = Optional.empty();
    Duration interval = Duration.ZERO;
    Duration terminationWait = Duration.ZERO;
    Duration limit = USUAL_LIMIT;
    List<String> alarms = List.of();
  }

  private SageMakerReplacement(Draft draft) {
    super(draft);
    boolean isAtOnce = draft.steps == Steps.ALL_AT_ONCE;
    int least = switch (draft.steps) {
      case LINEAR -> LEAST_LINEAR;
      case ROLLING -> LEAST_ROLLING;
      default -> 1;
    };
    Problems.in("SageMakerReplacement")
        .check(
            !isAtOnce || draft.percent.isEmpty(),
            "percent",
            "must be left out for " + Steps.ALL_AT_ONCE,
            draft.percent.orElse(0))
        .check(
            isAtOnce
                || draft
                    .percent
                    .filter(percent -> percent >= least && percent <= MOST_PERCENT)
                    .isPresent(),
            "percent",
            "must be from " + least + " to " + MOST_PERCENT + " for " + draft.steps,
            draft.percent.orElse(0))
        .check(isWait(draft.interval), "interval", "must be 0 to an hour", draft.interval)
        .check(
            isWait(draft.terminationWait),
            "terminationWait",
            "must be 0 to an hour",
            draft.terminationWait)
        .check(
            draft.steps != Steps.ROLLING || draft.terminationWait.isZero(),
            "terminationWait",
            "must be 0 for " + Steps.ROLLING + ", which has no second fleet to keep",
            draft.terminationWait)
        .check(
            draft.limit.compareTo(SHORTEST_LIMIT) >= 0 && draft.limit.compareTo(LONGEST_LIMIT) <= 0,
            "limit",
            "must be 10 minutes to 8 hours",
            draft.limit)
        .check(
            draft.limit.compareTo(draft.interval.plus(draft.terminationWait)) > 0,
            "limit",
            "must be longer than interval and terminationWait together",
            draft.limit)
        .check(
            draft.alarms.size() <= MOST_ALARMS,
            "alarms",
            "must be at most " + MOST_ALARMS,
            draft.alarms)
        .check(
            draft.alarms.stream().allMatch(name -> !name.isBlank() && name.length() <= 255),
            "alarms",
            "must be names of 1 to 255 characters",
            draft.alarms)
        .throwIfAny();
  }

  private static boolean isWait(Duration duration) {
    return !duration.isNegative() && duration.compareTo(LONGEST_WAIT) <= 0;
  }

  private static SageMakerReplacement of(
      Steps steps, Optional<Integer> percent, Duration interval, String... alarms) {
    Draft draft = new Draft();
    draft.steps = steps;
    draft.percent = percent;
    draft.interval = interval;
    draft.alarms = List.of(alarms);
    return new SageMakerReplacement(draft);
  }

  /** {@return a canary deployment, monitored by alarms} */
  public static SageMakerReplacement canary(int percent, Duration interval, String... alarms) {
    return of(Steps.CANARY, Optional.of(percent), interval, alarms);
  }

  /** {@return a linear deployment, in equal steps, monitored by alarms} */
  public static SageMakerReplacement linear(int percent, Duration interval, String... alarms) {
    return of(Steps.LINEAR, Optional.of(percent), interval, alarms);
  }

  /** {@return a deployment that shifts all traffic at once, monitored by alarms} */
  public static SageMakerReplacement allAtOnce(Duration interval, String... alarms) {
    return of(Steps.ALL_AT_ONCE, Optional.empty(), interval, alarms);
  }

  /**
   * {@return a rolling deployment, in batches of instances, monitored by alarms}
   *
   * @param percent the size of a batch in percent of the instances, 5 to 50
   */
  public static SageMakerReplacement rolling(int percent, Duration interval, String... alarms) {
    return of(Steps.ROLLING, Optional.of(percent), interval, alarms);
  }

  /** {@return how the traffic shifts} */
  public Steps steps() {
    return draft().steps;
  }

  /**
   * {@return the percentage of the fleet that shifts first, for {@code CANARY} 1 to 50, or at each step, for {@code
   * LINEAR} 10 to 50 and for {@code ROLLING} 5 to 50; empty for {@code ALL_AT_ONCE}}
   */
  public Optional<Integer> percent() {
    return draft().percent;
  }

  /** {@return the baking period after each step, in which the alarms are monitored, 0 to an hour, in whole seconds} */
  public Duration interval() {
    return draft().interval;
  }

  /** {@return the time that the old fleet is kept after the last step, 0 to an hour, in whole seconds} */
  public Duration terminationWait() {
    return draft().terminationWait;
  }

  /**
   * {@return the maximum time of the whole deployment, 10 minutes to 8 hours, in whole seconds, and longer than the
   * waits; an operation waits for an hour, and the same {@code deploy} again resumes it}
   */
  public Duration limit() {
    return draft().limit;
  }

  /** {@return the names of 0 to 10 CloudWatch alarms that trigger a rollback} */
  public List<String> alarms() {
    return draft().alarms;
  }

  public SageMakerReplacement withTerminationWait(Duration wait) {
    return new SageMakerReplacement(with(draft -> draft.terminationWait = wait));
  }

  public SageMakerReplacement withLimit(Duration limit) {
    return new SageMakerReplacement(with(draft -> draft.limit = limit));
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
