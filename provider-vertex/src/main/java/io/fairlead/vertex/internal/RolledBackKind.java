package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.UpdateEndpointRequest;
import com.google.protobuf.FieldMask;
import io.fairlead.error.ErrorKind;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.RolledBack;
import java.util.Optional;

/** What rollouts of an endpoint have rolled back, which is a label of it. */
final class RolledBackKind extends VertexKind<RolledBack> {
  private final EndpointCalls endpoints;

  RolledBackKind(VertexNames names, VertexCalls calls, EndpointCalls endpoints) {
    super(RolledBack.KIND, names, calls);
    this.endpoints = endpoints;
  }

  @Override
  public Observed<RolledBack> read(String id, Look look) {
    return endpoints
        .find(id, look)
        .map(endpoint -> VertexTags.withOwner(
                Observed.ready(rolledBack(endpoint)), endpoint.getLabelsMap())
            .withRevision(endpoint.getEtag()))
        .orElseGet(Observed::absent);
  }

  private static RolledBack rolledBack(Endpoint endpoint) {
    return RolledBack.ofTag(
        Optional.ofNullable(endpoint.getLabelsMap().get(VertexTags.ROLLED_BACK)));
  }

  /** Labels are written as a whole, so the others are read again. */
  @Override
  public Accepted update(String id, Observed<RolledBack> current, RolledBack desired) {
    Endpoint now = endpoints
        .find(id)
        .orElseThrow(() -> failure(ErrorKind.NOT_FOUND, "Endpoint " + id + " no longer exists"));
    if (!Optional.of(rolledBack(now)).equals(current.value())) {
      throw failure(
          ErrorKind.CONFLICT, "Somebody else changed the labels of endpoint " + id + " just now");
    }
    calls.call(
        "Label endpoint " + id,
        calls.clients().endpoints().updateEndpointCallable(),
        UpdateEndpointRequest.newBuilder()
            .setEndpoint(Endpoint.newBuilder()
                .setName(names.endpoint(id))
                .setEtag(now.getEtag())
                .putAllLabels(now.getLabelsMap())
                .putLabels(VertexTags.ROLLED_BACK, desired.note()))
            .setUpdateMask(FieldMask.newBuilder().addPaths("labels"))
            .build());
    return Accepted.VISIBLE;
  }
}
