package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;
import io.fairlead.spi.Settings;
import java.time.Duration;

/**
 * What Application Auto Scaling keeps at a value by changing the number of instances between {@code min} and {@code max},
 * for {@link io.fairlead.grammar.Scaling#with}.
 */
public final class SageMakerAutoscaling extends Settings<SageMakerAutoscaling.Draft>
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

  private static final Duration USUAL_COOLDOWN = Duration.ofMinutes(5);

  /** Four requests at a time for each copy of the model; five minutes' pause after both. */
  public static final SageMakerAutoscaling DEFAULT = new SageMakerAutoscaling(new Draft());

  static final class Draft extends Settings.Draft {
    Metric metric = Metric.CONCURRENT_REQUESTS_PER_MODEL;
    double target = 4;
    Duration scaleInCooldown = USUAL_COOLDOWN;
    Duration scaleOutCooldown = USUAL_COOLDOWN;
    boolean scaleInDisabled;
  }

  private SageMakerAutoscaling(Draft draft) {
    super(draft);
    Problems.in("SageMakerAutoscaling")
        .check(
            draft.target > 0 && Double.isFinite(draft.target),
            "target",
            "must be above 0",
            draft.target)
        .check(
            !draft.scaleInCooldown.isNegative(),
            "scaleInCooldown",
            "must not be negative",
            draft.scaleInCooldown)
        .check(
            !draft.scaleOutCooldown.isNegative(),
            "scaleOutCooldown",
            "must not be negative",
            draft.scaleOutCooldown)
        .throwIfAny();
  }

  /** {@return the same, for another value to keep} */
  public static SageMakerAutoscaling keeping(Metric metric, double target) {
    return new SageMakerAutoscaling(DEFAULT.with(draft -> {
      draft.metric = metric;
      draft.target = target;
    }));
  }

  /** {@return what is measured} */
  public Metric metric() {
    return draft().metric;
  }

  /** {@return the value to keep, for each instance or each model on it; above 0} */
  public double target() {
    return draft().target;
  }

  /** {@return the pause after instances were taken away; 0 or more, in whole seconds} */
  public Duration scaleInCooldown() {
    return draft().scaleInCooldown;
  }

  /** {@return the pause after instances were added; 0 or more, in whole seconds} */
  public Duration scaleOutCooldown() {
    return draft().scaleOutCooldown;
  }

  /** {@return whether instances are only added, and never taken away} */
  public boolean scaleInDisabled() {
    return draft().scaleInDisabled;
  }

  public SageMakerAutoscaling withCooldowns(Duration scaleIn, Duration scaleOut) {
    return new SageMakerAutoscaling(with(draft -> {
      draft.scaleInCooldown = scaleIn;
      draft.scaleOutCooldown = scaleOut;
    }));
  }

  public SageMakerAutoscaling withScaleInDisabled(boolean disabled) {
    return new SageMakerAutoscaling(with(draft -> draft.scaleInDisabled = disabled));
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
