package io.fairlead.sagemaker.internal;

/**
 * The instances that inference components share: an endpoint whose only variant has no model of its own.
 *
 * @param instanceType the type of its instances; empty if that cannot be told, because somebody deleted its configuration
 * @param instances how many there are
 * @param role the ARN of the execution role that components run with
 */
record Fleet(String instanceType, int instances, String role) {
  /** {@return what it should be where this is there: those who share a fleet never take instances or the role from another} */
  Fleet on(Fleet actual) {
    String type = actual.instanceType.isEmpty() ? "" : instanceType;
    return new Fleet(type, Math.max(instances, actual.instances), actual.role);
  }
}
