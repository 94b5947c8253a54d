package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.sagemaker.SageMakerAutoscaling;
import io.fairlead.sagemaker.SageMakerAutoscaling.Metric;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.applicationautoscaling.model.AdjustmentType;
import software.amazon.awssdk.services.applicationautoscaling.model.MetricAggregationType;
import software.amazon.awssdk.services.applicationautoscaling.model.MetricDimension;
import software.amazon.awssdk.services.applicationautoscaling.model.MetricStatistic;
import software.amazon.awssdk.services.applicationautoscaling.model.PolicyType;
import software.amazon.awssdk.services.applicationautoscaling.model.PutScalingPolicyResponse;
import software.amazon.awssdk.services.applicationautoscaling.model.ScalableTarget;
import software.amazon.awssdk.services.applicationautoscaling.model.ScalingPolicy;
import software.amazon.awssdk.services.applicationautoscaling.model.StepAdjustment;
import software.amazon.awssdk.services.applicationautoscaling.model.TargetTrackingScalingPolicyConfiguration;
import software.amazon.awssdk.services.cloudwatch.model.ComparisonOperator;
import software.amazon.awssdk.services.cloudwatch.model.Dimension;
import software.amazon.awssdk.services.cloudwatch.model.MetricAlarm;
import software.amazon.awssdk.services.cloudwatch.model.Statistic;

/**
 * The calls of Application Auto Scaling, and of CloudWatch for the alarm that it needs to begin from 0: one scalable
 * target and one managed target-tracking policy for each variant or inference component.
 *
 * <p>At 0 there is nothing that has the tracked metric, so a step-scaling policy, which an alarm of another metric
 * triggers, adds the first instance or copy. The alarm is created last and deleted first: a scalable target without it
 * is noticed, an alarm without a target would not be.
 */
final class AutoscalingCalls {
  private static final String POLICY = "fairlead";
  private static final String FIRST = "fairlead-first";
  // Strings, because the SDK's enums would be loaded with the platform, even if it only invokes
  // models.
  private static final String SAGEMAKER = "sagemaker";
  private static final String METRICS = "AWS/SageMaker";
  private static final int PERIOD = 60;
  private static final int COOLDOWN = 300;

  private final SageMakerClients clients;
  private final SageMakerErrors errors;

  AutoscalingCalls(SageMakerClients clients, SageMakerErrors errors) {
    this.clients = clients;
    this.errors = errors;
  }

  /**
   * What is scaled.
   *
   * @param name its name, for messages
   * @param resource its id at Application Auto Scaling
   * @param dimension the scalable dimension
   * @param alarm the name of the alarm that starts the first
   * @param waiting the metric that is 1 if requests wait while there is none
   * @param periods the number of minutes that they wait before the first is started
   * @param scope the dimension of the metrics, its name and its value
   */
  record Scaled(
      String name,
      String resource,
      String dimension,
      String alarm,
      String waiting,
      int periods,
      Scope scope) {
    record Scope(String name, String value) {}

    static Scaled of(VariantName variant) {
      return new Scaled(
          variant.toString(),
          "endpoint/" + variant.endpoint() + "/variant/" + variant.variant(),
          "sagemaker:variant:DesiredInstanceCount",
          "fairlead-first/" + variant,
          "HasBacklogWithoutCapacity",
          2,
          new Scope("EndpointName", variant.endpoint()));
    }

    static Scaled ofComponent(VariantName name, String awsName) {
      return new Scaled(
          name.toString(),
          "inference-component/" + awsName,
          "sagemaker:inference-component:DesiredCopyCount",
          "fairlead-first/" + awsName,
          "NoCapacityInvocationFailures",
          1,
          new Scope("InferenceComponentName", awsName));
    }
  }

  private Optional<ScalableTarget> target(Scaled scaled) {
    return errors
        .call(
            "Describe the scalable target of " + scaled.name(),
            () -> clients
                .autoScaling()
                .describeScalableTargets(request -> request
                    .serviceNamespace(SAGEMAKER)
                    .resourceIds(scaled.resource())
                    .scalableDimension(scaled.dimension())))
        .scalableTargets()
        .stream()
        .findFirst();
  }

  /** {@return the autoscaling of a variant or component; empty if it has none} */
  Optional<Autoscaling> read(Scaled scaled) {
    Optional<ScalableTarget> target = target(scaled);
    if (target.isEmpty()) {
      return Optional.empty();
    }
    List<ScalingPolicy> policies = errors
        .call(
            "Describe the scaling policies of " + scaled.name(),
            () -> clients
                .autoScaling()
                .describeScalingPolicies(request -> request
                    .serviceNamespace(SAGEMAKER)
                    .resourceId(scaled.resource())
                    .scalableDimension(scaled.dimension())))
        .scalingPolicies();
    Optional<ScalingPolicy> managed = policy(policies, POLICY);
    Optional<ScalingPolicy> first = policy(policies, FIRST);
    boolean foreign = managed.isEmpty()
        && policies.stream().anyMatch(policy -> !policy.policyName().equals(FIRST));
    return Optional.of(new Autoscaling(
        target.get().minCapacity(),
        target.get().maxCapacity(),
        managed.flatMap(AutoscalingCalls::value),
        first.isPresent() && hasAlarm(scaled, first.get()),
        foreign));
  }

