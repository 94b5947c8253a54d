package io.fairlead.sagemaker;

import io.fairlead.contract.benchmark.ProcessesInTurns;
import io.fairlead.contract.benchmark.ServerProcess;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import java.net.URI;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.services.sagemakerruntime.SageMakerRuntimeClient;

/**
 * What opening the platform and the first request cost beside AWS's bare client: whole processes, in turns; on Linux.
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
        server -> bare(InvokeBenchmark.uri(server)),
        server -> platform(InvokeBenchmark.uri(server)));
  }

  private static String bare(URI endpoint) {
    try (SdkHttpClient http = Bare.http().build();
        SageMakerRuntimeClient client = Bare.client(endpoint, http)) {
      return Bare.ask(client, new byte[] {'1'});
    }
  }

  private static String platform(URI endpoint) {
    try (EndpointPlatform platform = new SageMakerProvider()
        .open(SageMakerConfig.of("us-east-1")
            .withEndpoint(endpoint)
            .withCredentials(Bare.CREDENTIALS))) {
      return platform.invoke(InvokeBenchmark.ENDPOINT, Request.json("1")).text();
    }
  }
}
