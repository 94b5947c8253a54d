package io.fairlead.rollout;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.TrafficWeight;
import java.time.Duration;

/**
 * A step of a {@link Rollout}: a traffic weight, and how long the candidate is watched at it.
 *
 * @param weight the candidate's share of the requests, more than 0
 * @param bake the time for which it has this weight at least, 0 or more
 */
public record RolloutStep(TrafficWeight weight, Duration bake) {
  public RolloutStep {
    requireNonNull(weight, "weight");
    requireNonNull(bake, "bake");
    Problems.in("RolloutStep")
        .check(weight.percent() > 0, "weight", "must be more than 0", weight.percent())
        .check(!bake.isNegative(), "bake", "must not be negative", bake)
        .throwIfAny();
  }
}