  private static Optional<ScalingPolicy> policy(List<ScalingPolicy> policies, String name) {
    return policies.stream().filter(policy -> policy.policyName().equals(name)).findFirst();
  }

  private boolean hasAlarm(Scaled scaled, ScalingPolicy policy) {
    List<MetricAlarm> alarms = errors
        .call(
            "Describe the alarm " + scaled.alarm(),
            () ->
                clients.cloudWatch().describeAlarms(request -> request.alarmNames(scaled.alarm())))
        .metricAlarms();
    return alarms.stream().anyMatch(alarm -> alarm.alarmActions().contains(policy.policyARN()));
  }

  private static Optional<SageMakerAutoscaling> value(ScalingPolicy policy) {
    TargetTrackingScalingPolicyConfiguration tracking =
        policy.targetTrackingScalingPolicyConfiguration();
    if (tracking == null) {
      return Optional.empty();
    }
    String metric = metric(tracking);
    return Arrays.stream(Metric.values())
        .filter(known -> known.awsName().equals(metric))
        .findFirst()
        .map(known -> SageMakerAutoscaling.keeping(known, tracking.targetValue())
            .withCooldowns(
                seconds(tracking.scaleInCooldown()), seconds(tracking.scaleOutCooldown()))
            .withScaleInDisabled(Boolean.TRUE.equals(tracking.disableScaleIn())));
  }

  private static String metric(TargetTrackingScalingPolicyConfiguration tracking) {
    if (tracking.predefinedMetricSpecification() != null) {
      return tracking.predefinedMetricSpecification().predefinedMetricTypeAsString();
    }
    return tracking.customizedMetricSpecification() == null
        ? ""
        : String.valueOf(tracking.customizedMetricSpecification().metricName());
  }

  private static Duration seconds(@Nullable Integer seconds) {
    return seconds == null ? Duration.ZERO : Duration.ofSeconds(seconds);
  }

  /**
   * Creates or changes the autoscaling of a variant or component; all calls are idempotent.
   *
   * @param before its autoscaling so far, which it keeps if a policy is refused
   */
  void put(Scaled scaled, Autoscaling autoscaling, Optional<Autoscaling> before) {
    register(scaled, autoscaling);
    try {
      putTracking(scaled, autoscaling.policy().orElse(SageMakerAutoscaling.DEFAULT));
      if (autoscaling.fromZero()) {
        putFirst(scaled);
      } else {
        removeFirst(scaled);
      }
    } catch (ServingException e) {
      // Not found may be a target that was registered and is not visible yet.
      if (!e.retryable() && e.kind() != ErrorKind.NOT_FOUND) {
        undo(scaled, before, e);
      }
      throw e;
    }
  }

  /** A target without its policy would be neither the former autoscaling nor the new one. */
  private void undo(Scaled scaled, Optional<Autoscaling> before, ServingException refusal) {
    try {
      if (before.isPresent()) {
        register(scaled, before.get());
        before.get().policy().ifPresent(policy -> putTracking(scaled, policy));
      } else {
        remove(scaled);
      }
    } catch (ServingException e) {
      refusal.addSuppressed(e);
    }
  }

  private void register(Scaled scaled, Autoscaling autoscaling) {
    errors.call(
        "Register the scalable target of " + scaled.name(),
        () -> clients
            .autoScaling()
            .registerScalableTarget(request -> request
                .serviceNamespace(SAGEMAKER)
                .resourceId(scaled.resource())
                .scalableDimension(scaled.dimension())
                .minCapacity(autoscaling.min())
                .maxCapacity(autoscaling.max())));
  }

  private void putTracking(Scaled scaled, SageMakerAutoscaling policy) {
    TargetTrackingScalingPolicyConfiguration.Builder tracking =
        TargetTrackingScalingPolicyConfiguration.builder()
            .targetValue(policy.target())
            .scaleInCooldown((int) policy.scaleInCooldown().toSeconds())
            .scaleOutCooldown((int) policy.scaleOutCooldown().toSeconds())
            .disableScaleIn(policy.scaleInDisabled());
    if (policy.metric() == Metric.BACKLOG_PER_INSTANCE) {
      tracking.customizedMetricSpecification(metric -> metric
          .metricName(policy.metric().awsName())
          .namespace(METRICS)
          .dimensions(MetricDimension.builder()
              .name(scaled.scope().name())
              .value(scaled.scope().value())
              .build())
          .statistic(MetricStatistic.AVERAGE));
    } else {
      tracking.predefinedMetricSpecification(
          metric -> metric.predefinedMetricType(policy.metric().awsName()));
    }
    errors.call(
        "Put the scaling policy of " + scaled.name(),
        () -> clients
            .autoScaling()
            .putScalingPolicy(request -> request
                .serviceNamespace(SAGEMAKER)
                .resourceId(scaled.resource())
                .scalableDimension(scaled.dimension())
                .policyName(POLICY)
                .policyType(PolicyType.TARGET_TRACKING_SCALING)
                .targetTrackingScalingPolicyConfiguration(tracking.build())));
  }

