package io.fairlead.sagemaker.internal;

import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.Traffic;
import io.fairlead.sagemaker.SageMakerConfig;
import java.util.List;

/** The kinds of resources that SageMaker has, each after those that it uses. */
record SageMakerKinds(
    ResourceKind<Artifact> artifact,
    ResourceKind<Model> model,
    ResourceKind<Configuration> configuration,
    ResourceKind<Fleet> fleet,
    ComponentKind component,
    ResourceKind<Variant> variant,
    ResourceKind<Traffic> traffic) {
  static SageMakerKinds of(
      SageMakerConfig config, SageMakerClients clients, SageMakerErrors errors, TimeSource time) {
    SageMakerTags tags = new SageMakerTags(clients, errors, time);
    EndpointCalls endpoints = new EndpointCalls(clients, errors, tags);
    ComponentCalls components = new ComponentCalls(clients, errors, tags, endpoints);
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
