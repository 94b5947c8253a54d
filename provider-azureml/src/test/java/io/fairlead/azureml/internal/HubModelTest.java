package io.fairlead.azureml.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.azureml.AzureMlArtifact;
import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.AzureMlContainer;
import io.fairlead.azureml.AzureMlContainer.Server;
import io.fairlead.azureml.AzureMlDependencies;
import io.fairlead.azureml.AzureMlProbe;
import io.fairlead.azureml.AzureMlScaling;
import io.fairlead.azureml.internal.storage.Uploads;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Mapping;
import io.fairlead.reconcile.Resource;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What models of the hub come to, by their tasks and images, and what of them is refused or told. */
class HubModelTest {
  private static final String VLLM = "example.azurecr.io/vllm-by-environment:0.11";
  private static final String TEI = "ghcr.io/huggingface/text-embeddings-inference:1.8";
  private static final String ID = "Qwen/Qwen3-4B";
  private static final AzureMlProbe PATIENT =
      AzureMlProbe.DEFAULT.withInitialDelay(Duration.ofMinutes(20));
  private static final AzureMlContainer PATIENTLY =
      AzureMlContainer.DEFAULT.withLivenessProbe(PATIENT);
  private static final Scaling GPU = Scaling.fixed("Standard_NC24ads_A100_v4", 1)
      .with(AzureMlScaling.DEFAULT
          .withMaxConcurrentRequests(16)
          .withRequestTimeout(Duration.ofMinutes(3)));

  private final AzureMlMapper mapper = new AzureMlMapper(
      AzureMlConfig.of("00000000-0000-0000-0000-000000000000", "models", "workspace"), Uploads::of);

  // ---- containers ----

  @ParameterizedTest
  @EnumSource(ModelTask.class)
  void withoutAnImageTheRegistryHasTheModelWithItsContainer(ModelTask task) {
    Mapping mapping = mapper.endpoint(endpoint(hub(task), RuntimeSpec.NONE, Map.of()));

    assertThat(deployment(mapping).model())
        .isEqualTo("azureml://registries/HuggingFace/models/qwen-qwen3-4b/labels/latest");
    assertThat(deployment(mapping).environment()).isEmpty();
    assertThat(deployment(mapping).environmentVariables()).isEqualTo(Dependencies.NONE);
    assertThat(deployment(mapping).tags()).containsEntry("task", task.id());
    assertThat(mapping.warnings())
        .singleElement()
        .asString()
        .contains("the newest in its registry");
  }

  @ParameterizedTest
  @CsvSource({
    VLLM + ", CHAT, 8000, /v1/chat/completions",
    VLLM + ", EMBEDDING, 8000, /v1/embeddings",
    VLLM + ", RERANK, 8000, /rerank",
    VLLM + ", CLASSIFY, 8000, /classify",
    TEI + ", EMBEDDING, 80, /v1/embeddings",
    TEI + ", RERANK, 80, /rerank",
    TEI + ", CLASSIFY, 80, /predict",
    "example.azurecr.io/tei:gpu-1.8, EMBEDDING, 80, /v1/embeddings",
    "ghcr.io/huggingface/text-generation-inference:3.3, CHAT, 80, /v1/chat/completions"
  })
  void anImageOfAKnownServerListensByItsTaskAndDownloadsTheModel(
      String image, ModelTask task, int port, String path) {
    Mapping mapping = mapper.endpoint(endpoint(hub(task), image(image), Map.of("A", "b")));

    assertThat(deployment(mapping).model()).isEmpty();
    assertThat(deployment(mapping).environmentVariables())
        .isEqualTo(Dependencies.environment(Map.of("A", "b", "HF_MODEL_ID", ID, "MODEL_ID", ID)));
    assertThat(environment(mapping).server())
        .contains(new Server(port, path, "/health", "/health"));
    assertThat(mapping.resources()).noneMatch(one -> one.kind().equals(ModelSpec.KIND));
    assertThat(mapping.warnings()).isEmpty();
  }

