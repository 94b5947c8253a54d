package io.fairlead.vertex.internal;

import io.fairlead.reconcile.ResourceKind;
import io.fairlead.vertex.VertexConfig;
import java.util.List;

/** The kinds of resources that Vertex AI has, each after those that it uses. */
record VertexKinds(
    ArtifactKind artifact,
    ModelKind model,
    PoolKind pool,
    EndpointKind endpoint,
    DeployedModelKind deployedModel,
    MonitoringKind monitoring,
    TrafficKind traffic) {
  static VertexKinds of(VertexConfig config, VertexCalls calls, StorageClient storage) {
    VertexNames names = new VertexNames(config);
    EndpointCalls endpoints = new EndpointCalls(names, calls);
    ModelKind model = new ModelKind(names, calls);
    return new VertexKinds(
        new ArtifactKind(config, storage),
        model,
        new PoolKind(names, calls),
        new EndpointKind(names, calls, endpoints),
        new DeployedModelKind(names, calls, endpoints, model),
        new MonitoringKind(names, calls, endpoints),
        new TrafficKind(names, calls, endpoints));
  }

  List<ResourceKind<?>> all() {
    return List.of(artifact, model, pool, endpoint, deployedModel, monitoring, traffic);
  }
}
