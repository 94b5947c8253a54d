package io.fairlead.azureml.internal.scoring;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.SimpleTokenCache;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpMethod;
import com.azure.core.http.HttpPipeline;
import com.azure.core.http.HttpPipelineBuilder;
import com.azure.core.http.HttpPipelineCallContext;
import com.azure.core.http.HttpResponse;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.core.http.policy.HttpPipelineSyncPolicy;
import com.azure.core.http.policy.UserAgentPolicy;
import com.azure.core.util.Context;
import com.azure.json.JsonProviders;
import com.azure.json.JsonReader;
import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.contract.benchmark.ProcessesInTurns;
import io.fairlead.contract.benchmark.ServerProcess;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Map;
import reactor.core.publisher.Mono;

/**
 * What opening the platform and the first request cost beside azure-core's bare pipeline and the JDK's client, which ask
 * for the scoring URI and the key, too: whole processes, in turns; on Linux.
 *
 * <p>{@code -Dpairs=N} makes more of them.
 */
public final class OpenBenchmark {
  private static final String SUBSCRIPTION = "00000000-0000-4000-8000-000000000000";
  private static final String GROUP = "models";
  private static final String WORKSPACE = "workspace";
  private static final String ENDPOINT =
      "/subscriptions/" + SUBSCRIPTION + "/resourceGroups/" + GROUP
          + "/providers/Microsoft.MachineLearningServices/workspaces/" + WORKSPACE
          + "/onlineEndpoints/churn";
  private static final String VERSION = "?api-version=" + AzureMlConfig.API_VERSION;

  private OpenBenchmark() {}

  /** Compares; with a server's address and a side, is one of the processes. */
  public static void main(String[] args) throws Exception {
    ProcessesInTurns.main(
        OpenBenchmark.class,
        args,
        () -> ServerProcess.start(ConstantServer.class),
        ConstantServer.RESPONSE,
        server -> bare("http://" + server),
        server -> platform(URI.create("http://" + server)));
  }

  private static String bare(String host) throws IOException, InterruptedException {
    HttpPipeline pipeline = new HttpPipelineBuilder()
        .httpClient(new JdkHttpClientBuilder().build())
        .policies(new UserAgentPolicy("bare"), new Bearer())
        .build();
    Map<?, ?> endpoint = ask(pipeline, HttpMethod.GET, host + ENDPOINT + VERSION);
    Map<?, ?> properties = (Map<?, ?>) endpoint.get("properties");
    Map<?, ?> keys = ask(pipeline, HttpMethod.POST, host + ENDPOINT + "/listKeys" + VERSION);
    HttpClient client =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpRequest request = HttpRequest.newBuilder(
            URI.create(String.valueOf(properties.get("scoringUri"))))
        .header("Content-Type", "application/json")
        .header("Authorization", "Bearer " + keys.get("primaryKey"))
        .POST(BodyPublishers.ofString("1"))
        .build();
    return new String(client.send(request, BodyHandlers.ofByteArray()).body(), UTF_8);
  }

  /** Sends a token as azure-core's own policy does, which refuses plain HTTP. */
  private static final class Bearer extends HttpPipelineSyncPolicy {
    private final SimpleTokenCache tokens = new SimpleTokenCache(() -> Mono.just(token()));

    @Override
    protected void beforeSendingRequest(HttpPipelineCallContext context) {
      context
          .getHttpRequest()
          .setHeader(
              HttpHeaderName.AUTHORIZATION,
              "Bearer " + tokens.getToken().block().getToken());
    }
  }

  private static AccessToken token() {
    return new AccessToken("a-token", OffsetDateTime.of(9999, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC));
  }

  private static Map<?, ?> ask(HttpPipeline pipeline, HttpMethod method, String url)
      throws IOException {
    com.azure.core.http.HttpRequest request = new com.azure.core.http.HttpRequest(method, url);
    try (HttpResponse answer = pipeline.sendSync(request, Context.NONE);
        JsonReader json =
            JsonProviders.createReader(answer.getBodyAsBinaryData().toBytes())) {
      return (Map<?, ?>) json.readUntyped();
    }
  }

  private static String platform(URI host) {
    try (EndpointPlatform platform = new AzureMlProvider()
        .open(AzureMlConfig.of(SUBSCRIPTION, GROUP, WORKSPACE)
            .withEndpoint(host)
            .withCredential(scope -> Mono.just(token())))) {
      return platform.invoke(InvokeBenchmark.ENDPOINT, Request.json("1")).text();
    }
  }
}
