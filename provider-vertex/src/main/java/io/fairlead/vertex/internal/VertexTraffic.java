package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.DeployedModel;
import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.UpdateEndpointRequest;
import com.google.protobuf.FieldMask;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.Traffic;
import io.fairlead.reconcile.TrafficSetting;
import io.fairlead.vertex.internal.values.DeployedModelName;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The traffic split of an endpoint.
 *
 * <p>It is written as a whole and with the etag that was read, so that of two concurrent writes one is rejected; that
 * process reads again and computes its split again.
 */
final class VertexTraffic implements TrafficSetting {
  /** The prefix of the ids of foreign deployed models, whose share is kept. */
  private static final String OTHER = "deployed model ";

  private final VertexNames names;
  private final VertexCalls calls;
  private final EndpointCalls endpoints;

  VertexTraffic(VertexNames names, VertexCalls calls, EndpointCalls endpoints) {
    this.names = names;
    this.calls = calls;
    this.endpoints = endpoints;
  }

  @Override
  public Observed<Traffic> read(String name, Look look) {
    return endpoints
        .find(name, look)
        .map(endpoint -> VertexTags.withOwner(
                Observed.ready(traffic(endpoint)), endpoint.getLabelsMap())
            .withRevision(endpoint.getEtag()))
        .orElseGet(Observed::absent);
  }

  private static Traffic traffic(Endpoint endpoint) {
    Map<String, String> variants = new HashMap<>();
    for (DeployedModel model : endpoint.getDeployedModelsList()) {
      DeployedModelName.variant(model).ifPresent(variant -> variants.put(model.getId(), variant));
    }
    Map<String, Integer> weights = new TreeMap<>();
    endpoint
        .getTrafficSplitMap()
        .forEach((id, percent) -> weights.put(variants.getOrDefault(id, OTHER + id), percent));
    return new Traffic(weights);
  }

  @Override
  public Accepted write(String name, Observed<Traffic> current, Traffic desired) {
    Endpoint.Builder endpoint = Endpoint.newBuilder()
        .setName(names.endpoint(name))
        .setEtag(current.revision().orElse(""));
    desired
        .weights()
        .forEach((variant, percent) -> endpoint.putTrafficSplit(
            variant.startsWith(OTHER)
                ? variant.substring(OTHER.length())
                : VertexNames.deployedModelId(name + "/" + variant),
            percent));
    calls.call(
        "Set the traffic split of endpoint " + name,
        calls.clients().endpoints().updateEndpointCallable(),
        UpdateEndpointRequest.newBuilder()
            .setEndpoint(endpoint)
            .setUpdateMask(FieldMask.newBuilder().addPaths("traffic_split"))
            .build());
    return Accepted.VISIBLE;
  }
}