  private void putFirst(Scaled scaled) {
    PutScalingPolicyResponse policy = errors.call(
        "Put the scaling policy of the first of " + scaled.name(),
        () -> clients
            .autoScaling()
            .putScalingPolicy(request -> request
                .serviceNamespace(SAGEMAKER)
                .resourceId(scaled.resource())
                .scalableDimension(scaled.dimension())
                .policyName(FIRST)
                .policyType(PolicyType.STEP_SCALING)
                .stepScalingPolicyConfiguration(
                    step -> step.adjustmentType(AdjustmentType.CHANGE_IN_CAPACITY)
                        .metricAggregationType(MetricAggregationType.AVERAGE)
                        .cooldown(COOLDOWN)
                        .stepAdjustments(StepAdjustment.builder()
                            .metricIntervalLowerBound(0.0)
                            .scalingAdjustment(1)
                            .build()))));
    errors.call(
        "Put the alarm " + scaled.alarm(),
        () -> clients
            .cloudWatch()
            .putMetricAlarm(request -> request
                .alarmName(scaled.alarm())
                .alarmDescription("Starts the first of " + scaled.name() + " for Fairlead")
                .alarmActions(policy.policyARN())
                .namespace(METRICS)
                .metricName(scaled.waiting())
                .dimensions(Dimension.builder()
                    .name(scaled.scope().name())
                    .value(scaled.scope().value())
                    .build())
                .statistic(Statistic.MAXIMUM)
                .period(PERIOD)
                .evaluationPeriods(scaled.periods())
                .datapointsToAlarm(scaled.periods())
                .threshold(1.0)
                .comparisonOperator(ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD)
                .treatMissingData("missing")));
  }

  /** Removes the alarm, and the policy that it triggers, if there is one. */
  private void removeFirst(Scaled scaled) {
    if (hasFirst(scaled)) {
      deleteAlarm(scaled);
      errors.find(
          "Delete the scaling policy of the first of " + scaled.name(),
          () -> clients
              .autoScaling()
              .deleteScalingPolicy(request -> request
                  .serviceNamespace(SAGEMAKER)
                  .resourceId(scaled.resource())
                  .scalableDimension(scaled.dimension())
                  .policyName(FIRST)));
    }
  }

  /** {@return whether it has the policy that starts the first instance or copy} */
  private boolean hasFirst(Scaled scaled) {
    return errors
        .call(
            "Describe the scaling policies of " + scaled.name(),
            () -> clients
                .autoScaling()
                .describeScalingPolicies(request -> request
                    .serviceNamespace(SAGEMAKER)
                    .resourceId(scaled.resource())
                    .scalableDimension(scaled.dimension())
                    .policyNames(FIRST)))
        .scalingPolicies()
        .stream()
        .anyMatch(policy -> policy.policyName().equals(FIRST));
  }

  private void deleteAlarm(Scaled scaled) {
    errors.find(
        "Delete the alarm " + scaled.alarm(),
        () -> clients.cloudWatch().deleteAlarms(request -> request.alarmNames(scaled.alarm())));
  }

  /**
   * Removes the autoscaling of a variant or component, with all its policies, whoever owns them: AWS refuses to delete
   * or replace instances that have a scalable target.
   *
   * <p>An alarm that must not be deleted stays and is reported, after the target is gone: it costs less than instances.
   */
  void remove(Scaled scaled) {
    Optional<ScalableTarget> target = target(scaled);
    if (target.isEmpty()) {
      return;
    }
    Optional<ServingException> refusal = Optional.empty();
    if (target.get().minCapacity() == 0 || hasFirst(scaled)) {
      try {
        deleteAlarm(scaled);
      } catch (ServingException e) {
        if (e.kind() != ErrorKind.UNAUTHORIZED) {
          throw e;
        }
        refusal = Optional.of(e);
      }
    }
    errors.find(
        "Deregister the scalable target of " + scaled.name(),
        () -> clients
            .autoScaling()
            .deregisterScalableTarget(request -> request
                .serviceNamespace(SAGEMAKER)
                .resourceId(scaled.resource())
                .scalableDimension(scaled.dimension())));
    if (refusal.isPresent()) {
      throw refusal.get();
    }
  }
}
