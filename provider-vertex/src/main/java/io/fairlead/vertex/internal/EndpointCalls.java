package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.GetEndpointRequest;
import com.google.cloud.aiplatform.v1.ListEndpointsRequest;
import com.google.cloud.aiplatform.v1.ListEndpointsResponse;
import com.google.longrunning.Operation;
import io.fairlead.reconcile.Look;
import java.util.List;
import java.util.Optional;

/** The read calls on endpoints, each of which contains its deployed models. */
final class EndpointCalls {
  private final VertexNames names;
  private final VertexCalls calls;

  EndpointCalls(VertexNames names, VertexCalls calls) {
    this.names = names;
    this.calls = calls;
  }

  /**
   * An endpoint that was read after its operations in progress.
   *
   * @param inProgress an operation in progress on it
   * @param endpoint its state, read after the operations; empty if one is in progress, or if it does not exist
   */
  record Settled(Optional<Operation> inProgress, Optional<Endpoint> endpoint) {}

  /** {@return an endpoint, read once in a look for all its facets} */
  Optional<Endpoint> find(String id, Look look) {
    return look.once(List.of("endpoint", id), () -> find(id));
  }

  /** {@return the current state of an endpoint} */
  Optional<Endpoint> find(String id) {
    return calls.find(
        "Get endpoint " + id,
        calls.clients().endpoints().getEndpointCallable(),
        GetEndpointRequest.newBuilder().setName(names.endpoint(id)).build());
  }

  /**
   * {@return the operation in progress on an endpoint, and if there is none, the endpoint}
   *
   * <p>In this order, so that the result of an operation that ends between the two is seen.
   */
  Settled settled(String id, Look look) {
    return look.once(List.of("endpoint after its operations", id), () -> {
      Optional<Operation> inProgress = calls.operationInProgress(names.endpoint(id));
      return new Settled(inProgress, inProgress.isPresent() ? Optional.empty() : find(id));
    });
  }

  /** {@return the service attachment of a private endpoint, which its forwarding rules lead to; empty if it has none} */
  static String serviceAttachment(Endpoint endpoint) {
    String own = endpoint.getPrivateServiceConnectConfig().getServiceAttachment();
    return endpoint.getDeployedModelsList().stream()
        .map(deployed -> deployed.getPrivateEndpoints().getServiceAttachment())
        .filter(attachment -> !attachment.isEmpty())
        .findFirst()
        .orElse(own);
  }

  /** {@return all managed endpoints} */
  List<Endpoint> list(Look look) {
    return look.once(
        "endpoints",
        () -> calls.list(
            "endpoints",
            token -> calls.call(
                "List endpoints",
                calls.clients().endpoints().listEndpointsCallable(),
                ListEndpointsRequest.newBuilder()
                    .setParent(names.parent())
                    .setFilter(VertexTags.FILTER)
                    .setPageSize(VertexCalls.PAGE)
                    .setPageToken(token)
                    .build()),
            ListEndpointsResponse::getEndpointsList,
            ListEndpointsResponse::getNextPageToken));
  }
}
