package io.fairlead.sagemaker.internal;

import io.fairlead.reconcile.Desired;
import io.fairlead.sagemaker.SageMakerInstances;
import java.util.Optional;

/**
 * An inference component: a model on a share of a fleet's instances.
 *
 * @param fleet the endpoint whose instances it is on
 * @param model the name of its model
 * @param cpus how many CPU cores each copy takes; 0 if that is open
 * @param memoryMb how much memory each copy takes in MB
 * @param accelerators how many accelerators each copy takes; 0 for none
 * @param startup how long each copy may take to start; has no volume
 * @param copies how many copies there should be
 * @param running how many copies there are
 */
record Component(
    String fleet,
    String model,
    float cpus,
    int memoryMb,
    float accelerators,
    SageMakerInstances startup,
    int copies,
    int running) {

  /** A component in which limits that it leaves open stay as they are. */
  record Merged(Component wanted) implements Desired<Component> {
    @Override
    public Component from(Optional<Component> actual) {
      return actual.map(wanted::on).orElse(wanted);
    }
  }

  /** {@return what it should be where this is there: limits that it leaves open stay as they are} */
  private Component on(Component actual) {
    SageMakerInstances limits = VariantConversion.limits(
        startup.modelDownloadTimeout().or(actual.startup()::modelDownloadTimeout),
        startup.startupTimeout().or(actual.startup()::startupTimeout));
    return new Component(fleet, model, cpus, memoryMb, accelerators, limits, copies, running);
  }

  /** {@return whether nothing but the number of copies differs} */
  boolean isSameSpecification(Component other) {
    return withCopiesOf(other).equals(other);
  }

  private Component withCopiesOf(Component other) {
    return new Component(
        fleet, model, cpus, memoryMb, accelerators, startup, other.copies, other.running);
  }
}
