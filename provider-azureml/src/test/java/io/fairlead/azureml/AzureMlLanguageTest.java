package io.fairlead.azureml;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.azure.core.credential.AccessToken;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.azureml.AzureMlEndpoint.AuthMode;
import io.fairlead.azureml.standin.Workspace;
import io.fairlead.contract.Faults;
import io.fairlead.contract.Held;
import io.fairlead.contract.ReadBack;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.net.URI;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Language models of the hub: their deployments and back, and their requests, with bodies as vLLM and TEI send them. */
@Timeout(60)
class AzureMlLanguageTest {
  private static final Duration LIMIT = Duration.ofHours(1);
  private static final String ID = "Qwen/Qwen3-4B";
  private static final String VLLM = "example.azurecr.io/vllm-by-environment:0.11";
  private static final String TEI = "ghcr.io/huggingface/text-embeddings-inference:1.8";
  private static final Routing BLUE = new Routing("qwen", "blue");
  private static final Scaling GPU = Scaling.fixed("Standard_NC24ads_A100_v4", 1)
      .with(AzureMlScaling.DEFAULT
          .withMaxConcurrentRequests(16)
          .withRequestTimeout(Duration.ofMinutes(3)));

  private static final Request CHAT = Request.json("""
      {"model": "Qwen/Qwen3-4B", "messages": [{"role": "user", "content": "hello"}]}""").withPath("/v1/chat/completions");
  private static final String TOO_LONG = """
      {"error":{"message":"This model's maximum context length is 4096 tokens. However, you requested 5012 tokens \
      (4500 in the messages, 512 in the completion). Please reduce the length of the messages or completion.",\
      "type":"BadRequestError","param":null,"code":400}}""";

  private final VirtualTime time = new VirtualTime();
  private final Azure azure = new Azure(time);
  private final Workspace workspace = azure.workspace();
  private final AzureMlPlatform platform = azure.open(Faults.none());

  /** Else the path of a request would have the name of its endpoint. */
  @BeforeEach
  void atHostsOfTheirOwn() {
    workspace.endpointsHaveHosts(true);
  }

  @AfterEach
  void close() {
    platform.close();
    azure.close();
  }

  // ---- deployed and read back ----

