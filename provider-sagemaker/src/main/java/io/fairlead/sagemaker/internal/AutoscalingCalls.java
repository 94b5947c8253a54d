package io.fairlead.sagemaker.internal;

import io.fairlead.error.ServingException;
import io.fairlead.sagemaker.SageMakerAutoscaling;
import io.fairlead.sagemaker.SageMakerAutoscaling.Metric;
import io.fairlead.sagemaker.internal.Variant.Autoscaling;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.applicationautoscaling.model.PolicyType;
import software.amazon.awssdk.services.applicationautoscaling.model.ScalableTarget;
import software.amazon.awssdk.services.applicationautoscaling.model.ScalingPolicy;
import software.amazon.awssdk.services.applicationautoscaling.model.TargetTrackingScalingPolicyConfiguration;

/** The calls of Application Auto Scaling: one scalable target and one managed scaling policy for each variant. */
final class AutoscalingCalls {
  private static final String POLICY = "fairlead";
  // Strings, because the SDK's enums would be loaded with the platform, even if it only invokes
  // models.
  private static final String SAGEMAKER = "sagemaker";
  private static final String INSTANCES = "sagemaker:variant:DesiredInstanceCount";

  private final SageMakerClients clients;
  private final SageMakerErrors errors;

  AutoscalingCalls(SageMakerClients clients, SageMakerErrors errors) {
    this.clients = clients;
    this.errors = errors;
  }

  private static String resource(VariantName variant) {
    return "endpoint/" + variant.endpoint() + "/variant/" + variant.variant();
  }

  private Optional<ScalableTarget> target(VariantName variant) {
    return errors
        .call(
            "Describe the scalable target of " + variant,
            () -> clients
                .autoScaling()
                .describeScalableTargets(request -> request
                    .serviceNamespace(SAGEMAKER)
                    .resourceIds(resource(variant))
                    .scalableDimension(INSTANCES)))
        .scalableTargets()
        .stream()
        .findFirst();
  }

  /** {@return the autoscaling of a variant; empty if it has none} */
  Optional<Autoscaling> read(VariantName variant) {
    Optional<ScalableTarget> target = target(variant);
    if (target.isEmpty()) {
      return Optional.empty();
    }
    List<ScalingPolicy> policies = errors
        .call(
            "Describe the scaling policies of " + variant,
            () -> clients
                .autoScaling()
                .describeScalingPolicies(request -> request
                    .serviceNamespace(SAGEMAKER)
                    .resourceId(resource(variant))
                    .scalableDimension(INSTANCES)))
        .scalingPolicies();
    Optional<ScalingPolicy> managed =
        policies.stream().filter(policy -> policy.policyName().equals(POLICY)).findFirst();
    return Optional.of(new Autoscaling(
        target.get().minCapacity(),
        target.get().maxCapacity(),
        managed.flatMap(AutoscalingCalls::value),
        managed.isEmpty() && !policies.isEmpty()));
  }

  private static Optional<SageMakerAutoscaling> value(ScalingPolicy policy) {
    TargetTrackingScalingPolicyConfiguration tracking =
        policy.targetTrackingScalingPolicyConfiguration();
    if (tracking == null || tracking.predefinedMetricSpecification() == null) {
      return Optional.empty();
    }
    String metric = tracking.predefinedMetricSpecification().predefinedMetricTypeAsString();
    return Arrays.stream(Metric.values())
        .filter(known -> known.awsName().equals(metric))
        .findFirst()
        .map(known -> SageMakerAutoscaling.keeping(known, tracking.targetValue())
            .withCooldowns(
                seconds(tracking.scaleInCooldown()), seconds(tracking.scaleOutCooldown()))
            .withScaleInDisabled(Boolean.TRUE.equals(tracking.disableScaleIn())));
  }

  private static Duration seconds(@Nullable Integer seconds) {
    return seconds == null ? Duration.ZERO : Duration.ofSeconds(seconds);
  }

  /**
   * Creates or changes the autoscaling of a variant; both calls are idempotent.
   *
   * @param before its autoscaling so far, which it keeps if the policy is refused
   */
  void put(VariantName variant, Autoscaling autoscaling, Optional<Autoscaling> before) {
    register(variant, autoscaling);
    try {
      putPolicy(variant, autoscaling.policy().orElse(SageMakerAutoscaling.DEFAULT));
    } catch (ServingException e) {
      if (!e.retryable()) {
        undo(variant, before, e);
      }
      throw e;
    }
  }

  /** A target without its policy would be neither the former autoscaling nor the new one. */
  private void undo(VariantName variant, Optional<Autoscaling> before, ServingException refusal) {
    try {
      if (before.isPresent()) {
        register(variant, before.get());
      } else {
        remove(variant);
      }
    } catch (ServingException e) {
      refusal.addSuppressed(e);
    }
  }

  private void register(VariantName variant, Autoscaling autoscaling) {
    errors.call(
        "Register the scalable target of " + variant,
        () -> clients
            .autoScaling()
            .registerScalableTarget(request -> request
                .serviceNamespace(SAGEMAKER)
                .resourceId(resource(variant))
                .scalableDimension(INSTANCES)
                .minCapacity(autoscaling.min())
                .maxCapacity(autoscaling.max())));
  }

  private void putPolicy(VariantName variant, SageMakerAutoscaling policy) {
    errors.call(
        "Put the scaling policy of " + variant,
        () -> clients
            .autoScaling()
            .putScalingPolicy(request -> request
                .serviceNamespace(SAGEMAKER)
                .resourceId(resource(variant))
                .scalableDimension(INSTANCES)
                .policyName(POLICY)
                .policyType(PolicyType.TARGET_TRACKING_SCALING)
                .targetTrackingScalingPolicyConfiguration(tracking -> tracking
                    .targetValue(policy.target())
                    .scaleInCooldown((int) policy.scaleInCooldown().toSeconds())
                    .scaleOutCooldown((int) policy.scaleOutCooldown().toSeconds())
                    .disableScaleIn(policy.scaleInDisabled())
                    .predefinedMetricSpecification(
                        metric -> metric.predefinedMetricType(policy.metric().awsName())))));
  }

  /**
   * Removes the autoscaling of a variant, with all its policies, whoever owns them: AWS refuses to delete or replace
   * instances that have a scalable target.
   */
  void remove(VariantName variant) {
    if (target(variant).isPresent()) {
      errors.find(
          "Deregister the scalable target of " + variant,
          () -> clients
              .autoScaling()
              .deregisterScalableTarget(request -> request
                  .serviceNamespace(SAGEMAKER)
                  .resourceId(resource(variant))
                  .scalableDimension(INSTANCES)));
    }
  }
}
