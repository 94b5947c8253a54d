package io.fairlead.vertex.internal;

import io.fairlead.reconcile.ModelUploadKind;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.TrafficSetting;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.internal.storage.Artifacts;
import io.fairlead.vertex.internal.storage.StorageClient;
import java.util.List;

/**
 * Vertex AI's kinds of resources, and its traffic setting.
 *
 * @param all the kinds of resources, each after those that it uses
 * @param traffic the traffic weights of an endpoint's variants
 */
record VertexKinds(List<ResourceKind<?>> all, TrafficSetting traffic) {
  static VertexKinds of(
      VertexConfig config, VertexCalls calls, StorageClient storage, ContainerLog log) {
    VertexNames names = new VertexNames(config);
    EndpointCalls endpoints = new EndpointCalls(names, calls);
    ModelUploadKind uploads = Artifacts.kind(config, storage);
    ModelKind models = new ModelKind(config, names, calls);
    PoolKind pools = new PoolKind(names, calls);
    LabelRoom room = new LabelRoom(List.of(uploads, models, pools));
    return new VertexKinds(
        List.of(
            uploads,
            models,
            pools,
            new EndpointKind(names, calls, endpoints, room),
            new DeployedModelKind(names, calls, endpoints, models, log),
            new MonitoringKind(config, names, calls, endpoints),
            new RolledBackKind(names, calls, endpoints)),
        new VertexTraffic(names, calls, endpoints));
  }
}