  @Test
  void aContainerThatDownloadsItsModelIsDeployedWithoutOne() {
    Endpoint blue = deploy(chat(VLLM), BLUE);

    ObjectNode sent = last("PUT deployments");
    assertThat(sent.path("properties").has("model")).isFalse();
    assertThat(sent.at("/properties/environmentVariables/HF_MODEL_ID").asText()).isEqualTo(ID);
    assertThat(sent.at("/properties/environmentVariables/MODEL_ID").asText()).isEqualTo(ID);
    assertThat(sent.at("/tags/task").asText()).isEqualTo("chat");
    ObjectNode environment = last("PUT environments/versions");
    assertThat(environment.at("/properties/inferenceConfig/scoringRoute/path").asText())
        .isEqualTo("/v1/chat/completions");
    assertThat(environment.at("/properties/inferenceConfig/scoringRoute/port").asInt())
        .isEqualTo(8000);
    assertThat(environment.at("/properties/inferenceConfig/livenessRoute/path").asText())
        .isEqualTo("/health");
    assertThat(environment.at("/properties/inferenceConfig/readinessRoute/path").asText())
        .isEqualTo("/health");
    assertThat(workspace.calls()).noneMatch(call -> call.contains("models"));

    Endpoint read = assertIsAsDeployed(blue);
    assertThat(read.artifact().weights()).isEqualTo(URI.create("hf://" + ID));
    assertThat(read.container().dependencies()).isEqualTo(Dependencies.NONE);
    platform.undeployAll("qwen").await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(ModelTask.class)
  void theTaskIsReadBackFromItsTag(ModelTask task) {
    ModelArtifact labelled = ModelArtifact.huggingFace(ID, task)
        .withMetadata(ModelMetadata.of("huggingface", "4.56")
            .withTask(task)
            .withLabels(Map.of("team", "search")));
    Endpoint ofRegistry =
        deploy(new Container(labelled, RuntimeSpec.NONE, Dependencies.NONE), BLUE);

    Endpoint read = assertIsAsDeployed(ofRegistry);

    assertThat(read.artifact().metadata())
        .isEqualTo(ModelMetadata.of("huggingface", "4.56")
            .withTask(task)
            .withLabels(Map.of("team", "search")));
    assertThat(platform.list()).hasSize(1);
  }

  /** It may be a tag that others have set, for what they call a task. */
  @Test
  void aTagOfAnotherTaskIsALabel() {
    deploy(chat(VLLM), BLUE);
    workspace.changeDeployment(
        "qwen", "blue", document -> ((ObjectNode) document.path("tags")).put("task", "translate"));

    ModelMetadata read = described().artifact().metadata();

    assertThat(read.task()).isEmpty();
    assertThat(read.labels()).isEqualTo(Map.of("task", "translate"));
  }

  @Test
  void aTaskThatChangesIsChangedInPlaceWhereTheContainerStays() {
    RuntimeSpec own = RuntimeSpec.of("example.azurecr.io/llm:1")
        .with(AzureMlContainer.DEFAULT.withServer(80, "/v1/embeddings", "/health", "/health"));
    Container embedding =
        new Container(ModelArtifact.huggingFace(ID, ModelTask.EMBEDDING), own, Dependencies.NONE);
    Container rerank =
        new Container(ModelArtifact.huggingFace(ID, ModelTask.RERANK), own, Dependencies.NONE);
    deploy(embedding, BLUE);

    deploy(rerank, BLUE);

    assertThat(workspace.calls()).filteredOn("PUT deployments"::equals).hasSize(1);
    assertThat(described().artifact().metadata().task()).contains(ModelTask.RERANK);
  }

  /** A deployment that was made by hand may have neither a model nor a variable that this library knows. */
  @Test
  void aDeploymentWithoutAModelOfTheHubHasNoValue() {
    deploy(chat(VLLM), BLUE);
    workspace.changeDeployment(
        "qwen",
        "blue",
        document ->
            ((ObjectNode) document.at("/properties/environmentVariables")).remove("MODEL_ID"));

    assertThat(platform.describe("qwen", "blue", LIMIT).orElseThrow().value()).isEmpty();
    assertThat(platform.list()).hasSize(1);
  }

  @Test
  void aTokenOfTheHubIsInNoWordOfAPlanOrARefusal() {
    Container gated = new Container(
        ModelArtifact.huggingFace(ID, ModelTask.CHAT),
        RuntimeSpec.of(VLLM),
        Dependencies.environment(Map.of("HF_TOKEN", "hf_0123456789")));

    Plan plan = platform.preview(p -> p.deploy(gated, GPU, BLUE));
    Endpoint blue = deploy(gated, BLUE);
    ServingException refusal = catchThrowableOfType(
        ServingException.class,
        () -> deploy(
            new Container(
                gated.artifact(),
                gated.runtime(),
                Dependencies.environment(Map.of("HF_TOKEN", "hf_9876543210"))),
            BLUE));

    assertThat(plan.warnings()).anyMatch(warning -> warning.contains("HF_TOKEN is readable"));
    assertThat(refusal).hasMessageContaining("has another environment variables");
    assertThat(plan.toString() + blue + refusal + platform.describe("qwen", "blue", LIMIT))
        .doesNotContain("hf_0123456789", "hf_9876543210");
  }

  // ---- requests ----

  @Test
  void aChatGoesToItsPathAndAPinnedOneToItsVariant() {
    Endpoint blue = deploy(chat(VLLM), BLUE);
    deploy(chat(VLLM), new Routing("qwen", "green"));
    workspace.answerAs("application/json");
    workspace.answerWith(asked -> """
        {"id":"chatcmpl-1","object":"chat.completion","model":"Qwen/Qwen3-4B","choices":[{"index":0,\
        "message":{"role":"assistant","content":"of %s"},"finish_reason":"stop"}]}""".formatted(asked.deployment()).getBytes(UTF_8));

    Response answer = platform.invoke(blue, CHAT);
    Response pinned = platform.invoke(blue, CHAT.pinnedTo("green"));
    platform.invoke(blue, CHAT.withPath("/v1/completions"));

    assertThat(answer.text()).contains("of blue");
    assertThat(answer.variant()).contains("blue");
    assertThat(pinned.text()).contains("of green");
    assertThat(pinned.variant()).contains("green");
    assertThat(workspace.invocations())
        .extracting(one -> one.path() + " " + one.headers().get("azureml-model-deployment"))
        .containsExactly(
            "/v1/chat/completions null", "/v1/chat/completions green", "/v1/completions null");
    assertThat(workspace.invocations().get(0).text()).isEqualTo(CHAT.text());
  }

  @ParameterizedTest
  @CsvSource({"EMBEDDING, /v1/embeddings", "RERANK, /rerank", "CLASSIFY, /predict"})
  void textsGoToTheRoutesOfTextEmbeddingsInference(ModelTask task, String path) {
    Endpoint blue = deploy(
        new Container(
            ModelArtifact.huggingFace("BAAI/bge-m3", task), RuntimeSpec.of(TEI), Dependencies.NONE),
        BLUE);

    platform.invoke(blue, Request.json("{}").withPath(path));

    assertThat(workspace.invocations()).extracting(one -> one.path()).containsExactly(path);
    assertThat(last("PUT environments/versions")
            .at("/properties/inferenceConfig/scoringRoute/path")
            .asText())
        .isEqualTo(path);
  }

  @Test
  void aStreamArrivesInItsPiecesAsTheContainerSendsThem() {
    Endpoint blue = deploy(chat(VLLM), BLUE);
    List<String> events = List.of(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"he\"}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"llo\"},\"finish_reason\":\"stop\"}]}\n\n",
        "data: [DONE]\n\n");
    streams(events);
    Held held = workspace.holdNextStream();
    List<String> shown = new ArrayList<>();

    Response answer = platform.invokeStreaming(blue, CHAT.pinnedTo("blue"), piece -> {
      shown.add(UTF_8.decode(piece).toString());
      // The rest is sent only when the first piece has arrived.
      held.release();
    });

    assertThat(shown.get(0)).isEqualTo(events.get(0));
    assertThat(String.join("", shown)).isEqualTo(String.join("", events));
    assertThat(answer.contentType()).isEqualTo("text/event-stream; charset=utf-8");
    assertThat(answer.variant()).contains("blue");
  }

  // ---- errors ----

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aContextThatIsTooLongIsToldInTheContainersOwnWords(boolean streaming) {
    Endpoint blue = deploy(chat(VLLM), BLUE);
    workspace.modelFailsNext(400, "Bad Request", TOO_LONG);

    ServingException failure = catchThrowableOfType(ServingException.class, () -> {
      if (streaming) {
        platform.invokeStreaming(blue, CHAT, piece -> {});
      } else {
        platform.invoke(blue, CHAT);
      }
    });

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure.retryable()).isFalse();
    assertThat(failure.variant()).contains("blue");
    assertThat(failure)
        .hasMessageContaining("the container answered with status 400, Bad Request")
        .hasMessageContaining(
            "This model's maximum context length is 4096 tokens. However, you requested 5012")
        .hasMessageContaining("Please reduce the length of the messages or completion.");
    assertThat(workspace.invocations()).hasSize(1);
  }

