package io.fairlead.vertex.internal;

import com.google.api.gax.grpc.GrpcCallContext;
import com.google.api.gax.grpc.GrpcResponseMetadata;
import com.google.cloud.aiplatform.v1.PredictionServiceClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Where requests to an endpoint go.
 *
 * @param endpoint its full name
 * @param client what asks there
 * @param headers what every call has to say there
 * @param largest the most bytes of a body that are taken there
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

  /** {@return what is asked at the region's host} */
  static PredictionTarget shared(String endpoint, PredictionServiceClient client) {
    return new PredictionTarget(endpoint, client, Map.of(), LARGEST_SHARED);
  }

  /** {@return what is asked at a host of its own, which does not know by the name alone which endpoint it is} */
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

  /** {@return how a call is made there, and what hears the headers of its answer} */
  GrpcCallContext context(Duration left, GrpcResponseMetadata answered) {
    GrpcCallContext context = answered.createContextWithHandlers().withTimeoutDuration(left);
    return headers.isEmpty() ? context : context.withExtraHeaders(headers);
  }
}
