package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * The intervals of polling.
 *
 * <p>The interval grows with the time already waited, so that readiness is noticed within a share of the time that it
 * took, and each is shortened at random by up to a half (jitter), so that many pollers spread out.
 *
 * @param first the shortest interval
 * @param most the longest interval
 * @param share the interval as a share of the time waited so far, above 0 and at most 1
 */
public record Polling(Duration first, Duration most, double share) {
  /** From one second to ten, a tenth of the time waited. */
  public static final Polling DEFAULT =
      new Polling(Duration.ofSeconds(1), Duration.ofSeconds(10), 0.1);

  public Polling {
    requireNonNull(first, "first");
    requireNonNull(most, "most");
    Problems.in("Polling")
        .check(first.compareTo(Duration.ZERO) > 0, "first", "must be more than 0", first)
        .check(
            most.compareTo(first) >= 0,
            "most",
            "must not be less than first, which is " + first,
            most)
        .check(share > 0 && share <= 1, "share", "must be above 0 and at most 1", share)
        .throwIfAny();
  }

  /** {@return the next interval, when {@code waited} has passed since the wait began} */
  public Duration next(Duration waited, RandomGenerator random) {
    long shared = (long) (waited.toNanos() * share);
    long pause = Math.min(most.toNanos(), Math.max(first.toNanos(), shared));
    return Duration.ofNanos(pause - (long) (random.nextDouble() * pause / 2));
  }
}
