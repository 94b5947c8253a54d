package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * A policy for retries: the number of attempts, and the pauses between them (exponential backoff with jitter).
 *
 * @param attempts the maximum number of attempts in a row, the first included; 1 or more
 * @param first the pause after the first failure; it doubles with each further one
 * @param most the longest pause
 * @param settling the time that a platform may take until an accepted change is visible everywhere (eventual
 *     consistency); more than 0
 */
public record RetryPolicy(int attempts, Duration first, Duration most, Duration settling) {
  /** Ten attempts, with pauses from half a second to twenty seconds; two minutes to settle. */
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(10, Duration.ofMillis(500), Duration.ofSeconds(20), Duration.ofMinutes(2));

  public RetryPolicy {
    requireNonNull(first, "first");
    requireNonNull(most, "most");
    requireNonNull(settling, "settling");
    Problems.in("RetryPolicy")
        .check(attempts >= 1, "attempts", "must be 1 or more", attempts)
        .check(first.compareTo(Duration.ZERO) > 0, "first", "must be more than 0", first)
        .check(
            most.compareTo(first) >= 0,
            "most",
            "must not be less than first, which is " + first,
            most)
        .check(settling.compareTo(Duration.ZERO) > 0, "settling", "must be more than 0", settling)
        .throwIfAny();
  }

  /** {@return the pause after this many failures in a row, shortened at random by up to a half} */
  public Duration pauseAfter(int failures, RandomGenerator random) {
    long doubled = first.toNanos() << Math.min(failures - 1, 30);
    long pause = doubled <= 0 ? most.toNanos() : Math.min(doubled, most.toNanos());
    return Duration.ofNanos(pause - (long) (random.nextDouble() * pause / 2));
  }
}
