package io.fairlead.vertex.internal;

import com.google.api.gax.grpc.GrpcCallContext;
import com.google.api.gax.grpc.GrpcResponseMetadata;
import com.google.cloud.aiplatform.v1.PredictionServiceClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The target of requests to an endpoint.
 *
 * @param endpoint its full name
 * @param client the client for its host
 * @param headers the headers of every call
 * @param largest the maximum size of a body in bytes
 */
record PredictionTarget(
    String endpoint,
    PredictionServiceClient client,
    Map<String, List<String>> headers,
    int largest) {
  /** The quota page: payload of an online prediction. */
  static final int LARGEST_SHARED = 1_500_000;

  static final int LARGEST_DEDICATED = 10_000_000;
  static final String ENDPOINT_ID = "x-vertex-ai-endpoint-id";

  /** {@return the target at the region's host} */
  static PredictionTarget shared(String endpoint, PredictionServiceClient client) {
    return new PredictionTarget(endpoint, client, Map.of(), LARGEST_SHARED);
  }

  /** {@return the target at a dedicated host, which needs a header with the endpoint's id} */
  static PredictionTarget dedicated(String endpoint, PredictionServiceClient client) {
    return new PredictionTarget(
        endpoint,
        client,
        Map.of(ENDPOINT_ID, List.of(VertexNames.id(endpoint))),
        LARGEST_DEDICATED);
  }

  boolean isDedicated() {
    return !headers.isEmpty();
  }

  /** {@return the context of a call, with a receiver of the headers of its answer} */
  GrpcCallContext context(Duration left, GrpcResponseMetadata answered) {
    GrpcCallContext context = answered.createContextWithHandlers().withTimeoutDuration(left);
    return headers.isEmpty() ? context : context.withExtraHeaders(headers);
  }
}
