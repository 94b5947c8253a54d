package io.fairlead.vertex.internal;

import com.google.api.gax.rpc.TransportChannel;
import com.google.cloud.aiplatform.v1.PredictionServiceClient;
import io.fairlead.contract.benchmark.ProcessesInTurns;
import io.fairlead.contract.benchmark.ServerProcess;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexProvider;
import java.io.IOException;

/**
 * What opening the platform and the first request cost beside Google's bare client: whole processes, in turns; on Linux.
 *
 * <p>{@code -Dpairs=N} makes more of them.
 */
public final class OpenBenchmark {
  private OpenBenchmark() {}

  /** Compares; with a server's address and a side, is one of the processes. */
  public static void main(String[] args) throws Exception {
    ProcessesInTurns.main(
        OpenBenchmark.class,
        args,
        () -> ServerProcess.start(ConstantServer.class),
        ConstantServer.RESPONSE,
        OpenBenchmark::bare,
        OpenBenchmark::platform);
  }

  private static String bare(String endpoint) throws IOException {
    TransportChannel channel = Bare.channel(endpoint);
    try (PredictionServiceClient client = Bare.client(channel)) {
      return Bare.ask(client, new byte[] {'1'});
    } finally {
      channel.shutdownNow();
    }
  }

  private static String platform(String endpoint) {
    try (EndpointPlatform platform = new VertexProvider()
        .open(VertexConfig.of(Bare.PROJECT, Bare.LOCATION).withPlaintextEndpoint(endpoint))) {
      return platform.invoke(InvokeBenchmark.ENDPOINT, Request.json("1")).text();
    }
  }
}
