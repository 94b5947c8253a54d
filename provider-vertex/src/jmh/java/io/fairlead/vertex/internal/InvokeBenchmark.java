package io.fairlead.vertex.internal;

import com.google.api.gax.grpc.GrpcCallContext;
import com.google.api.gax.rpc.FixedTransportChannelProvider;
import com.google.api.gax.rpc.TransportChannel;
import com.google.cloud.aiplatform.v1.PredictionServiceClient;
import io.fairlead.contract.benchmark.CallsInTurns;
import io.fairlead.contract.benchmark.CallsInTurns.Side;
import io.fairlead.contract.benchmark.ServerProcess;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexProvider;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/**
 * What a request costs beside Google's bare client, from one thread to a server on loopback, call by call in turns.
 *
 * <p>The bare client sets no deadline unless it is told to, and hangs with a server that does; what a deadline costs it
 * is told, too. {@code -Dcalls=N} is the number of calls of each side in each part.
 */
public final class InvokeBenchmark {
  static final Endpoint ENDPOINT = new Endpoint(
      new Container(
          ModelArtifact.of(URI.create("gs://models/one/")), RuntimeSpec.NONE, Dependencies.NONE),
      new Scaling(Optional.of("n1-standard-4"), 1, 1, 1, Options.none()),
      new Routing("churn", "blue"));

  private static final double TARGET = 1.03;

  private InvokeBenchmark() {}

  /** Compares, and prints the figures. */
  public static void main(String[] args) throws Exception {
    // One for both, so that they have one connection: two differ by where the system runs the
    // server's threads.
    try (ServerProcess server = ServerProcess.start(ConstantServer.class)) {
      TransportChannel channel = Bare.channel(server.hostAndPort());
      try (PredictionServiceClient bare = Bare.client(channel);
          EndpointPlatform platform = new VertexProvider()
              .open(VertexConfig.of(Bare.PROJECT, Bare.LOCATION)
                  .withPlaintextEndpoint(server.hostAndPort())
                  .withTransport(FixedTransportChannelProvider.create(channel)))) {
        CallsInTurns.printHead();
        for (int size : new int[] {200, 20_000, 1_000_000}) {
          compare(bare, platform, size);
        }
      } finally {
        channel.shutdownNow();
      }
    }
  }

  private static void compare(PredictionServiceClient bare, EndpointPlatform platform, int size) {
    byte[] body = new byte[size];
    Arrays.fill(body, (byte) '1');
    int calls = Integer.getInteger("calls", 50_000);
    new CallsInTurns(ConstantServer.RESPONSE, TARGET)
        .compare(
            size,
            size > 100_000 ? calls / 10 : calls,
            new Side("bare", () -> Bare.ask(bare, body)),
            new Side("bare in time", () -> askInTime(bare, body)),
            new Side(
                "platform",
                () -> platform
                    .invoke(ENDPOINT, Request.of(body, "application/json"))
                    .text()));
  }

  private static String askInTime(PredictionServiceClient bare, byte[] body) {
    return bare.rawPredictCallable()
        .call(
            Bare.request(body),
            GrpcCallContext.createDefault().withTimeoutDuration(Duration.ofMinutes(1)))
        .getData()
        .toStringUtf8();
  }
}
