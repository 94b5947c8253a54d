package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.GetEndpointRequest;
import com.google.cloud.aiplatform.v1.ListEndpointsRequest;
import com.google.cloud.aiplatform.v1.ListEndpointsResponse;
import com.google.longrunning.Operation;
import io.fairlead.reconcile.Look;
import java.util.List;
import java.util.Optional;

/** Reads endpoints, each of which says all that is deployed to it. */
final class EndpointCalls {
  private final VertexNames names;
  private final VertexCalls calls;

  EndpointCalls(VertexNames names, VertexCalls calls) {
    this.names = names;
    this.calls = calls;
  }

  /**
   * An endpoint that was read after what is at work on it.
   *
   * @param atWork what is at work on it
   * @param endpoint as it was after that was asked; empty if something is at work, or if it is not there
   */
  record Settled(Optional<Operation> atWork, Optional<Endpoint> endpoint) {}

  /** {@return an endpoint, which all that are facets of it read by one call} */
  Optional<Endpoint> find(String id, Look look) {
    return look.once(List.of("endpoint", id), () -> find(id));
  }

  /** {@return an endpoint as it is now} */
  Optional<Endpoint> find(String id) {
    return calls.find(
        "Get endpoint " + id,
        calls.clients().endpoints().getEndpointCallable(),
        GetEndpointRequest.newBuilder().setName(names.endpoint(id)).build());
  }

  /**
   * {@return what is at work on an endpoint, and if that is nothing, the endpoint as it is then}
   *
   * <p>In this order, so that what ends between the two is seen in the endpoint.
   */
  Settled settled(String id, Look look) {
    return look.once(List.of("endpoint after its operations", id), () -> {
      Optional<Operation> atWork = calls.underWay(names.endpoint(id));
      return new Settled(atWork, atWork.isPresent() ? Optional.empty() : find(id));
    });
  }

  /** {@return all that are managed here} */
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
