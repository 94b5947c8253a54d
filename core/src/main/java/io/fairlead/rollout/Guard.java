package io.fairlead.rollout;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.provider.Durations;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * A condition of a {@link Rollout}: at most a share of the candidate's requests may fail, or be slow.
 *
 * <pre>{@code
 * Guard.maxFailures(0.02)                             // 2% may fail
 * Guard.maxSlower(0.05, Duration.ofMillis(800))       // 5% may take longer
 * }</pre>
 *
 * <p>It is decided by a sequential probability ratio test (Wald, 1945) between two shares: the limit, and an intolerable
 * one. It needs no minimum number of requests: it decides when those seen say enough.
 *
 * <ul>
 *   <li>A candidate whose share is the limit or less is refused with a probability of at most {@link #FALSE_ALARM} in a
 *       step, however long the step bakes and however often the rollout looks.
 *   <li>A candidate whose share is the intolerable one or more passes with a probability of at most {@link #MISSED}; after
 *       that it is still watched until the end of the step.
 * </ul>
 *
 * <p>Both hold, by Ville's inequality, for requests that fail independently of each other, and for each guard and step by
 * itself. A limit is absolute: an outage behind both versions is held against the candidate.
 *
 * @param slowerThan the duration of which the guard counts the requests that take longer, failed ones included; empty if
 *     it counts failed ones
 * @param limit the share of the requests that may be so, at least 0.000001 and less than 1
 * @param intolerable the share that must not pass, more than the limit and less than 1: the nearer to the limit, the more
 *     requests it takes to tell the two apart
 */
public record Guard(Optional<Duration> slowerThan, double limit, double intolerable) {
  /** The probability, at most, that a candidate at the limit is refused in a step: 5%. */
  public static final double FALSE_ALARM = 0.05;

  /** The probability, at most, that a candidate with the intolerable share passes: 5%. */
  public static final double MISSED = 0.05;

  private static final double INTOLERABLE = 2.5;
  private static final double LEAST = 1e-6;

  public Guard {
    requireNonNull(slowerThan, "slowerThan");
    boolean isShare = limit >= LEAST && limit < 1;
    Problems.in("Guard")
        .check(
            slowerThan.map(duration -> duration.compareTo(Duration.ZERO) > 0).orElse(true),
            "slowerThan",
            "must be more than 0",
            slowerThan.orElse(Duration.ZERO))
        .check(
            isShare,
            "limit",
            "must be at least 0.000001 and less than 1, such as 0.02 for 2%",
            limit)
        .check(
            !isShare || (intolerable > limit && intolerable < 1),
            "intolerable",
            "must be more than the limit, " + limit + ", and less than 1",
            intolerable)
        .throwIfAny();
  }

  /**
   * {@return a guard that refuses a candidate at which more than a share of the requests fail; 2.5 times the limit is
   * intolerable}
   */
  public static Guard maxFailures(double limit) {
    return new Guard(Optional.empty(), limit, intolerable(limit));
  }

  /**
   * {@return a guard that refuses a candidate at which more than a share of the requests take longer than a duration; 2.5
   * times the limit is intolerable}
   */
  public static Guard maxSlower(double limit, Duration duration) {
    return new Guard(Optional.of(duration), limit, intolerable(limit));
  }

  /** Of a limit of 25% or more, halfway to all requests. */
  private static double intolerable(double limit) {
    return Math.min(limit * INTOLERABLE, (1 + limit) / 2);
  }

  /** {@return the same guard with another intolerable share} */
  public Guard withIntolerable(double share) {
    return new Guard(slowerThan, limit, share);
  }

  /** {@return how many of the requests seen it counts: the failed ones, or the slow ones} */
  public long count(Observations seen) {
    return slowerThan.map(seen::slowerThan).orElseGet(seen::failures);
  }

  /** {@return what it has counted, as in {@code 61 of 812 requests failed (7.51%), where at most 2% may}} */
  public String finding(Observations seen) {
    long count = count(seen);
    return count + " of " + seen.requests() + " requests "
        + slowerThan.map(it -> "took longer than " + Durations.shown(it)).orElse("failed")
        + (seen.requests() == 0 ? "" : " (" + percent((double) count / seen.requests()) + ")")
        + ", where at most " + percent(limit) + " may"
        + (seen.unattributed() == 0
            ? ""
            : ", and " + seen.unattributed() + " more failed of which the variant is not known");
  }

  private static String percent(double share) {
    String text = String.format(Locale.ROOT, share < 0.0001 ? "%.4f" : "%.2f", share * 100);
    return text.replaceFirst("\\.?0+$", "") + "%";
  }

  @Override
  public String toString() {
    return "Guard[at most " + percent(limit) + " "
        + slowerThan.map(it -> "slower than " + Durations.shown(it)).orElse("failures") + "]";
  }
}
