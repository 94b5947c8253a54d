package io.fairlead.sagemaker.internal;

import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Scaling;
import io.fairlead.reconcile.Resource;
import io.fairlead.sagemaker.SageMakerAutoscaling;
import io.fairlead.sagemaker.SageMakerAutoscaling.Metric;
import io.fairlead.sagemaker.SageMakerComponent;
import io.fairlead.sagemaker.SageMakerInstances;
import io.fairlead.sagemaker.SageMakerNetwork;
import io.fairlead.sagemaker.internal.rules.InstanceTypes;
import java.util.List;
import java.util.Optional;

/** The mapping of an endpoint that shares instances with others to its fleet and its inference component. */
final class ComponentMapping {
  private final Endpoint endpoint;
  private final Model model;
  private final Variant variant;

  /**
   * Creates the mapping of one endpoint.
   *
   * @param variant its mapping as a variant of an endpoint of its own
   */
  ComponentMapping(Endpoint endpoint, Model model, Variant variant) {
    this.endpoint = endpoint;
    this.model = model;
    this.variant = variant;
  }

  /**
   * {@return its resources}
   *
   * @param problems those of its container
   */
  List<Resource<?>> of(SageMakerComponent option, Problems problems) {
    checkScaling(problems);
    checkTogether(problems);
    problems.throwIfAny();
    Fleet fleet = new Fleet(
        variant.instanceType(),
        option.fleetInstances(),
        option.fleetMaxInstances(),
        fleetOptions(),
        model.role(),
        model.tags());
    Component component = new Component(
        option.fleet(),
        variant.model(),
        option.cpus().map(Double::floatValue).orElse(0f),
        option.memoryMb(),
        option.accelerators(),
        VariantConversion.limits(
            variant.instances().modelDownloadTimeout(), variant.instances().startupTimeout()),
        variant.count(),
        variant.count(),
        variant.autoscaling(),
        model.tags());
    String path = endpoint.routing().path();
    return List.of(
        Resource.shared(SageMakerKinds.FLEET, option.fleet(), new Fleet.Merged(fleet)),
        Resource.variant(SageMakerKinds.COMPONENT, path, new Component.Merged(component)));
  }

  /** {@return the options of the fleet's instances, which all components on it share} */
  private SageMakerInstances fleetOptions() {
    SageMakerInstances given = variant.instances();
    SageMakerInstances options = SageMakerInstances.DEFAULT;
    Optional<String> ami = given
        .amiVersion()
        .or(() -> InstanceTypes.amiVersion(model.image(), variant.instanceType()));
    options = ami.map(options::withAmiVersion).orElse(options);
    options = given.requestRouting().map(options::withRequestRouting).orElse(options);
    return given.kmsKey().map(options::withKmsKey).orElse(options);
  }

  private void checkScaling(Problems problems) {
    Scaling scaling = endpoint.scaling();
    problems
        .check(
            InstanceTypes.isPlausible(scaling.instanceType().orElse("")),
            "scaling.instanceType",
            "must be the fleet's instance type, such as ml.g5.2xlarge",
            scaling.instanceType().orElse(""))
        .check(
            scaling.isAutomatic()
                || scaling.options().find(SageMakerAutoscaling.class).isEmpty(),
            "scaling.max",
            "must be more than min where SageMakerAutoscaling is given",
            scaling.max())
        .check(
            variant.instances().volumeGb().isEmpty(),
            "scaling.options",
            "must not have SageMakerInstances with a volume for an inference component, whose fleet has the instances",
            variant.instances().volumeGb().orElse(0));
    variant
        .autoscaling()
        .flatMap(Autoscaling::policy)
        .ifPresent(policy -> problems.check(
            policy.metric() == Metric.INVOCATIONS_PER_COPY
                || policy.metric() == Metric.CONCURRENT_REQUESTS_PER_COPY,
            "scaling.options",
            "must have SageMakerAutoscaling with a metric of copies for an inference component",
            policy.metric()));
    SageMakerMapper.checkInstances(variant, problems);
    unless(variant.serverless(), "scaling.options", "SageMakerServerless", problems);
  }

  private void checkTogether(Problems problems) {
    unless(variant.shadow(), "routing.options", "SageMakerShadow", problems);
    unless(variant.async(), "routing.options", "SageMakerAsync", problems);
    unless(variant.dataCapture(), "routing.options", "SageMakerDataCapture", problems);
    unless(variant.replacement(), "routing.options", "SageMakerReplacement", problems);
    unless(model.multiModel(), "container.runtime.options", "SageMakerMultiModel", problems);
    unless(
        Optional.of(model.network()).filter(network -> !network.equals(SageMakerNetwork.OPEN)),
        "container.runtime.options",
        "SageMakerNetwork",
        problems);
  }

  private static void unless(Optional<?> option, String field, String name, Problems problems) {
    problems.check(
        option.isEmpty(), field, "must not have " + name + " for an inference component");
  }
}
