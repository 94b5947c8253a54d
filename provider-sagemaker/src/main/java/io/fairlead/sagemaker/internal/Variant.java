package io.fairlead.sagemaker.internal;

import io.fairlead.reconcile.Desired;
import io.fairlead.sagemaker.SageMakerAsync;
import io.fairlead.sagemaker.SageMakerAutoscaling;
import io.fairlead.sagemaker.SageMakerDataCapture;
import io.fairlead.sagemaker.SageMakerInstances;
import io.fairlead.sagemaker.SageMakerReplacement;
import io.fairlead.sagemaker.SageMakerServerless;
import io.fairlead.sagemaker.SageMakerShadow;
import java.util.Optional;

/**
 * A variant of an endpoint, with what its endpoint configuration says of it, the instances that it has now, and what scales
 * it.
 *
 * @param model the name of its model
 * @param instanceType the type of its instances; empty if it is serverless
 * @param count how many instances; 0 if it is serverless
 * @param serverless how it is served without instances
 * @param instances how its instances are set up
 * @param autoscaling what changes the number of its instances
 * @param shadow which share of the requests is copied to it
 * @param async where the endpoint's requests and answers lie; empty to leave it to the other variants
 * @param dataCapture what is recorded of the endpoint's requests; empty to leave it to the other variants
 * @param replacement how another model takes its place; nothing that can be read
 * @param tags what users tag its endpoint with
 */
record Variant(
    String model,
    String instanceType,
    int count,
    Optional<SageMakerServerless> serverless,
    SageMakerInstances instances,
    Optional<Autoscaling> autoscaling,
    Optional<SageMakerShadow> shadow,
    Optional<SageMakerAsync> async,
    Optional<SageMakerDataCapture> dataCapture,
    Optional<SageMakerReplacement> replacement,
    UserTags tags) {
  /**
   * How the number of instances changes by itself.
   *
   * @param min the least
   * @param max the most
   * @param policy what they are changed by; empty if nothing of ours says so
   * @param foreign whether somebody else's policies change them
   */
  record Autoscaling(int min, int max, Optional<SageMakerAutoscaling> policy, boolean foreign) {}

  Variant withAutoscaling(Optional<Autoscaling> newAutoscaling) {
    return new Variant(
        model,
        instanceType,
        count,
        serverless,
        instances,
        newAutoscaling,
        shadow,
        async,
        dataCapture,
        replacement,
        tags);
  }

  Variant withTags(UserTags newTags) {
    return new Variant(
        model,
        instanceType,
        count,
        serverless,
        instances,
        autoscaling,
        shadow,
        async,
        dataCapture,
        replacement,
        newTags);
  }

  /** A variant in which what it leaves open stays as it is. */
  record Merged(Variant wanted) implements Desired<Variant> {
    @Override
    public Variant from(Optional<Variant> actual) {
      return actual.map(wanted::on).orElse(wanted);
    }
  }

  private Variant on(Variant actual) {
    Optional<Autoscaling> scaled = autoscaling.or(actual::foreignAutoscaling);
    boolean counted = scaled
        .filter(range -> actual.count() >= range.min() && actual.count() <= range.max())
        .isPresent();
    return new Variant(
        model,
        instanceType,
        counted ? actual.count() : count,
        serverless,
        instances,
        scaled,
        shadow,
        async.isPresent() ? async : actual.async(),
        dataCapture.isPresent()
            ? dataCapture.filter(capture -> capture.percent() > 0)
            : actual.dataCapture(),
        replacement,
        tags.withValuesOf(actual.tags));
  }

  /** {@return what scales it if that is somebody else's, who then decides how many instances there are} */
  Optional<Autoscaling> foreignAutoscaling() {
    return autoscaling.filter(Autoscaling::foreign);
  }

  boolean isAs(Variant actual) {
    return tags.areIn(actual.tags) && isUntaggedAs(actual);
  }

  /** {@return whether nothing but the tags differs} */
  boolean isUntaggedAs(Variant other) {
    return compared().equals(other.compared());
  }

  private Variant compared() {
    return new Variant(
        model,
        instanceType,
        count,
        serverless,
        instances,
        autoscaling,
        shadow,
        async,
        dataCapture,
        Optional.empty(),
        UserTags.NONE);
  }

  /** {@return whether the other differs in what only another endpoint configuration can change} */
  boolean needsConfigurationFor(Variant other) {
    return !model.equals(other.model)
        || !instanceType.equals(other.instanceType)
        || !memory().equals(other.memory())
        || (isWarm() && !other.isWarm())
        || !instances.equals(other.instances)
        || !shadow.equals(other.shadow)
        || !async.equals(other.async)
        || !dataCapture.equals(other.dataCapture);
  }

  /** AWS changes how much concurrency is provisioned, and has no call that ends it. */
  private boolean isWarm() {
    return serverless.filter(config -> config.provisionedConcurrency() > 0).isPresent();
  }

  private Optional<Integer> memory() {
    return serverless.map(SageMakerServerless::memoryMb);
  }
}
