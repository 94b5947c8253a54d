package io.fairlead.rollout;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.provider.Durations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How the requests of a public name move to a new version: in steps, each watched by guards.
 *
 * <pre>{@code
 * Rollout rollout = Rollout.guardedBy(Guard.maxFailures(0.02), Guard.maxSlower(0.05, Duration.ofMillis(800)))
 *     .step(5, Duration.ofMinutes(10))
 *     .step(25, Duration.ofMinutes(30))
 *     .step(100, Duration.ofHours(1));
 * Version green = cloud.rollOut(blue, candidate, rollout, evidence).await(Duration.ofHours(6));
 * }</pre>
 *
 * <p>A step is over when its bake time is and each guard has passed since the step began: no version is promoted because
 * nothing was seen of it. {@link io.fairlead.platform.EndpointPlatform#rollOut} does it, on every platform. Immutable.
 */
public final class Rollout {
  /** What becomes of a candidate of which too little was seen. */
  public enum Undecided {
    /** It gets no more requests, and the rollout fails. */
    ROLL_BACK,
    /** It keeps its weight, and the rollout fails. */
    HOLD
  }

  private static final Duration PATIENCE = Duration.ofHours(1);
  private static final Duration LOOK_INTERVAL = Duration.ofSeconds(10);

  private final List<Guard> guards;
  private final List<RolloutStep> steps;
  private final Duration patience;
  private final Undecided undecided;
  private final Duration lookInterval;
  private final boolean onceMore;

  private Rollout(
      List<Guard> guards,
      List<RolloutStep> steps,
      Duration patience,
      Undecided undecided,
      Duration lookInterval,
      boolean onceMore) {
    this.guards = List.copyOf(guards);
    this.steps = List.copyOf(steps);
    this.patience = requireNonNull(patience, "patience");
    this.undecided = requireNonNull(undecided, "undecided");
    this.lookInterval = requireNonNull(lookInterval, "lookInterval");
    this.onceMore = onceMore;
    Problems problems = Problems.in("Rollout")
        .check(!patience.isNegative(), "patience", "must not be negative", patience)
        .check(
            lookInterval.compareTo(Duration.ZERO) > 0,
            "lookInterval",
            "must be more than 0",
            lookInterval);
    for (int i = 1; i < steps.size(); i++) {
      int before = steps.get(i - 1).weight().percent();
      int percent = steps.get(i).weight().percent();
      problems.check(
          percent > before,
          "steps[" + i + "].weight",
          "must be more than that of the step before, " + before,
          percent);
    }
    problems.throwIfAny();
  }

  /**
   * {@return a rollout without steps yet, which looks every ten seconds, and rolls back a candidate of which too little was
   * seen an hour after its bake time}
   */
  public static Rollout guardedBy(Guard guard, Guard... more) {
    List<Guard> guards = Stream.concat(Stream.of(guard), Stream.of(more)).toList();
    return new Rollout(guards, List.of(), PATIENCE, Undecided.ROLL_BACK, LOOK_INTERVAL, false);
  }

  /**
   * {@return the same with a further step}
   *
   * @param percent the candidate's share of the requests, more than that of the step before, at most 100
   * @param bake the time for which it has this weight at least
   */
  public Rollout step(int percent, Duration bake) {
    List<RolloutStep> more = new ArrayList<>(steps);
    more.add(new RolloutStep(TrafficWeight.percent(percent), bake));
    return new Rollout(guards, more, patience, undecided, lookInterval, onceMore);
  }

  /** {@return the same with another time, 0 or more, for which a step lasts beyond its bake time while a guard is undecided} */
  public Rollout withPatience(Duration newPatience) {
    return new Rollout(guards, steps, newPatience, undecided, lookInterval, onceMore);
  }

  /** {@return the same, with what becomes of a candidate of which too little was seen} */
  public Rollout withUndecided(Undecided newUndecided) {
    return new Rollout(guards, steps, patience, newUndecided, lookInterval, onceMore);
  }

  /** {@return the same with another time, more than 0, between two looks at the evidence} */
  public Rollout withLookInterval(Duration newLookInterval) {
    return new Rollout(guards, steps, patience, undecided, newLookInterval, onceMore);
  }

  /** {@return the same for a candidate that was rolled back before} */
  public Rollout onceMore() {
    return new Rollout(guards, steps, patience, undecided, lookInterval, true);
  }

  /** {@return the guards, one or more} */
  public List<Guard> guards() {
    return guards;
  }

  /** {@return the steps, each with more weight than the one before} */
  public List<RolloutStep> steps() {
    return steps;
  }

  /** {@return how long a step may last beyond its bake time while a guard is undecided} */
  public Duration patience() {
    return patience;
  }

  /** {@return what becomes of a candidate of which too little was seen} */
  public Undecided undecided() {
    return undecided;
  }

  /** {@return the time between two looks at the evidence} */
  public Duration lookInterval() {
    return lookInterval;
  }

  /** {@return whether a candidate is rolled out that was rolled back before} */
  public boolean isOnceMore() {
    return onceMore;
  }

  @Override
  public String toString() {
    String shown = steps.stream()
        .map(step -> step.weight().percent() + "% for " + Durations.shown(step.bake()))
        .collect(Collectors.joining(", "));
    return "Rollout[" + (steps.isEmpty() ? "no steps" : shown) + ", " + guards + "]";
  }
}
