package io.fairlead.examples;

import com.azure.core.credential.TokenCredential;
import com.azure.core.http.HttpClient;
import io.fairlead.azureml.AzureMlArtifact;
import io.fairlead.azureml.AzureMlAutoscaling;
import io.fairlead.azureml.AzureMlCloud;
import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.AzureMlContainer;
import io.fairlead.azureml.AzureMlDependencies;
import io.fairlead.azureml.AzureMlEndpoint;
import io.fairlead.azureml.AzureMlEndpoint.AuthMode;
import io.fairlead.azureml.AzureMlPlatform;
import io.fairlead.azureml.AzureMlProbe;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.azureml.AzureMlRequest;
import io.fairlead.azureml.AzureMlRouting;
import io.fairlead.azureml.AzureMlRuntime;
import io.fairlead.azureml.AzureMlScaling;
import io.fairlead.azureml.CondaFile;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The pieces of Java in docs/azureml.md, compiled; {@link AzureMlSnippetsTest} runs them. */
final class AzureMlSnippets {
  private AzureMlSnippets() {}

  static EndpointPlatform open() {
    EndpointPlatform azureml = new AzureMlProvider()
        .open(AzureMlConfig.of("00000000-0000-0000-0000-000000000000", "my-group", "my-workspace"));
    return azureml;
  }

  @SuppressWarnings("MustBeClosedChecker")
  static EndpointPlatform openFromText() {
    Map<String, String> settings = Map.of(
        "subscription", "00000000-0000-0000-0000-000000000000",
        "resource-group", "my-group",
        "workspace", "my-workspace",
        "call-timeout", "30s");
    EndpointPlatform azureml = Platforms.open("azureml", EndpointPlatform.class, settings);
    return azureml;
  }

  static Response life(EndpointPlatform azureml, Path folder) {
    Duration limit = Duration.ofMinutes(60);
    ModelArtifact model = ModelArtifact.of(folder).named("bert");
    RuntimeSpec runtime = RuntimeSpec.of("myregistry.azurecr.io/server:1");
    Container container =
        azureml.packageModel(model, runtime, Dependencies.NONE).await(limit);

    Scaling one = Scaling.fixed("Standard_DS3_v2", 1);
    Endpoint blue =
        azureml.deploy(container, one, new Routing("my-bert", "blue")).await(limit);
    Response answer = azureml.invoke(blue, Request.json("{\"inputs\":\"hello\"}"));

    azureml.undeployAll("my-bert").await(limit);
    return answer;
  }

  /** {@return of the workspace's own files, of MLflow, of a registry and of the hub} */
  static List<ModelArtifact> artifacts() {
    ModelArtifact files =
        ModelArtifact.of(URI.create("azureml://datastores/workspaceblobstore/paths/models/bert/"));
    ModelArtifact mlflow = files.with(AzureMlArtifact.of(AzureMlArtifact.Type.MLFLOW_MODEL)
        .withDescription("BERT, of the search team"));
    ModelArtifact registered = ModelArtifact.of(URI.create("azureml:bert:3"));
    ModelArtifact ofHub = ModelArtifact.huggingFace("google-bert/bert-base-uncased")
        .with(AzureMlArtifact.DEFAULT.fromRegistry("HuggingFace", "12"));
    return List.of(files, mlflow, registered, ofHub);
  }

  static RuntimeSpec server(String image) {
    RuntimeSpec server = RuntimeSpec.of(image)
        .with(AzureMlContainer.DEFAULT
            .withServer(8080, "/predict", "/health", "/ready")
            .withModelMountPath("/var/models")
            .withReadinessProbe(AzureMlProbe.DEFAULT.withInitialDelay(Duration.ofSeconds(60)))
            .withoutEgress());
    return server;
  }

  static Container script(ModelArtifact model) {
    RuntimeSpec conda = RuntimeSpec.of("mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04")
        .with(AzureMlRuntime.condaFile(
            CondaFile.of("python=3.11", "pip").withChannels("conda-forge")));
    Dependencies score = Dependencies.NONE
        .withPackages("azureml-inference-server-http", "torch==2.4.0")
        .with(AzureMlDependencies.entryScript("score.py"));
    return new Container(model, conda, score);
  }

