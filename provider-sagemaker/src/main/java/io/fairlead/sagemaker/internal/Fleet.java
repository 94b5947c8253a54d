package io.fairlead.sagemaker.internal;

import io.fairlead.reconcile.Desired;
import java.util.Optional;

/**
 * The instances that inference components share: an endpoint whose only variant has no model of its own.
 *
 * @param instanceType the instance type; empty if it is unknown because its configuration was deleted
 * @param instances the number of instances
 * @param role the ARN of the execution role that components run with
 * @param tags the user's tags at its creation; not part of the actual state
 */
record Fleet(String instanceType, int instances, String role, UserTags tags) {
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
    String type = actual.instanceType.isEmpty() ? "" : instanceType;
    return new Fleet(type, Math.max(instances, actual.instances), actual.role, actual.tags);
  }
}
