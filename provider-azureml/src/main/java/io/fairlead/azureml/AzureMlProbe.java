package io.fairlead.azureml;

import io.fairlead.grammar.Problems;
import java.time.Duration;

/**
 * The times of a probe of a container; part of {@link AzureMlContainer}. Azure ML counts in whole seconds.
 *
 * @param initialDelay the time before the first probe, 1 second or more
 * @param period the time between two probes, 1 second or more
 * @param timeout the time that an answer may take, 1 second or more
 * @param successThreshold the number of successes after which a container that failed is well again
 * @param failureThreshold the number of failures after which a container is not well
 */
public record AzureMlProbe(
    Duration initialDelay,
    Duration period,
    Duration timeout,
    int successThreshold,
    int failureThreshold) {
  /** Azure ML's own: 10 s, 10 s and 2 s, 1 success, 30 failures. */
  public static final AzureMlProbe DEFAULT = new AzureMlProbe(
      Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofSeconds(2), 1, 30);

  public AzureMlProbe {
    Problems problems = Problems.in("AzureMlProbe")
        .check(successThreshold >= 1, "successThreshold", "must be 1 or more", successThreshold)
        .check(failureThreshold >= 1, "failureThreshold", "must be 1 or more", failureThreshold);
    check("initialDelay", initialDelay, problems);
    check("period", period, problems);
    check("timeout", timeout, problems);
    problems.throwIfAny();
  }

  private static void check(String field, Duration time, Problems problems) {
    problems.check(
        time.toSeconds() >= 1 && time.equals(Duration.ofSeconds(time.toSeconds())),
        field,
        "must be whole seconds, 1 or more",
        time);
  }

  /** {@return a copy with another time before the first probe} */
  public AzureMlProbe withInitialDelay(Duration delay) {
    return new AzureMlProbe(delay, period, timeout, successThreshold, failureThreshold);
  }

  /** {@return a copy with another time between two probes} */
  public AzureMlProbe every(Duration newPeriod) {
    return new AzureMlProbe(initialDelay, newPeriod, timeout, successThreshold, failureThreshold);
  }

  /** {@return a copy with another time that an answer may take} */
  public AzureMlProbe withTimeout(Duration newTimeout) {
    return new AzureMlProbe(initialDelay, period, newTimeout, successThreshold, failureThreshold);
  }

  /** {@return a copy with another number of successes after which the container is well again} */
  public AzureMlProbe withSuccessThreshold(int successes) {
    return new AzureMlProbe(initialDelay, period, timeout, successes, failureThreshold);
  }

  /** {@return a copy with another number of failures after which the container is not well} */
  public AzureMlProbe withFailureThreshold(int failures) {
    return new AzureMlProbe(initialDelay, period, timeout, successThreshold, failures);
  }
}
