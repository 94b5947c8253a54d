package io.fairlead.sagemaker.internal;

import io.fairlead.reconcile.Desired;
import io.fairlead.sagemaker.SageMakerInstances;
import java.util.Optional;

/**
 * An inference component: a model on a share of a fleet's instances.
 *
 * @param fleet the endpoint whose instances it is on
 * @param model the name of its model
 * @param cpus the number of CPU cores that each copy takes; 0 if it is not fixed
 * @param memoryMb the memory that each copy takes in MB
 * @param accelerators the number of accelerators that each copy takes; 0 for none
 * @param startup the timeouts of the start of a copy; has no volume
 * @param copies the desired number of copies
 * @param running the actual number of copies
 * @param autoscaling the autoscaling of the number of copies
 * @param tags the user's tags
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
    Optional<Autoscaling> autoscaling,
    UserTags tags) {

  /** The desired state of a component. Timeouts that it does not set are kept. */
  record Merged(Component wanted) implements Desired<Component> {
    @Override
    public Component from(Optional<Component> actual) {
      return actual.map(wanted::on).orElse(wanted);
    }
  }

  /** {@return the desired state of this actual one: timeouts that the desired one does not set are kept} */
  private Component on(Component actual) {
    SageMakerInstances limits = VariantConversion.limits(
        startup.modelDownloadTimeout().or(actual.startup()::modelDownloadTimeout),
        startup.startupTimeout().or(actual.startup()::startupTimeout));
    Optional<Autoscaling> scaled =
        autoscaling.or(() -> actual.autoscaling().filter(Autoscaling::foreign));
    boolean counted = scaled
        .filter(range -> actual.copies() >= range.min() && actual.copies() <= range.max())
        .isPresent();
    return new Component(
        fleet,
        model,
        cpus,
        memoryMb,
        accelerators,
        limits,
        counted ? actual.copies() : copies,
        counted ? actual.running() : running,
        scaled,
        tags);
  }

  /** {@return whether they are equal, apart from additional tags} */
  boolean isAs(Component actual) {
    return tags.areIn(actual.tags) && isUntaggedAs(actual);
  }

  /** {@return whether they are equal apart from the tags} */
  boolean isUntaggedAs(Component other) {
    return with(copies, running, other.tags).equals(other);
  }

  /** {@return whether they are equal apart from the number of copies and the tags} */
  boolean isSameSpecification(Component other) {
    return with(other.copies, other.running, other.tags).equals(other);
  }

  private Component with(int newCopies, int newRunning, UserTags newTags) {
    return new Component(
        fleet,
        model,
        cpus,
        memoryMb,
        accelerators,
        startup,
        newCopies,
        newRunning,
        autoscaling,
        newTags);
  }
}
