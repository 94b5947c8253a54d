package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;
import io.fairlead.spi.Settings;
import java.time.Duration;

/**
 * A target-tracking policy of Application Auto Scaling, for {@link io.fairlead.grammar.Scaling#with}: it changes the
 * number of instances between {@code min} and {@code max} to keep a metric at a target value.
 */
public final class SageMakerAutoscaling extends Settings<SageMakerAutoscaling.Draft>
    implements ScalingOptions {
  /** The metric that is tracked. */
  public enum Metric {
    /** Requests per minute for each instance. */
    INVOCATIONS_PER_INSTANCE("SageMakerVariantInvocationsPerInstance"),
    /** Concurrent requests for each copy of the model; measured every 10 seconds. */
    CONCURRENT_REQUESTS_PER_MODEL("SageMakerVariantConcurrentRequestsPerModelHighResolution"),
    /** Waiting and processed requests of an asynchronous endpoint for each instance; the only one that AWS has there. */
    BACKLOG_PER_INSTANCE("ApproximateBacklogSizePerInstance"),
    /** Requests per minute for each copy of an inference component. */
    INVOCATIONS_PER_COPY("SageMakerInferenceComponentInvocationsPerCopy"),
    /** Concurrent requests for each copy of an inference component; measured every 10 seconds. */
    CONCURRENT_REQUESTS_PER_COPY(
        "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution");

    private final String awsName;

    Metric(String awsName) {
      this.awsName = awsName;
    }

    /** {@return AWS's name of the metric} */
    public String awsName() {
      return awsName;
    }
  }

  private static final Duration USUAL_COOLDOWN = Duration.ofMinutes(5);

  /** Four concurrent requests for each copy of the model; a cooldown of five minutes in both directions. */
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

  /** {@return the default for an inference component: four concurrent requests for each copy} */
  public static SageMakerAutoscaling forComponents() {
    return keeping(Metric.CONCURRENT_REQUESTS_PER_COPY, DEFAULT.target());
  }

  /**
   * {@return a policy for an asynchronous endpoint, which may scale to 0 instances}
   *
   * @param perInstance the number of requests, waiting and processed, for each instance; above 0
   */
  public static SageMakerAutoscaling backlog(double perInstance) {
    return keeping(Metric.BACKLOG_PER_INSTANCE, perInstance);
  }

  /** {@return a policy that keeps a metric at a target value} */
  public static SageMakerAutoscaling keeping(Metric metric, double target) {
    return new SageMakerAutoscaling(DEFAULT.with(draft -> {
      draft.metric = metric;
      draft.target = target;
    }));
  }

  /** {@return the metric that is tracked} */
  public Metric metric() {
    return draft().metric;
  }

  /** {@return the target value of the metric, for each instance or each copy of the model; above 0} */
  public double target() {
    return draft().target;
  }

  /** {@return the cooldown after instances were removed; 0 or more, in whole seconds} */
  public Duration scaleInCooldown() {
    return draft().scaleInCooldown;
  }

  /** {@return the cooldown after instances were added; 0 or more, in whole seconds} */
  public Duration scaleOutCooldown() {
    return draft().scaleOutCooldown;
  }

  /** {@return whether scale-in is disabled: instances are added, but never removed} */
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
