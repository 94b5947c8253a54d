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
 * @param tags what users tag it with
 */
record Component(
    String fleet,
    String model,
    float cpus,
    int memoryMb,
    float accelerators,
    SageMakerInstances startup,
    int copies,
    int running,
    UserTags tags) {

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
    return new Component(fleet, model, cpus, memoryMb, accelerators, limits, copies, running, tags);
  }

  /** {@return whether it is this one, perhaps with further tags} */
  boolean isAs(Component actual) {
    return tags.areIn(actual.tags) && isUntaggedAs(actual);
  }

  /** {@return whether nothing but the tags differs} */
  boolean isUntaggedAs(Component other) {
    return with(copies, running, other.tags).equals(other);
  }

  /** {@return whether nothing but the number of copies and the tags differs} */
  boolean isSameSpecification(Component other) {
    return with(other.copies, other.running, other.tags).equals(other);
  }

  private Component with(int newCopies, int newRunning, UserTags newTags) {
    return new Component(
        fleet, model, cpus, memoryMb, accelerators, startup, newCopies, newRunning, newTags);
  }
}
