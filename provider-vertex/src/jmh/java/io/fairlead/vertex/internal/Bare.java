package io.fairlead.vertex.internal;

import com.google.api.HttpBody;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.api.gax.rpc.FixedTransportChannelProvider;
import com.google.api.gax.rpc.TransportChannel;
import com.google.api.gax.rpc.TransportChannelProvider;
import com.google.cloud.aiplatform.v1.PredictionServiceClient;
import com.google.cloud.aiplatform.v1.PredictionServiceSettings;
import com.google.cloud.aiplatform.v1.RawPredictRequest;
import com.google.protobuf.ByteString;
import java.io.IOException;

/** What a team writes without this library: Google's client. */
final class Bare {
  static final String PROJECT = "some-project";
  static final String LOCATION = "us-central1";

  private static final String ENDPOINT =
      "projects/" + PROJECT + "/locations/" + LOCATION + "/endpoints/churn";

  private Bare() {}

  /** {@return a channel as the SDK makes it} */
  static TransportChannel channel(String hostAndPort) throws IOException {
    return PredictionServiceSettings.defaultGrpcTransportProviderBuilder()
        .setEndpoint(hostAndPort)
        .setChannelConfigurator(builder -> builder.usePlaintext())
        .build()
        .withHeaders(PredictionServiceSettings.defaultApiClientHeaderProviderBuilder()
            .build()
            .getHeaders())
        .getTransportChannel();
  }

  static PredictionServiceClient client(TransportChannel channel) throws IOException {
    TransportChannelProvider fixed = FixedTransportChannelProvider.create(channel);
    return PredictionServiceClient.create(PredictionServiceSettings.newBuilder()
        .setTransportChannelProvider(fixed)
        .setCredentialsProvider(NoCredentialsProvider.create())
        .build());
  }

  static RawPredictRequest request(byte[] body) {
    return RawPredictRequest.newBuilder()
        .setEndpoint(ENDPOINT)
        .setHttpBody(HttpBody.newBuilder()
            .setContentType("application/json")
            .setData(ByteString.copyFrom(body)))
        .build();
  }

  static String ask(PredictionServiceClient client, byte[] body) {
    return client.rawPredict(request(body)).getData().toStringUtf8();
  }
}
