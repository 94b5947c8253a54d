package io.fairlead.sagemaker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Faults;
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
import io.fairlead.operation.Plan;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.sagemaker.standin.AwsError;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models of the hub for a task: their containers, and the requests and answers of vLLM and Text Embeddings Inference. */
@Timeout(60)
class SageMakerLanguageModelsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Routing BLUE = new Routing("assistant", "blue");
  private static final String GPU = "ml.g5.2xlarge";
  private static final Scaling ON_GPU = Scaling.fixed(GPU, 1);
  private static final String QWEN = "Qwen/Qwen3-4B";
  private static final String CHAT =
      "{\"model\":\"Qwen/Qwen3-4B\",\"messages\":[{\"role\":\"user\","
          + "\"content\":\"What is a fairlead?\"}],\"max_tokens\":64}";

  private final Aws aws = new Aws(new VirtualTime());
  private final SageMakerPlatform platform = aws.open();

  @AfterEach
  void close() {
    platform.close();
    aws.close();
  }

  private static Container container(ModelArtifact artifact) {
    return container(artifact, Map.of());
  }

  private static Container container(ModelArtifact artifact, Map<String, String> environment) {
    return new Container(artifact, RuntimeSpec.NONE, Dependencies.environment(environment));
  }

  private static ModelArtifact chat() {
    return ModelArtifact.huggingFace(QWEN, ModelTask.CHAT);
  }

  private Endpoint deployed(Container container, Scaling scaling) {
    return platform.deploy(container, scaling, BLUE).await(LIMIT);
  }

  private Plan plan(Container container, Scaling scaling) {
    return platform.preview(p -> p.deploy(container, scaling, BLUE));
  }

  /** {@return what AWS was told to create} */
  private JsonNode created() {
    List<ObjectNode> requests = aws.account().requests("CreateModel");
    return requests.get(requests.size() - 1).path("PrimaryContainer");
  }

  private Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    created()
        .path("Environment")
        .properties()
        .forEach(one -> environment.put(one.getKey(), one.getValue().asText()));
    return environment;
  }

  private String refusal(Container container, Scaling scaling) {
    String message = catchThrowableOfType(
            InvalidValueException.class, () -> plan(container, scaling))
        .getMessage();
    assertThat(aws.account().calls()).isEmpty();
    return message;
  }

  // ---- the container of a task ----

  @Test
  void aChatIsServedByVllm() {
    Plan plan = plan(container(chat()), ON_GPU);
    deployed(container(chat()), ON_GPU);

    String image = created().path("Image").asText();
    assertThat(image)
        .startsWith("763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-vllm:")
        .contains("-gpu-");
    assertThat(environment())
        .as("its entry point reads SM_VLLM_MODEL")
        .containsOnly(
            Map.entry("HF_MODEL_ID", QWEN),
            Map.entry("SM_VLLM_MODEL", QWEN),
            Map.entry("HF_HOME", "/tmp"),
            Map.entry("HUGGINGFACE_HUB_CACHE", "/tmp"));
    assertThat(created().has("ModelDataUrl")).isFalse();
    assertThat(plan.warnings())
        .containsExactly(
            "the newest image of huggingface-vllm that this library knows is used for the task chat: "
                + image);
    assertThat(aws.account()
            .requests("CreateEndpointConfig")
            .get(0)
            .path("ProductionVariants")
            .get(0)
            .path("InferenceAmiVersion")
            .asText())
        .as("a host image whose driver fits its CUDA")
        .isEqualTo("al2023-ami-sagemaker-inference-gpu-4-1");
  }

  @ParameterizedTest
  @CsvSource({
    "EMBEDDING, ml.m5.xlarge, 683313688378.dkr.ecr.us-east-1.amazonaws.com/tei-cpu:",
    "EMBEDDING, ml.g5.xlarge, 683313688378.dkr.ecr.us-east-1.amazonaws.com/tei:",
    "RERANK, ml.m5.xlarge, 683313688378.dkr.ecr.us-east-1.amazonaws.com/tei-cpu:",
    "RERANK, ml.g5.xlarge, 683313688378.dkr.ecr.us-east-1.amazonaws.com/tei:",
  })
  void embeddingsAndRankingsAreServedByTextEmbeddingsInference(
      ModelTask task, String instanceType, String image) {
    ModelArtifact artifact = ModelArtifact.huggingFace("BAAI/bge-base-en-v1.5", task)
        .with(SageMakerArtifact.forInstances(instanceType));
    deployed(container(artifact), Scaling.fixed(instanceType, 1));

    assertThat(created().path("Image").asText()).startsWith(image);
    assertThat(environment())
        .containsOnly(
            Map.entry("HF_MODEL_ID", "BAAI/bge-base-en-v1.5"),
            Map.entry("HF_HOME", "/tmp"),
            Map.entry("HUGGINGFACE_HUB_CACHE", "/tmp"));
  }

  @Test
  void aClassifierIsServedByTheInferenceToolkit() {
    String id = "distilbert/distilbert-base-uncased-finetuned-sst-2-english";
    deployed(
        container(ModelArtifact.huggingFace(id, ModelTask.CLASSIFY)),
        Scaling.fixed("ml.m5.large", 1));

    assertThat(created().path("Image").asText())
        .startsWith("763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-inference:");
    assertThat(environment())
        .containsOnly(Map.entry("HF_MODEL_ID", id), Map.entry("HF_TASK", "text-classification"));
  }

  @Test
  void aTaskChoosesWithoutAFrameworkToo() {
    ModelArtifact bare = ModelArtifact.of(URI.create("hf://" + QWEN)).forTask(ModelTask.CHAT);
    deployed(container(bare), ON_GPU);

    assertThat(created().path("Image").asText()).contains("/huggingface-vllm:");
  }

  @ParameterizedTest
  @CsvSource({
    "CHAT, huggingface-vllm, SM_VLLM_MODEL, /opt/ml/model, HF_MODEL_ID",
    "EMBEDDING, tei-cpu, HF_MODEL_ID, /opt/ml/model, HF_TASK",
    "CLASSIFY, huggingface-pytorch-inference, HF_TASK, text-classification, HF_MODEL_ID",
  })
  void aModelInS3IsReadFromItsFolder(
      ModelTask task, String repository, String variable, String value, String none) {
    ModelArtifact own =
        ModelArtifact.of(URI.create("s3://models/one/model.tar.gz")).forTask(task);
    deployed(container(own), task == ModelTask.CHAT ? ON_GPU : Scaling.fixed("ml.m5.large", 1));

    assertThat(created().path("Image").asText()).contains("/" + repository + ":");
    assertThat(environment()).containsEntry(variable, value).doesNotContainKey(none);
  }

  @ParameterizedTest
  @EnumSource(ModelTask.class)
  void theImageThatIsGivenWins(ModelTask task) {
    Container own = new Container(
        ModelArtifact.huggingFace(QWEN, task), RuntimeSpec.of(Aws.IMAGE), Dependencies.NONE);

    assertThat(plan(own, ON_GPU).warnings()).isEmpty();
    deployed(own, ON_GPU);

    assertThat(created().path("Image").asText()).isEqualTo(Aws.IMAGE);
    assertThat(environment()).containsOnly(Map.entry("HF_MODEL_ID", QWEN));
  }

  @Test
  void anImageOfVllmThatIsGivenIsToldTheModelInItsWay() {
    Container own = new Container(
        chat(),
        RuntimeSpec.of(
            "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-vllm:0.21.0-transformers5.8.1"
                + "-gpu-py312-cu130-ubuntu22.04"),
        Dependencies.NONE);
    deployed(own, ON_GPU);

    assertThat(environment()).containsEntry("SM_VLLM_MODEL", QWEN);
  }

  @Test
  void textGenerationInferenceIsServedToWhoeverNamesIt() {
    ModelArtifact named = ModelArtifact.huggingFace("mistralai/Mistral-7B-Instruct-v0.2")
        .withMetadata(ModelMetadata.of("huggingface-llm", "1.4.2").withTask(ModelTask.CHAT));
    Container container = container(named, Map.of("SM_NUM_GPUS", "1", "MAX_INPUT_LENGTH", "2048"));

    assertThat(plan(container, ON_GPU).warnings()).isEmpty();
    deployed(container, ON_GPU);

    assertThat(created().path("Image").asText())
        .isEqualTo("763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-tgi-inference"
            + ":2.1.1-tgi1.4.2-gpu-py310-cu121-ubuntu22.04");
    assertThat(environment())
        .containsOnly(
            Map.entry("HF_MODEL_ID", "mistralai/Mistral-7B-Instruct-v0.2"),
            Map.entry("SM_NUM_GPUS", "1"),
            Map.entry("MAX_INPUT_LENGTH", "2048"));
  }

  // ---- what is refused ----

  @Test
  void aModelOfTheHubWithNeitherTaskNorImageIsRefusedWithTheTasks() {
    String rule =
        "artifact.metadata.task must be given, because no image is: by it the container of a"
            + " model of the Hugging Face hub is chosen, and it is one of chat, embedding, rerank, classify."
            + " Another way is a framework with its version, such as huggingface 4.37";

    assertThat(refusal(container(ModelArtifact.huggingFace(QWEN)), ON_GPU)).contains(rule);
    assertThat(refusal(container(ModelArtifact.of(URI.create("hf://" + QWEN))), ON_GPU))
        .contains(rule);
  }

  @ParameterizedTest
  @ValueSource(strings = {"CHAT", "EMBEDDING", "RERANK"})
  void aVersionOfTransformersIsNotOneOfAnotherServer(ModelTask task) {
    ModelArtifact both = ModelArtifact.huggingFace(QWEN)
        .withMetadata(ModelMetadata.of("huggingface", "4.37").withTask(task));

    assertThat(refusal(container(both), Scaling.fixed("ml.m5.large", 1)))
        .contains("artifact.metadata.version must be left out for the task " + task.id())
        .contains(task == ModelTask.CHAT ? "huggingface-vllm" : "huggingface-tei")
        .contains("(got \"4.37\")");
  }

  @Test
  void aRegionWithoutAnAccountIsRefused() {
    SageMakerConfig elsewhere = SageMakerConfig.of("eusc-de-east-1").withExecutionRole(Aws.ROLE);
    try (SageMakerPlatform there = aws.open(
        elsewhere
            .withEndpoint(aws.config().endpoint().orElseThrow())
            .withCredentials(aws.config().credentials().orElseThrow()),
        Faults.none())) {
      assertThatThrownBy(() -> there.preview(p -> p.deploy(container(chat()), ON_GPU, BLUE)))
          .isInstanceOf(InvalidValueException.class)
          .hasMessageContaining("runtime.image must be given, because no image of AWS is known for"
              + " framework \"huggingface-vllm\"")
          .hasMessageContaining("region \"eusc-de-east-1\"; known there: af-south-1, ");
    }
    assertThat(aws.account().calls()).isEmpty();
  }

  @Test
  void aChatNeedsAGpu() {
    assertThat(refusal(container(chat()), Scaling.fixed("ml.m5.xlarge", 1)))
        .contains(
            "scaling.instanceType must be of the kind that the image was chosen for, which is gpu")
        .contains("(got \"ml.m5.xlarge\")");
    assertThat(refusal(
            container(chat().with(SageMakerArtifact.forInstances("ml.inf2.xlarge"))),
            Scaling.fixed("ml.inf2.xlarge", 1)))
        .contains("processor neuronx of ml.inf2.xlarge; known there: gpu");
  }

  // ---- the environment ----

  @Test
  void theUsersOwnVariablesWin() {
    deployed(container(chat(), Map.of("HF_HOME", "/opt/cache", "HF_MODEL_ID", "own/fork")), ON_GPU);

    assertThat(environment())
        .containsOnly(
            Map.entry("HF_MODEL_ID", "own/fork"),
            Map.entry("SM_VLLM_MODEL", "own/fork"),
            Map.entry("HF_HOME", "/opt/cache"),
            Map.entry("HUGGINGFACE_HUB_CACHE", "/tmp"));
  }

  @Test
  void whatTheContainerDoesNotReadIsInThePlan() {
    Plan plan = plan(
        container(
            chat(),
            Map.of(
                "MAX_INPUT_LENGTH", "secret-1",
                "MAX_TOTAL_TOKENS", "secret-2",
                "SM_NUM_GPUS", "secret-3",
                "SM_VLLM_MAX_MODEL_LEN", "secret-4",
                "HF_TOKEN", "hf_secret")),
        ON_GPU);

    assertThat(plan.warnings().stream().filter(text -> text.startsWith("variable")))
        .containsExactly(
            "variable MAX_INPUT_LENGTH is not read by vLLM",
            "variable MAX_TOTAL_TOKENS is not read by vLLM, which has SM_VLLM_MAX_MODEL_LEN for it",
            "variable SM_NUM_GPUS is not read by vLLM, which has SM_VLLM_TENSOR_PARALLEL_SIZE for it");
    assertThat(plan.toString()).doesNotContain("secret");
  }

  @Test
  void aTokenOfTheHubReachesTheContainerAndNoText() {
    Map<String, String> gated = Map.of("HF_TOKEN", "hf_secret");
    Endpoint endpoint = deployed(container(chat(), gated), ON_GPU);

    assertThat(environment()).containsEntry("HF_TOKEN", "hf_secret");
    assertThat(List.of(
            endpoint.toString(),
            plan(container(chat(), gated), Scaling.fixed(GPU, 2)).toString(),
            platform.describe("assistant", "blue", LIMIT).orElseThrow().toString(),
            platform.inventory(LIMIT).toString(),
            platform.openAi(endpoint).toString()))
        .allSatisfy(text -> assertThat(text).doesNotContain("hf_secret"));
  }

  // ---- what is deployed is read back ----

  @Test
  void whatIsDescribedIsDeployedAlready() {
    deployed(container(chat()), ON_GPU);

    Endpoint described =
        platform.describe("assistant", "blue", LIMIT).orElseThrow().value().orElseThrow();

    assertThat(described.container().artifact().weights()).isEqualTo(URI.create("hf://" + QWEN));
    assertThat(described.container().artifact().metadata().task()).contains(ModelTask.CHAT);
    assertThat(plan(described.container(), described.scaling()).isEmpty()).isTrue();
    assertThat(plan(container(chat()), ON_GPU).isEmpty()).isTrue();
  }

  // ---- requests and answers ----

  private Endpoint vllm() {
    return deployed(container(chat()), ON_GPU);
  }

  private void answer(String json) {
    aws.account().answerWith(invocation -> json.getBytes(UTF_8));
  }

  private String asked() {
    return aws.account().invocations().get(0).body().asUtf8String();
  }

  @Test
  void aChatGoesToVllmAsItIsAndAPathIsIgnored() {
    Endpoint endpoint = vllm();
    String answer = "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1767225600,"
        + "\"model\":\"Qwen/Qwen3-4B\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
        + "\"content\":\"A ring that guides a rope.\",\"refusal\":null,\"annotations\":null,\"audio\":null,"
        + "\"function_call\":null,\"tool_calls\":[],\"reasoning_content\":null},\"logprobs\":null,"
        + "\"finish_reason\":\"stop\",\"stop_reason\":null}],\"service_tier\":null,"
        + "\"system_fingerprint\":null,\"usage\":{\"prompt_tokens\":14,\"total_tokens\":22,"
        + "\"completion_tokens\":8,\"prompt_tokens_details\":null},\"prompt_logprobs\":null,"
        + "\"kv_transfer_params\":null}";
    answer(answer);

    Response response =
        platform.invoke(endpoint, Request.json(CHAT).withPath("/v1/chat/completions"));

    assertThat(response).isEqualTo(Response.json(answer).servedBy("blue"));
    assertThat(asked()).isEqualTo(CHAT);
  }

  @Test
  void aStreamedChatComesInEventsThatPiecesNeedNotEndWith() {
    Endpoint endpoint = vllm();
    String events =
        "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
            + "\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n"
            + "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
            + "\"delta\":{\"content\":\"Öse\"},\"finish_reason\":null}]}\n\n"
            + "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
            + "\"delta\":{\"content\":\"\"},\"finish_reason\":\"stop\",\"stop_reason\":null}]}\n\n"
            + "data: [DONE]\n\n";
    byte[] all = events.getBytes(UTF_8);
    // In the middle of the letter of two bytes.
    int cut = events.substring(0, events.indexOf('Ö')).getBytes(UTF_8).length + 1;
    aws.account()
        .streamInParts(
            List.of(Arrays.copyOfRange(all, 0, cut), Arrays.copyOfRange(all, cut, all.length)));
    ByteArrayOutputStream pieces = new ByteArrayOutputStream();
    String body = CHAT.replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\"");

    Response response = platform.invokeStreaming(endpoint, Request.json(body), piece -> {
      byte[] bytes = new byte[piece.remaining()];
      piece.get(bytes);
      pieces.writeBytes(bytes);
    });

    assertThat(pieces.toString(UTF_8)).isEqualTo(events);
    assertThat(response.variant()).contains("blue");
    assertThat(asked()).isEqualTo(body);
  }

  @Test
  void embeddingsOfTextEmbeddingsInferenceComeAsTheyAre() {
    ModelArtifact bge = ModelArtifact.huggingFace("BAAI/bge-base-en-v1.5", ModelTask.EMBEDDING);
    Endpoint endpoint = deployed(container(bge), Scaling.fixed("ml.m5.large", 1));
    answer("[[0.017020374,-0.023255806],[0.25,-0.5]]");

    Response response =
        platform.invoke(endpoint, Request.json("{\"inputs\":[\"a rope\",\"a ring\"]}"));

    assertThat(response.text()).isEqualTo("[[0.017020374,-0.023255806],[0.25,-0.5]]");
  }

  @Test
  void anEmbeddingsBodyIsDispatchedByVllmItself() {
    Endpoint endpoint = vllm();
    answer(
        "{\"id\":\"embd-1\",\"object\":\"list\",\"created\":1767225600,\"model\":\"Qwen/Qwen3-4B\","
            + "\"data\":[{\"index\":0,\"object\":\"embedding\",\"embedding\":[0.25,-0.5]}],"
            + "\"usage\":{\"prompt_tokens\":3,\"total_tokens\":3,\"completion_tokens\":0}}");
    String body = "{\"model\":\"Qwen/Qwen3-4B\",\"input\":[\"a rope\"]}";

    assertThat(platform.invoke(endpoint, Request.json(body)).text())
        .contains("\"embedding\":[0.25,-0.5]");
    assertThat(asked()).isEqualTo(body);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '^', textBlock = """
      400 | {"error":{"message":"This model's maximum context length is 16384 tokens. However, you requested 122946 tokens (112946 in the messages, 10000 in the completion). Please reduce the length of the messages or completion.","type":"BadRequestError","param":null,"code":400}} | maximum context length is 16384 tokens. However, you requested 122946 tokens
      404 | {"error":{"message":"The model `assistant` does not exist.","type":"NotFoundError","param":"model","code":404}} | The model `assistant` does not exist.
      413 | {"error":"Input validation error: `inputs` must have less than 512 tokens. Given: 534","error_type":"Validation"} | `inputs` must have less than 512 tokens. Given: 534
      429 | {"error":"Model is overloaded","error_type":"Overloaded"} | Model is overloaded
      """)
  void theContainersOwnSentenceReachesTheCaller(int status, String body, String sentence) {
    Endpoint endpoint = vllm();
    aws.account()
        .failNextInvocation(AwsError.model(
            status,
            body,
            "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/assistant"
                + ":log-stream:blue/i-0123"));

    ServingException failure = catchThrowableOfType(
        ServingException.class, () -> platform.invoke(endpoint, Request.json(CHAT)));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure)
        .hasMessageContaining("the model answered with status " + status)
        .hasMessageContaining(sentence);
    assertThat(failure.getMessage()).as("no payload").doesNotContain("What is a fairlead");
    assertThat(failure.variant()).contains("blue");
  }

  @Test
  void whoIsThrottledWaitsAsLongAsAwsAsks() {
    Endpoint endpoint = vllm();
    answer("{}");
    aws.account().failNextInvocation(AwsError.throttled().with("Retry-After", "7"));
    Duration begin = aws.time().elapsed();

    platform.invoke(endpoint, Request.json(CHAT));

    assertThat(aws.time().elapsed().minus(begin)).isEqualTo(Duration.ofSeconds(7));
  }

  @Test
  void aModelThatIsStillLoadingIsAskedAgain() {
    Endpoint endpoint = vllm();
    answer("{\"choices\":[]}");
    aws.account().failNextInvocation(AwsError.modelNotReady());

    assertThat(platform.invoke(endpoint, Request.json(CHAT)).text()).isEqualTo("{\"choices\":[]}");
  }

  // ---- the tag ----

  @Test
  void theTaskIsATagBesideTheOthers() {
    deployed(container(chat()), ON_GPU);

    Map<String, String> tags = aws.account()
        .tags(aws.remains().stream()
            .filter(name -> name.startsWith("model/"))
            .collect(Collectors.joining()));
    assertThat(tags).containsEntry("task", "chat").containsEntry("framework", "huggingface");
  }
}
