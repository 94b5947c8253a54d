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
 * nothing was seen of it. {@link io.fairlead.platform.EndpointPlatform#rollOut} does it, on every platform.
 *
 * @param guards the guards, one or more
 * @param steps the steps, each with more weight than the one before; one or more, unless it is still being written
 * @param patience how long a step may last beyond its bake time while a guard is undecided
 * @param undecided what becomes of the candidate then
 * @param look the time between two looks at the evidence, more than 0
 * @param again whether a candidate is rolled out that was rolled back before
 */
public record Rollout(
    List<Guard> guards,
    List<RolloutStep> steps,
    Duration patience,
    Undecided undecided,
    Duration look,
    boolean again) {
  /** What becomes of a candidate of which too little was seen. */
  public enum Undecided {
    /** It gets no more requests, and the rollout fails. */
    ROLL_BACK,
    /** It keeps its weight, and the rollout fails. */
    HOLD
  }

  private static final Duration PATIENCE = Duration.ofHours(1);
  private static final Duration LOOK = Duration.ofSeconds(10);

  public Rollout {
    guards = List.copyOf(guards);
    steps = List.copyOf(steps);
    requireNonNull(patience, "patience");
    requireNonNull(undecided, "undecided");
    requireNonNull(look, "look");
    Problems problems = Problems.in("Rollout")
        .check(!guards.isEmpty(), "guards", "must be one or more", guards)
        .check(!patience.isNegative(), "patience", "must not be negative", patience)
        .check(look.compareTo(Duration.ZERO) > 0, "look", "must be more than 0", look);
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
   * {@return a rollout without steps yet, which looks every ten seconds and rolls back a candidate that a guard is
   * undecided about an hour after its bake time}
   */
  public static Rollout guardedBy(Guard guard, Guard... more) {
    List<Guard> guards = Stream.concat(Stream.of(guard), Stream.of(more)).toList();
    return new Rollout(guards, List.of(), PATIENCE, Undecided.ROLL_BACK, LOOK, false);
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
    return new Rollout(guards, more, patience, undecided, look, again);
  }

  public Rollout withPatience(Duration newPatience) {
    return new Rollout(guards, steps, newPatience, undecided, look, again);
  }

  /** {@return the same, with what becomes of a candidate of which too little was seen} */
  public Rollout ifUndecided(Undecided newUndecided) {
    return new Rollout(guards, steps, patience, newUndecided, look, again);
  }

  /** {@return the same with another time between two looks at the evidence} */
  public Rollout lookingEvery(Duration newLook) {
    return new Rollout(guards, steps, patience, undecided, newLook, again);
  }

  /** {@return the same for a candidate that was rolled back before} */
  public Rollout onceMore() {
    return new Rollout(guards, steps, patience, undecided, look, true);
  }

  @Override
  public String toString() {
    String shown = steps.stream()
        .map(step -> step.weight().percent() + "% for " + Durations.shown(step.bake()))
        .collect(Collectors.joining(", "));
    return "Rollout[" + (steps.isEmpty() ? "no steps" : shown) + ", " + guards + "]";
  }
}
