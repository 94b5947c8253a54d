package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.DeployedModel;
import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.UpdateEndpointRequest;
import com.google.protobuf.FieldMask;
import io.fairlead.error.ErrorKind;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Traffic;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The traffic split of an endpoint: a part of it, which is neither made nor listed by itself.
 *
 * <p>It is written as a whole and with the etag that was read, so that of two who change it at a time one is refused,
 * reads again and works its split out anew.
 */
final class TrafficKind extends VertexKind<Traffic> {
  /** Before the id of what others deployed by hand, whose share is kept. */
  private static final String OTHER = "deployed model ";

  private final EndpointCalls endpoints;

  TrafficKind(VertexNames names, VertexCalls calls, EndpointCalls endpoints) {
    super("traffic", names, calls);
    this.endpoints = endpoints;
  }

  @Override
  public Observed<Traffic> read(String name) {
    return endpoints
        .find(name)
        .map(endpoint -> VertexTags.marked(
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
  public Accepted update(String name, Observed<Traffic> current, Traffic desired) {
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

  @Override
  public Accepted create(String name, Traffic desired, OwnerTag mark) {
    throw failure(ErrorKind.NOT_FOUND, "There is no endpoint " + name + " to divide requests at");
  }

  @Override
  public Accepted delete(String name, Observed<Traffic> current) {
    throw failure(
        ErrorKind.UNSUPPORTED, "The traffic split of " + name + " goes with its endpoint");
  }

  @Override
  public List<Listed> list() {
    return List.of();
  }
}
