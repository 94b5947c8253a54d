package io.fairlead.sagemaker;

import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.TimeSource;
import io.fairlead.reconcile.Traffic;
import java.util.List;

/** The kinds of resources that SageMaker has, each after those that it uses. */
record SageMakerKinds(
    ResourceKind<ArtifactKind.Artifact> artifact,
    ResourceKind<Model> model,
    ResourceKind<ConfigurationKind.Configuration> configuration,
    ResourceKind<Fleet> fleet,
    ComponentKind component,
    ResourceKind<Variant> variant,
    ResourceKind<Traffic> traffic) {
  static SageMakerKinds of(
      SageMakerConfig config, AwsClients clients, SageMakerErrors errors, TimeSource time) {
    AwsTags tags = new AwsTags(clients, errors, time);
    Endpoints endpoints = new Endpoints(clients, errors, tags);
    Components components = new Components(clients, errors, tags, endpoints);
    ComponentKind component = new ComponentKind(clients, errors, components);
    return new SageMakerKinds(
        new ArtifactKind(clients, errors, config.artifactBucket()),
        new ModelKind(clients, errors, tags),
        new ConfigurationKind(clients, errors, tags, endpoints),
        new FleetKind(clients, errors, tags, endpoints, components),
        component,
        new VariantKind(clients, errors, tags, endpoints, components),
        new TrafficKind(clients, errors, endpoints, components, component));
  }

  List<ResourceKind<?>> all() {
    return List.of(artifact, model, configuration, fleet, component, variant, traffic);
  }
}