  @Test
  void theRoutesThatTheUserGivesWin() {
    RuntimeSpec own =
        RuntimeSpec.of(VLLM).with(PATIENTLY.withServer(9000, "/v1/completions", "/live", "/ready"));

    assertThat(environment(mapper.endpoint(endpoint(hub(ModelTask.CHAT), own, Map.of())))
            .server())
        .contains(new Server(9000, "/v1/completions", "/live", "/ready"));
  }

  @Test
  void anImageOfAnyNameIsServedByTheRoutesOfTheUser() {
    RuntimeSpec own =
        RuntimeSpec.of("example.azurecr.io/llm:1").with(PATIENTLY.withServer(80, "/a", "/b", "/c"));

    Mapping mapping = mapper.endpoint(endpoint(hub(ModelTask.CHAT), own, Map.of()));

    assertThat(deployment(mapping).environmentVariables().environment())
        .containsEntry("HF_MODEL_ID", ID)
        .containsEntry("MODEL_ID", ID);
  }

  /** As before there were tasks, and for those who name a registry or a script. */
  @Test
  void otherwiseTheModelOfTheRegistryIsMountedInTheImage() {
    String registered = "azureml://registries/HuggingFace/models/qwen-qwen3-4b/labels/latest";
    ModelArtifact chat = hub(ModelTask.CHAT);

    assertThat(model(ModelArtifact.huggingFace(ID), image(VLLM))).isEqualTo(registered);
    assertThat(model(chat, RuntimeSpec.of("azureml:serving:1"))).isEqualTo(registered);
    assertThat(
            model(chat.with(AzureMlArtifact.DEFAULT.fromRegistry("HuggingFace", "7")), image(VLLM)))
        .isEqualTo("azureml://registries/HuggingFace/models/qwen-qwen3-4b/versions/7");
  }

  private String model(ModelArtifact artifact, RuntimeSpec runtime) {
    Mapping mapping = mapper.endpoint(endpoint(artifact, runtime, Map.of()));
    assertThat(deployment(mapping).environmentVariables()).isEqualTo(Dependencies.NONE);
    return deployment(mapping).model();
  }

  // ---- what is refused ----

