package io.fairlead.sagemaker;

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
import java.net.URI;
import java.util.Arrays;
import java.util.Optional;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.services.sagemakerruntime.SageMakerRuntimeClient;

/**
 * What a request costs beside AWS's bare client, from one thread to a server on loopback, call by call in turns.
 *
 * <p>{@code -Dcalls=N} is the number of calls of each side in each part.
 */
public final class InvokeBenchmark {
  static final Endpoint ENDPOINT = new Endpoint(
      new Container(
          ModelArtifact.of(URI.create("s3://models/one.tar.gz")),
          RuntimeSpec.NONE,
          Dependencies.NONE),
      new Scaling(Optional.of("ml.m5.large"), 1, 1, 1, Options.none()),
      new Routing("churn", "blue"));

  private static final double TARGET = 1.03;

  private InvokeBenchmark() {}

  /** Compares, and prints the figures. */
  public static void main(String[] args) throws Exception {
    // One for both, so that they have one connection: two differ by where the system runs the
    // server's threads.
    try (ServerProcess server = ServerProcess.start(ConstantServer.class);
        SdkHttpClient http = Bare.http().build();
        SageMakerRuntimeClient bare = Bare.client(uri(server.hostAndPort()), http);
        EndpointPlatform platform = new SageMakerProvider()
            .open(SageMakerConfig.of("us-east-1")
                .withEndpoint(uri(server.hostAndPort()))
                .withCredentials(Bare.CREDENTIALS)
                .withHttpClient(http))) {
      CallsInTurns.printHead();
      for (int size : new int[] {200, 20_000, 1_000_000}) {
        compare(bare, platform, size);
      }
    }
  }

  static URI uri(String hostAndPort) {
    return URI.create("http://" + hostAndPort);
  }

  private static void compare(SageMakerRuntimeClient bare, EndpointPlatform platform, int size) {
    byte[] body = new byte[size];
    Arrays.fill(body, (byte) '1');
    int calls = Integer.getInteger("calls", 50_000);
    new CallsInTurns(ConstantServer.RESPONSE, TARGET)
        .compare(
            size,
            size > 100_000 ? calls / 10 : calls,
            new Side("bare", () -> Bare.ask(bare, body)),
            new Side(
                "platform",
                () -> platform
                    .invoke(ENDPOINT, Request.of(body, "application/json"))
                    .text()));
  }
}
