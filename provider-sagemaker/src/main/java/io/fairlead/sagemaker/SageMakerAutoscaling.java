package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;
import java.time.Duration;

/**
 * What Application Auto Scaling keeps at a value by changing the number of instances between {@code min} and {@code max},
 * for {@link io.fairlead.grammar.Scaling#with}.
 *
 * @param metric what is measured
 * @param target the value to keep, for each instance or each model on it; above 0
 * @param scaleInCooldown the pause after instances were taken away; 0 or more, in whole seconds
 * @param scaleOutCooldown the pause after instances were added; 0 or more, in whole seconds
 * @param scaleInDisabled whether instances are only added, and never taken away
 */
public record SageMakerAutoscaling(
    Metric metric,
    double target,
    Duration scaleInCooldown,
    Duration scaleOutCooldown,
    boolean scaleInDisabled)
    implements ScalingOptions {
  /** What is measured, under the name that it has among AWS's predefined metrics. */
  public enum Metric {
    /** Requests in a minute, for each instance. */
    INVOCATIONS_PER_INSTANCE("SageMakerVariantInvocationsPerInstance"),
    /** Requests at a time, for each copy of the model; measured every 10 seconds. */
    CONCURRENT_REQUESTS_PER_MODEL("SageMakerVariantConcurrentRequestsPerModelHighResolution");

    private final String awsName;

    Metric(String awsName) {
      this.awsName = awsName;
    }

    /** {@return AWS's name of the predefined metric} */
    public String awsName() {
      return awsName;
    }
  }

  /** Four requests at a time for each copy of the model; five minutes' pause after both. */
  public static final SageMakerAutoscaling DEFAULT = new SageMakerAutoscaling(
      Metric.CONCURRENT_REQUESTS_PER_MODEL, 4, Duration.ofMinutes(5), Duration.ofMinutes(5), false);

  public SageMakerAutoscaling {
    requireNonNull(metric, "metric");
    requireNonNull(scaleInCooldown, "scaleInCooldown");
    requireNonNull(scaleOutCooldown, "scaleOutCooldown");
    Problems.in("SageMakerAutoscaling")
        .check(target > 0 && Double.isFinite(target), "target", "must be above 0", target)
        .check(
            !scaleInCooldown.isNegative(),
            "scaleInCooldown",
            "must not be negative",
            scaleInCooldown)
        .check(
            !scaleOutCooldown.isNegative(),
            "scaleOutCooldown",
            "must not be negative",
            scaleOutCooldown)
        .throwIfAny();
  }

  /** {@return the same, for another value to keep} */
  public static SageMakerAutoscaling keeping(Metric metric, double target) {
    return new SageMakerAutoscaling(
        metric, target, DEFAULT.scaleInCooldown, DEFAULT.scaleOutCooldown, false);
  }

  public SageMakerAutoscaling withCooldowns(Duration scaleIn, Duration scaleOut) {
    return new SageMakerAutoscaling(metric, target, scaleIn, scaleOut, scaleInDisabled);
  }

  public SageMakerAutoscaling withScaleInDisabled(boolean disabled) {
    return new SageMakerAutoscaling(metric, target, scaleInCooldown, scaleOutCooldown, disabled);
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
