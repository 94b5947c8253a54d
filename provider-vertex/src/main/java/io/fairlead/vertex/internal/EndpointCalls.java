package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.GetEndpointRequest;
import com.google.cloud.aiplatform.v1.ListEndpointsRequest;
import com.google.cloud.aiplatform.v1.ListEndpointsResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Looks at endpoints, each of which says all that is deployed to it. */
final class EndpointCalls {
  private static final int PAGE = 100;

  private final VertexNames names;
  private final VertexCalls calls;

  EndpointCalls(VertexNames names, VertexCalls calls) {
    this.names = names;
    this.calls = calls;
  }

  Optional<Endpoint> find(String id) {
    return calls.find(
        "Get endpoint " + id,
        calls.clients().endpoints().getEndpointCallable(),
        GetEndpointRequest.newBuilder().setName(names.endpoint(id)).build());
  }

  /** {@return all that are ours} */
  List<Endpoint> list() {
    List<Endpoint> all = new ArrayList<>();
    String token = "";
    do {
      ListEndpointsResponse page = calls.call(
          "List endpoints",
          calls.clients().endpoints().listEndpointsCallable(),
          ListEndpointsRequest.newBuilder()
              .setParent(names.parent())
              .setFilter(VertexTags.FILTER)
              .setPageSize(PAGE)
              .setPageToken(token)
              .build());
      all.addAll(page.getEndpointsList());
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return all;
  }
}
