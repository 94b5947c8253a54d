package io.fairlead.sagemaker.internal;

import io.fairlead.reconcile.Desired;
import java.util.Optional;

/**
 * The instances that inference components share: an endpoint whose only variant has no model of its own.
 *
 * @param instanceType the type of its instances; empty if that cannot be told, because somebody deleted its configuration
 * @param instances how many there are
 * @param role the ARN of the execution role that components run with
 * @param tags what users tag it with when it is made; nothing that is read
 */
record Fleet(String instanceType, int instances, String role, UserTags tags) {
  /** A fleet whose sharers never take instances or the role from one another. */
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
