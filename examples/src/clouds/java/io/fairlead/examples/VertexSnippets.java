package io.fairlead.examples;

import com.google.api.gax.rpc.TransportChannelProvider;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.vertex.VertexArtifact;
import io.fairlead.vertex.VertexAutoscaling;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexLogging;
import io.fairlead.vertex.VertexMonitoring;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.VertexPool;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.VertexResponse;
import io.fairlead.vertex.VertexRuntime;
import io.fairlead.vertex.VertexScaling;
import io.fairlead.vertex.VertexVerifiedModel;
import io.fairlead.vertex.VertexVersion;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** The pieces of Java in docs/vertex.md, compiled; {@link VertexSnippetsTest} runs them. */
final class VertexSnippets {
  private VertexSnippets() {}

  static VertexPlatform open() {
    VertexPlatform vertex = new VertexProvider()
        .open(VertexConfig.of("my-project", "us-central1").withArtifactBucket("my-models"));
    return vertex;
  }

  static Response life(VertexPlatform vertex) {
    Duration limit = Duration.ofMinutes(60);
    ModelArtifact model = ModelArtifact.of(URI.create("gs://my-models/bert/")).named("bert");
    RuntimeSpec runtime = RuntimeSpec.of("us-docker.pkg.dev/my-project/serving/server:1");
    Container container = vertex.packageModel(model, runtime, Dependencies.NONE).await(limit);

    Scaling one = Scaling.fixed("n1-standard-4", 1);
    Endpoint blue = vertex.deploy(container, one, new Routing("bert", "blue")).await(limit);
    Response answer = vertex.invoke(blue, Request.json("{\"instances\":[\"hello\"]}"));

    vertex.undeployAll("bert").await(limit);
    return answer;
  }

  static ModelArtifact artifact() {
    ModelArtifact gemma = ModelArtifact.huggingFace("google/gemma-2b")
        .with(VertexArtifact.generationConfig(Map.of("temperature", "0.7")))
        .with(VertexVersion.of("gemma", "champion"));
    return gemma;
  }

  static RuntimeSpec runtime(String image) {
    RuntimeSpec onGpu = RuntimeSpec.of(image)
        .with(VertexRuntime.accelerator("NVIDIA_L4")
            .withServiceAccount("serving@my-project.iam.gserviceaccount.com"))
        .with(VertexContainer.DEFAULT
            .withPort(8080)
            .withRoutes("/predict", "/health")
            .withSharedMemoryMb(1024)
            .withDeploymentTimeout(Duration.ofMinutes(45)));
    return onGpu;
  }

  /** {@return on GPUs, by load, in a pool, on TPUs, and of a reservation} */
  static List<Scaling> scalings() {
    Scaling gpus = Scaling.between("g2-standard-12", 1, 4)
        .with(VertexScaling.acceleratorCount(1).withSpot(true));
    Scaling byRequests =
        Scaling.between("n1-standard-4", 1, 4).with(VertexAutoscaling.requests(600));
    Scaling pooled = Scaling.fixed("n1-standard-4", 2).with(VertexPool.named("cheap"));
    Scaling tpus =
        Scaling.fixed("ct6e-standard-4t", 1).with(VertexScaling.DEFAULT.withTpuTopology("2x2"));
    Scaling reserved = Scaling.fixed("a3-highgpu-1g", 1)
        .with(VertexScaling.acceleratorCount(1)
            .withReservation("projects/my-project/zones/us-central1-a/reservations/gpus"));
    return List.of(gpus, byRequests, pooled, tpus, reserved);
  }

  /** {@return over a host of its own with its requests written to BigQuery, and watched for drift} */
  static List<Routing> routings() {
    Routing dedicated = new Routing("bert", "blue")
        .with(VertexEndpoint.dedicated().withInferenceTimeout(Duration.ofMinutes(5)))
        .with(VertexLogging.sampling(0.1).to("bq://my-project.logs.bert"));
    Routing watched = new Routing("bert", "blue")
        .with(VertexMonitoring.drift(Map.of("length", 0.3)).withAlertEmails("team@example.com"));
    return List.of(dedicated, watched);
  }

  static Optional<String> asking(
      VertexPlatform vertex, Endpoint blue, Request request, Consumer<? super ByteBuffer> show) {
    Response typed = vertex.predict(blue, Request.json("{\"instances\":[[1,2]]}"));
    Optional<String> version =
        typed.find(VertexResponse.class).flatMap(VertexResponse::modelVersion);
    vertex.invokeStreaming(blue, request, show);
    return version;
  }

  /** {@return at a path of the container, of one variant and of any} */
  static List<Response> asking(
      VertexPlatform vertex, Endpoint green, String messages, String text) {
    Response chat = vertex.invoke(green, Request.json(messages).pinnedTo("green"));
    Response tokens = vertex.invoke(green, Request.json(text).withPath("/tokenize"));
    return List.of(chat, tokens);
  }

  static RuntimeSpec server(String image) {
    RuntimeSpec server = RuntimeSpec.of(image)
        .with(VertexContainer.DEFAULT
            .withInvokeRoutes("/v1/chat/completions")
            .withHealthRoute("/health"));
    return server;
  }

  static VertexConfig hosts(TransportChannelProvider transport, HttpClient client) {
    VertexConfig config = VertexConfig.of("my-project", "us-central1")
        .withTransport(transport)
        .withHttpClient(client)
        .withHosts((endpoint, google) -> google.map(host -> host + ":443").orElse("10.1.0.7:443"));
    return config;
  }

  static Endpoint ofHub(VertexPlatform vertex, Duration limit) {
    ModelArtifact gemma = ModelArtifact.huggingFace("google/gemma-2-2b-it", ModelTask.CHAT);
    Container container = new Container(gemma, RuntimeSpec.NONE, Dependencies.NONE);
    Endpoint blue =
        vertex.deploy(container, Scaling.fixed(1), new Routing("gemma", "blue")).await(limit);
    return blue;
  }

  static HttpRequest.Builder openAi(VertexPlatform vertex, Endpoint blue) {
    OpenAiAccess access = vertex.openAi(blue);
    HttpRequest.Builder chat = HttpRequest.newBuilder(
            URI.create(access.baseUrl() + "/chat/completions"))
        .header("Content-Type", "application/json");
    access.headers().forEach(chat::header);
    return chat;
  }

  static Operation<Endpoint> verified(VertexPlatform vertex) {
    VertexVerifiedModel gemma = vertex.verified(ModelArtifact.huggingFace("google/gemma-2-2b-it"));
    Operation<Endpoint> deploying =
        vertex.deploy(gemma.container(), gemma.scaling(), new Routing("gemma", "blue"));
    return deploying;
  }
}