  /** {@return with limits of requests, by the processors and by latency} */
  static List<Scaling> scalings() {
    Scaling patient = Scaling.fixed("Standard_DS3_v2", 2)
        .with(AzureMlScaling.DEFAULT
            .withMaxConcurrentRequests(8)
            .withRequestTimeout(Duration.ofSeconds(60)));
    Scaling byLoad = Scaling.between("Standard_DS3_v2", 1, 4).with(AzureMlAutoscaling.cpu(60, 20));
    Scaling byLatency = Scaling.between("Standard_NC4as_T4_v3", 1, 4)
        .with(AzureMlAutoscaling.requestLatency(800, 200).withCooldown(Duration.ofMinutes(10)));
    return List.of(patient, byLoad, byLatency);
  }

  /** {@return for tokens of Entra, as an identity of one's own in a private network, and with a mirror} */
  static List<Routing> routings(String identity) {
    Routing byEntra = new Routing("my-bert", "blue").with(AzureMlEndpoint.authMode(AuthMode.ENTRA));
    Routing closed = new Routing("my-bert", "blue")
        .with(AzureMlEndpoint.DEFAULT.withIdentities(identity).withoutPublicNetworkAccess());
    Routing mirror = new Routing("my-bert", "green").with(AzureMlRouting.mirror(10));
    return List.of(byEntra, closed, mirror);
  }

  static Response asking(
      EndpointPlatform azureml,
      Endpoint green,
      Request request,
      Consumer<? super ByteBuffer> show) {
    Response pinned = azureml.invoke(green, request.pinnedTo("green"));
    azureml.invokeStreaming(green, request, show);
    return pinned;
  }

  static Request chat(String messages) {
    Request chat = Request.json(messages)
        .withPath("/v1/chat/completions")
        .with(new AzureMlRequest("order-17"));
    return chat;
  }

  /** {@return what a model of the registry HuggingFace answers} */
  static Response languageModel(AzureMlPlatform azureml, String messages, Duration limit) {
    ModelArtifact qwen = ModelArtifact.huggingFace("Qwen/Qwen3-4B", ModelTask.CHAT);
    Container container =
        azureml.packageModel(qwen, RuntimeSpec.NONE, Dependencies.NONE).await(limit);
    Scaling gpu = Scaling.fixed("Standard_NC24ads_A100_v4", 1)
        .with(AzureMlScaling.DEFAULT
            .withMaxConcurrentRequests(16)
            .withRequestTimeout(Duration.ofMinutes(3)));
    Endpoint blue =
        azureml.deploy(container, gpu, new Routing("my-qwen", "blue")).await(limit);

    Request request = Request.json(messages).withPath("/v1/chat/completions");
    Response answer = azureml.invoke(blue, request);
    return answer;
  }

  static OpenAiAccess openAi(AzureMlPlatform azureml, Endpoint blue) {
    OpenAiAccess access = azureml.openAi(blue);
    return access;
  }

  static Container ofAnImage() {
    ModelArtifact bge = ModelArtifact.huggingFace("BAAI/bge-m3", ModelTask.EMBEDDING);
    RuntimeSpec tei = RuntimeSpec.of("ghcr.io/huggingface/text-embeddings-inference:1.8")
        .with(AzureMlContainer.DEFAULT.withLivenessProbe(
            AzureMlProbe.DEFAULT.withInitialDelay(Duration.ofMinutes(20))));
    Dependencies token = Dependencies.environment(
        Map.of("HF_TOKEN", "${{azureml://connections/hub/credentials/HF_TOKEN}}"));
    return new Container(bge, tei, token);
  }

  static AzureMlConfig config(
      TokenCredential credential, HttpClient client, java.net.http.HttpClient scoringClient) {
    AzureMlConfig config = AzureMlConfig.of(
            "00000000-0000-0000-0000-000000000000", "my-group", "my-workspace")
        .withCloud(AzureMlCloud.GOVERNMENT)
        .withCredential(credential)
        .withHttpClient(client)
        .withScoringClient(scoringClient)
        .withTags(Map.of("team", "search"));
    return config;
  }
}
