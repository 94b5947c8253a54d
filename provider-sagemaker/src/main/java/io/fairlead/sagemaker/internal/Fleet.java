package io.fairlead.sagemaker.internal;

import io.fairlead.reconcile.Desired;
import io.fairlead.sagemaker.SageMakerInstances;
import java.util.Optional;

/**
 * The instances that inference components share: an endpoint whose only variant has no model of its own.
 *
 * @param instanceType the instance type; empty if it is unknown because its configuration was deleted
 * @param instances the number of instances; the minimum, if SageMaker scales them
 * @param maxInstances the maximum, if SageMaker scales them; fixed while the fleet exists
 * @param options the options of its instances, without timeouts and volume; fixed while the fleet exists
 * @param role the ARN of the execution role that components run with
 * @param tags the user's tags at its creation; not part of the actual state
 */
record Fleet(
    String instanceType,
    int instances,
    Optional<Integer> maxInstances,
    SageMakerInstances options,
    String role,
    UserTags tags) {
  /**
   * The desired state of a fleet. Instances are never removed, nor is the role replaced, because other components use
   * them.
   */
  record Merged(Fleet wanted) implements Desired<Fleet> {
    @Override
    public Fleet from(Optional<Fleet> actual) {
      return actual.map(wanted::on).orElse(wanted);
    }
  }

  private Fleet on(Fleet actual) {
    if (actual.instanceType.isEmpty()) {
      return actual;
    }
    SageMakerInstances kept = VariantConversion.keptFrom(actual.options, options, instanceType);
    if (kept.amiVersion().isEmpty() && actual.options.amiVersion().isPresent()) {
      kept = kept.withAmiVersion(actual.options.amiVersion().get());
    }
    boolean managed = actual.maxInstances.isPresent();
    return new Fleet(
        instanceType,
        managed && maxInstances.isEmpty()
            ? actual.instances
            : managed || maxInstances.isPresent()
                ? instances
                : Math.max(instances, actual.instances),
        maxInstances.or(() -> actual.maxInstances),
        kept,
        actual.role,
        actual.tags);
  }
}
