package io.fairlead.sagemaker.internal;

import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Scaling;
import io.fairlead.reconcile.Resource;
import io.fairlead.sagemaker.SageMakerAutoscaling;
import io.fairlead.sagemaker.SageMakerComponent;
import io.fairlead.sagemaker.SageMakerNetwork;
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

  List<Resource<?>> of(SageMakerComponent option) {
    Problems problems = Problems.in("Endpoint");
    checkScaling(problems);
    checkTogether(problems);
    problems.throwIfAny();
    Fleet fleet =
        new Fleet(variant.instanceType(), option.fleetInstances(), model.role(), model.tags());
    Component component = new Component(
        option.fleet(),
        variant.model(),
        option.cpus().map(Double::floatValue).orElse(0f),
        option.memoryMb(),
        option.accelerators(),
        variant.instances(),
        variant.count(),
        variant.count(),
        model.tags());
    String path = endpoint.routing().path();
    return List.of(
        Resource.shared(SageMakerKinds.FLEET, option.fleet(), new Fleet.Merged(fleet)),
        Resource.variant(SageMakerKinds.COMPONENT, path, new Component.Merged(component)));
  }

  private void checkScaling(Problems problems) {
    Scaling scaling = endpoint.scaling();
    problems
        .check(
            SageMakerMapper.INSTANCE_TYPE
                .matcher(scaling.instanceType().orElse(""))
                .matches(),
            "scaling.instanceType",
            "must be the fleet's instance type, such as ml.g5.2xlarge",
            scaling.instanceType().orElse(""))
        .check(
            !scaling.isAutomatic(),
            "scaling.max",
            "must be equal to min for an inference component, whose copies are not scaled by load here",
            scaling.max())
        .check(
            variant.instances().volumeGb().isEmpty(),
            "scaling.options",
            "must not have SageMakerInstances with a volume for an inference component, whose fleet has the instances",
            variant.instances().volumeGb().orElse(0));
    unless(
        scaling.options().find(SageMakerAutoscaling.class),
        "scaling.options",
        "SageMakerAutoscaling",
        problems);
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
    SageMakerMapper.checkProcessor(endpoint, problems);
  }

  private static void unless(Optional<?> option, String field, String name, Problems problems) {
    problems.check(
        option.isEmpty(), field, "must not have " + name + " for an inference component");
  }
}