  @Test
  void withoutAnImageATaskOrARegistryHasToSayWhichContainerItIs() {
    assertThat(refused(ModelArtifact.huggingFace(ID), RuntimeSpec.NONE, Map.of()))
        .hasMessage(
            "Endpoint: container.artifact.metadata.task must be one of chat, embedding, rerank, classify, as in "
                + "ModelArtifact.huggingFace(id, task), unless an image or "
                + "AzureMlArtifact.fromRegistry(\"HuggingFace\") says which container the model has (got \"none\")");
    assertThat(model(
            ModelArtifact.huggingFace(ID).with(AzureMlArtifact.DEFAULT.fromRegistry("HuggingFace")),
            RuntimeSpec.NONE))
        .endsWith("/labels/latest");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vllm/vllm-openai",
        "docker.io/vllm/vllm-openai:v0.11.0",
        "example.azurecr.io/vllm/vllm-openai@sha256:0123"
      })
  void theImageOfVllmThatTakesItsModelAsAnArgumentIsRefused(String image) {
    assertThat(refused(hub(ModelTask.CHAT), image(image), Map.of()))
        .hasMessageContaining(
            "runtime.image must be an image whose entrypoint gives vLLM the model")
        .hasMessageContaining(image);
  }

  @Test
  void anImageOfAnUnknownServerHasToSayWhereItListens() {
    assertThat(refused(hub(ModelTask.CHAT), image("vllm.azurecr.io/server:1"), Map.of()))
        .hasMessageContaining("runtime.options must have AzureMlContainer.withServer");
  }

  @Test
  void aServerHasNoRouteForEachTask() {
    assertThat(refused(hub(ModelTask.CHAT), image(TEI), Map.of()))
        .hasMessageContaining(
            "artifact.metadata.task must be another one, because Text Embeddings Inference has no route for it "
                + "(got \"chat\")");
  }

  @Test
  void whatADownloadLeavesNoRoomForIsToldAtOnce() {
    RuntimeSpec closed = RuntimeSpec.of(VLLM)
        .with(AzureMlContainer.DEFAULT.withModelMountPath("/var/models").withoutEgress());
    ModelArtifact described = hub(ModelTask.CHAT)
        .with(AzureMlArtifact.of(AzureMlArtifact.Type.CUSTOM_MODEL).withDescription("Mine"));

    assertThat(refused(described, closed, Map.of("MODEL_ID", "org/other", "HF_MODEL_ID", ID)))
        .hasMessageContaining("must not have a mount path in AzureMlContainer")
        .hasMessageContaining("must not be withoutEgress in AzureMlContainer")
        .hasMessageContaining("must not have a type or a description in AzureMlArtifact")
        .hasMessageContaining(
            "dependencies.environment must not name another model than artifact.weights (got \"MODEL_ID\")")
        .hasMessageNotContaining("org/other");
  }

  @Test
  void aRevisionIsRefusedInAnImageToo() {
    ModelArtifact pinned =
        ModelArtifact.of(URI.create("hf://org/name@main")).forTask(ModelTask.CHAT);

    assertThat(refused(pinned, image(VLLM), Map.of()))
        .hasMessageContaining("artifact.weights must be hf://ORG/NAME");
  }

  @Test
  void aScriptIsNotALanguageServer() {
    Container scripted = new Container(
        hub(ModelTask.CLASSIFY),
        RuntimeSpec.of(VLLM),
        Dependencies.NONE.with(AzureMlDependencies.entryScript("score.py")));

    assertThat(HubModel.downloadedBy(scripted)).isEmpty();
  }

  // ---- what is told ----

  @ParameterizedTest
  @CsvSource({
    VLLM + ", CHAT, vLLM",
    TEI + ", EMBEDDING, Text Embeddings Inference",
    "'', CHAT, vLLM",
    "'', RERANK, Text Embeddings Inference"
  })
  void variablesThatTheServerDoesNotReadAreTold(String image, ModelTask task, String title) {
    RuntimeSpec runtime = image.isEmpty() ? RuntimeSpec.NONE : image(image);
    Map<String, String> ofTgi = Map.of("NUM_SHARD", "1", "MAX_TOTAL_TOKENS", "1024", "OWN", "a");

    assertThat(mapper.endpoint(endpoint(hub(task), runtime, ofTgi)).warnings())
        .contains(
            title
                + " ignores the environment variables MAX_TOTAL_TOKENS, NUM_SHARD, which are another server's");
  }

  @Test
  void variablesThatTheServerReadsAreNotTold() {
    Map<String, String> ofTgi = Map.of("NUM_SHARD", "1", "MAX_TOTAL_TOKENS", "1024");
    RuntimeSpec tgi = image("ghcr.io/huggingface/text-generation-inference:3.3");

    assertThat(mapper.endpoint(endpoint(hub(ModelTask.CHAT), tgi, ofTgi)).warnings())
        .isEmpty();
    assertThat(mapper
            .endpoint(endpoint(hub(ModelTask.CHAT), image(VLLM), Map.of("VLLM_ARGS", "")))
            .warnings())
        .isEmpty();
    assertThat(mapper
            .endpoint(
                endpoint(hub(ModelTask.EMBEDDING), image(TEI), Map.of("MAX_BATCH_TOKENS", "1")))
            .warnings())
        .isEmpty();
  }

  @Test
  void whatFailsOnlyAfterTheMachinesHaveStartedIsTold() {
    Endpoint hasty = new Endpoint(
        new Container(hub(ModelTask.CHAT), RuntimeSpec.of(VLLM), Dependencies.NONE),
        Scaling.fixed("Standard_DS3_v2", 1),
        new Routing("qwen", "blue"));

    assertThat(mapper.endpoint(hasty).warnings())
        .containsExactly(
            "the container downloads its model when it starts, and is restarted if that takes more than 5 minutes: "
                + "AzureMlContainer.withLivenessProbe gives it longer",
            "the image's name says that it needs a GPU, and Standard_DS3_v2 has none: " + VLLM,
            "Azure ML's own limits are one request at a time for each instance, and 5 seconds for each, in which few "
                + "chats are answered: AzureMlScaling has both");
  }

  @Test
  void aChatOfTheRegistryOnMachinesWithoutAGpuIsTold() {
    Endpoint slow = new Endpoint(
        new Container(hub(ModelTask.CHAT), RuntimeSpec.NONE, Dependencies.NONE),
        Scaling.fixed("Standard_DS3_v2", 1),
        new Routing("qwen", "blue"));

    assertThat(mapper.endpoint(slow).warnings())
        .contains("a model for chats needs a GPU mostly, and Standard_DS3_v2 has none");
  }

  @Test
  void aTokenOfTheHubIsToldByItsNameOnly() {
    Endpoint gated =
        endpoint(hub(ModelTask.CHAT), image(VLLM), Map.of("HF_TOKEN", "hf_0123456789"));

    Mapping mapping = mapper.endpoint(gated);

    assertThat(mapping.warnings())
        .singleElement()
        .asString()
        .contains("the environment variable HF_TOKEN is readable", "${{azureml://connections/")
        .doesNotContain("hf_0123456789");
    assertThat(deployment(mapping).toString() + gated + mapping).doesNotContain("hf_0123456789");
    assertThat(deployment(mapping)
            .cannotBecome(deployment(mapper.endpoint(
                endpoint(hub(ModelTask.CHAT), image(VLLM), Map.of("HF_TOKEN", "b"))))))
        .hasValueSatisfying(why -> assertThat(why)
            .startsWith("has another environment variables")
            .doesNotContain("hf_0123456789"));
  }

  // ---- read back ----

  @Test
  void variablesThatDoNotNameOneModelAreNoLocation() {
    assertThat(HubModel.in(Map.of("HF_MODEL_ID", ID, "MODEL_ID", ID)))
        .contains(URI.create("hf://" + ID));
    assertThat(HubModel.in(Map.of())).isEmpty();
    assertThat(HubModel.in(Map.of("HF_MODEL_ID", ID))).isEmpty();
    assertThat(HubModel.in(Map.of("HF_MODEL_ID", ID, "MODEL_ID", "org/other"))).isEmpty();
    for (String path : List.of("/models/a b", "org/{name}", "org/name@main")) {
      assertThat(HubModel.in(Map.of("HF_MODEL_ID", path, "MODEL_ID", path))).isEmpty();
    }
  }

  // ---- words ----

  private static ModelArtifact hub(ModelTask task) {
    return ModelArtifact.huggingFace(ID, task);
  }

  private static RuntimeSpec image(String image) {
    return RuntimeSpec.of(image).with(PATIENTLY);
  }

  private static Endpoint endpoint(
      ModelArtifact artifact, RuntimeSpec runtime, Map<String, String> variables) {
    return new Endpoint(
        new Container(artifact, runtime, Dependencies.environment(variables)),
        GPU,
        new Routing("qwen", "blue"));
  }

  private InvalidValueException refused(
      ModelArtifact artifact, RuntimeSpec runtime, Map<String, String> variables) {
    return catchThrowableOfType(
        InvalidValueException.class, () -> mapper.endpoint(endpoint(artifact, runtime, variables)));
  }

  private static DeploymentSpec deployment(Mapping mapping) {
    return desired(mapping, DeploymentSpec.KIND);
  }

  private static EnvironmentSpec environment(Mapping mapping) {
    return desired(mapping, EnvironmentSpec.KIND);
  }

  @SuppressWarnings("unchecked") // the kind says the type
  private static <T> T desired(Mapping mapping, KindName<T> kind) {
    Resource<T> found = (Resource<T>) mapping.resources().stream()
        .filter(resource -> resource.kind().equals(kind))
        .findFirst()
        .orElseThrow();
    return found.desired().orElseThrow().from(Optional.empty());
  }
}
