package io.fairlead.sagemaker.internal;

import io.fairlead.reconcile.Desired;
import io.fairlead.sagemaker.SageMakerAsync;
import io.fairlead.sagemaker.SageMakerDataCapture;
import io.fairlead.sagemaker.SageMakerInstances;
import io.fairlead.sagemaker.SageMakerReplacement;
import io.fairlead.sagemaker.SageMakerServerless;
import io.fairlead.sagemaker.SageMakerShadow;
import java.util.Optional;

/**
 * A variant of an endpoint: its part of the endpoint configuration, its current instances, and its autoscaling.
 *
 * @param model the name of its model
 * @param instanceType the type of its instances; empty if it is serverless
 * @param count the number of instances; 0 if it is serverless
 * @param serverless its serverless inference, in place of instances
 * @param instances the options of its instances
 * @param autoscaling its autoscaling
 * @param shadow its options as a shadow
 * @param async the endpoint's options for asynchronous invocations; empty to keep those of the other variants
 * @param dataCapture the endpoint's data capture; empty to keep that of the other variants
 * @param replacement how another model replaces its model; not part of the actual state
 * @param tags the user's tags of its endpoint
 * @param alone whether it is the only variant of its endpoint; not part of the desired state
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
    UserTags tags,
    boolean alone) {

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
        tags,
        alone);
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
        newTags,
        alone);
  }

  private Variant withInstances(SageMakerInstances newInstances) {
    return new Variant(
        model,
        instanceType,
        count,
        serverless,
        newInstances,
        autoscaling,
        shadow,
        async,
        dataCapture,
        replacement,
        tags,
        alone);
  }

  /**
   * The desired state of a variant. Options that it does not set are kept.
   *
   * @param amiVersion the inference AMI version that its container needs, where its instances have none
   */
  record Merged(Variant wanted, Optional<String> amiVersion) implements Desired<Variant> {
    @Override
    public Variant from(Optional<Variant> actual) {
      SageMakerInstances options = wanted.instances();
      if (actual.isEmpty()) {
        return wanted.withInstances(withAmiVersion(options, amiVersion));
      }
      Variant now = actual.get();
      Optional<String> kept = now.instances().amiVersion();
      // Another container or family of instances may need another host image, or none.
      boolean same = now.model().equals(wanted.model())
          && family(now.instanceType()).equals(family(wanted.instanceType()));
      Optional<String> usual = same ? kept : amiVersion;
      return wanted.withInstances(withAmiVersion(options, usual)).on(now);
    }

    private static String family(String instanceType) {
      return instanceType.substring(0, Math.max(0, instanceType.lastIndexOf('.')));
    }

    private static SageMakerInstances withAmiVersion(
        SageMakerInstances options, Optional<String> usual) {
      return options.amiVersion().isPresent() || usual.isEmpty()
          ? options
          : options.withAmiVersion(usual.get());
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
        serverless.isPresent()
            ? instances
            : VariantConversion.keptFrom(actual.instances(), instances, instanceType),
        scaled,
        shadow,
        async.isPresent()
            ? async.map(wanted -> VariantConversion.keptFrom(actual.async(), wanted))
            : actual.async(),
        dataCapture.isPresent()
            ? dataCapture
                .filter(capture -> capture.percent() > 0)
                .map(wanted -> VariantConversion.keptFrom(actual.dataCapture(), wanted))
            : actual.dataCapture(),
        replacement,
        tags.withValuesOf(actual.tags),
        actual.alone());
  }

  /** {@return the foreign autoscaling, which then decides the number of instances; empty if there is none} */
  Optional<Autoscaling> foreignAutoscaling() {
    return autoscaling.filter(Autoscaling::foreign);
  }

  boolean isAs(Variant actual) {
    return tags.areIn(actual.tags) && isUntaggedAs(actual);
  }

  /** {@return whether they are equal apart from the tags} */
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
        UserTags.NONE,
        false);
  }

  /** {@return whether they differ in a field that only another endpoint configuration can change} */
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

  /** AWS can change provisioned concurrency in place, but cannot remove it. */
  private boolean isWarm() {
    return serverless.filter(config -> config.provisionedConcurrency() > 0).isPresent();
  }

  private Optional<Integer> memory() {
    return serverless.map(SageMakerServerless::memoryMb);
  }
}