  /** Where Azure ML passes the status on. */
  @Test
  void theSameIsToldWhereTheStatusIsTheContainersOwn() {
    Endpoint blue = deploy(chat(VLLM), BLUE);
    workspace.failNextScoring(400, TOO_LONG, Map.of("ms-azureml-model-error-statuscode", "400"));
    workspace.failNextScoring(400, TOO_LONG, Map.of());

    assertThat(failure(blue))
        .hasMessageContaining("the container answered with status 400")
        .hasMessageContaining("maximum context length is 4096 tokens");
    ServingException bare = failure(blue);
    assertThat(bare.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(bare).hasMessageContaining("maximum context length is 4096 tokens");
  }

  @Test
  void aTextThatIsTooLongForAnEmbeddingIsToldInTheContainersOwnWords() {
    Endpoint blue = deploy(chat(VLLM), BLUE);
    workspace.modelFailsNext(
        413,
        "Payload Too Large",
        "{\"message\":\"Input validation error: `inputs` must have less than 512 tokens. Given: 1003\","
            + "\"code\":413,\"type\":\"Validation\"}");

    assertThat(failure(blue))
        .hasMessageContaining("status 413, Payload Too Large")
        .hasMessageContaining("`inputs` must have less than 512 tokens. Given: 1003");
  }

  @Test
  void aServerWithTooManyRequestsIsNotAskedAgain() {
    Endpoint blue = deploy(chat(VLLM), BLUE);
    workspace.modelFailsNext(
        429,
        "Too Many Requests",
        "{\"error\":\"Model is overloaded\",\"error_type\":\"Overloaded\"}");

    ServingException failure = failure(blue);

    assertThat(failure.kind()).isEqualTo(ErrorKind.THROTTLED);
    assertThat(failure.retryable()).isTrue();
    assertThat(failure).hasMessageContaining("Model is overloaded");
    assertThat(workspace.invocations()).hasSize(1);
  }

  @Test
  void aThrottledChatIsSentAgainAfterThePauseThatAzureAsksFor() {
    Endpoint blue = deploy(chat(VLLM), BLUE);
    workspace.failNextScoring(429, "Too many requests.", Map.of("Retry-After", "7"));
    Duration before = time.elapsed();

    platform.invoke(blue, CHAT);

    assertThat(time.elapsed().minus(before)).isEqualTo(Duration.ofSeconds(7));
    assertThat(workspace.invocations()).hasSize(1);
  }

  @Test
  void aStreamThatStopsInTheMiddleFailsAfterItsPieces() {
    Endpoint blue = deploy(chat(VLLM), BLUE);
    streams(List.of("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"he\"}}]}\n\n"));
    workspace.breakNextStream();
    StringBuilder shown = new StringBuilder();

    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> platform.invokeStreaming(blue, CHAT, piece -> shown.append(UTF_8.decode(piece))));

    assertThat(shown.toString()).contains("\"he\"");
    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure.variant()).contains("blue");
    assertThat(workspace.invocations()).hasSize(1);
  }

  /** vLLM has sent 200 by then: its error is an event, which is handed on as all others. */
  @Test
  void anErrorAfterTheFirstPieceIsAnEventOfTheStream() {
    Endpoint blue = deploy(chat(VLLM), BLUE);
    List<String> events = List.of(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"he\"}}]}\n\n",
        "data: {\"error\":{\"message\":\"EngineCore encountered an issue.\",\"type\":\"InternalServerError\","
            + "\"param\":null,\"code\":500}}\n\n",
        "data: [DONE]\n\n");
    streams(events);
    StringBuilder shown = new StringBuilder();

    platform.invokeStreaming(blue, CHAT, piece -> shown.append(UTF_8.decode(piece)));

    assertThat(shown).hasToString(String.join("", events));
  }

  @Test
  void aTokenThatHasEndedIsReadAgainForAChat() {
    Endpoint blue = deploy(chat(VLLM), BLUE.with(AzureMlEndpoint.authMode(AuthMode.AML_TOKEN)));
    platform.invoke(blue, CHAT);
    time.pass(Duration.ofHours(13));

    platform.invoke(blue, CHAT);

    assertThat(workspace.calls()).filteredOn("POST token"::equals).hasSize(2);
    assertThat(workspace.invocations()).hasSize(2);
  }

  // ---- clients of OpenAI's API ----

  @Test
  void aClientIsGivenTheHostTheKeyAndTheNameOfTheHub() {
    Endpoint blue = deploy(chat(VLLM), BLUE);

    OpenAiAccess access = platform.openAi(blue);

    assertThat(access.baseUrl())
        .hasToString("https://qwen." + workspace.location() + ".inference.ml.azure.com/v1");
    assertThat(access.model()).isEqualTo(ID);
    assertThat(access.bearer().get()).isNotEmpty();
    assertThat(access.toString()).doesNotContain(access.bearer().get());
    assertThat(workspace.calls()).filteredOn("POST listKeys"::equals).hasSize(1);
  }

  @Test
  void aKeyThatWasRegeneratedIsReadByOpeningAgain() {
    Endpoint blue = deploy(chat(VLLM), BLUE);
    OpenAiAccess access = platform.openAi(blue);
    String old = access.bearer().get();
    workspace.regenerateKeys("qwen");
    assertThat(access.bearer().get()).isEqualTo(old);

    platform.openAi(blue);

    assertThat(access.bearer().get()).isNotEqualTo(old);
  }

  @Test
  void aTokenOfAzureIsRenewedBeforeItEnds() {
    Endpoint blue = deploy(chat(VLLM), BLUE.with(AzureMlEndpoint.authMode(AuthMode.AML_TOKEN)));
    OpenAiAccess access = platform.openAi(blue);
    String first = access.bearer().get();

    time.pass(Duration.ofHours(12).minusSeconds(5));

    assertThat(access.bearer().get()).isNotEqualTo(first);
    assertThat(workspace.calls()).filteredOn("POST token"::equals).hasSize(2);
  }

  @Test
  void aTokenOfEntraIsOfTheScopeOfEndpointsAndIsRenewedBeforeItEnds() {
    AtomicInteger asked = new AtomicInteger();
    try (AzureMlPlatform own = azure.open(
        azure
            .config()
            .withCredential(request ->
                request.getScopes().equals(List.of("https://ml.azure.com/.default"))
                    ? Mono.just(new AccessToken(
                        "entra-" + asked.incrementAndGet(),
                        time.now().plus(Duration.ofHours(1)).atOffset(ZoneOffset.UTC)))
                    : Azure.CREDENTIAL.getToken(request)),
        Faults.none())) {
      Endpoint blue = own.deploy(
              chat(VLLM), GPU, BLUE.with(AzureMlEndpoint.authMode(AuthMode.ENTRA)))
          .await(LIMIT);
      OpenAiAccess access = own.openAi(blue);
      assertThat(access.bearer().get()).isEqualTo("entra-1");

      time.pass(Duration.ofMinutes(59).plusSeconds(55));

      assertThat(access.bearer().get()).isEqualTo("entra-2");
      assertThat(access.headers()).containsEntry("Authorization", "Bearer entra-2");
    }
  }

  @Test
  void theNameOfTheModelIsTheOneThatTheContainerIsGiven() {
    Endpoint named = deploy(
        new Container(
            ModelArtifact.huggingFace("BAAI/bge-m3", ModelTask.EMBEDDING),
            RuntimeSpec.of(TEI),
            Dependencies.environment(Map.of("SERVED_MODEL_NAME", "bge"))),
        BLUE);

    assertThat(platform.openAi(named).model()).isEqualTo("bge");
    assertThat(platform.openAi(named, "other").model()).isEqualTo("other");
  }

  @Test
  void aModelOfARegistryHasNoNameThatIsKnown() {
    Endpoint read = assertIsAsDeployed(deploy(
        new Container(
            ModelArtifact.huggingFace(ID, ModelTask.CHAT), RuntimeSpec.NONE, Dependencies.NONE),
        BLUE));

    assertThatThrownBy(() -> platform.openAi(read))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining(
            "container.artifact.weights must be hf://ORG/NAME, which is the model's name in requests");
    assertThat(platform.openAi(read, ID).model()).isEqualTo(ID);
  }

  // ---- words ----

  private static Container chat(String image) {
    return new Container(
        ModelArtifact.huggingFace(ID, ModelTask.CHAT), RuntimeSpec.of(image), Dependencies.NONE);
  }

  private Endpoint deploy(Container container, Routing routing) {
    return platform.deploy(container, GPU, routing).await(LIMIT);
  }

  private Endpoint described() {
    return platform.describe("qwen", "blue", LIMIT).orElseThrow().value().orElseThrow();
  }

  private Endpoint assertIsAsDeployed(Endpoint endpoint) {
    assertThat(platform
            .preview(p -> p.deploy(endpoint.container(), endpoint.scaling(), endpoint.routing()))
            .changes())
        .allMatch(change -> change.action() == Plan.Action.KEEP);
    return ReadBack.assertChangesNothing(platform, "qwen", "blue");
  }

  private void streams(List<String> events) {
    workspace.answerAs("text/event-stream; charset=utf-8");
    workspace.streamInPieces(events.stream().map(event -> event.getBytes(UTF_8)).toList());
  }

  private ServingException failure(Endpoint endpoint) {
    return catchThrowableOfType(ServingException.class, () -> platform.invoke(endpoint, CHAT));
  }

  private ObjectNode last(String call) {
    List<ObjectNode> all = workspace.requests(call);
    return all.get(all.size() - 1);
  }
}
