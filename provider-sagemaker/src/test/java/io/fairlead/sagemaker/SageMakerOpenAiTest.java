package io.fairlead.sagemaker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.language.OpenAiAccess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.core.exception.SdkClientException;

/** Access for clients of OpenAI's API, with a client that knows nothing of AWS. */
@Timeout(60)
class SageMakerOpenAiTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Routing BLUE = new Routing("Assistant", "blue");
  private static final Scaling ON_GPU = Scaling.fixed("ml.g5.2xlarge", 1);
  private static final String QWEN = "Qwen/Qwen3-4B";
  private static final String BODY = "{\"model\":\"Qwen/Qwen3-4B\",\"messages\":[]}";

  private final Aws aws = Aws.overHttp(new VirtualTime());
  private final SageMakerPlatform platform = aws.open();

  @AfterEach
  void close() {
    platform.close();
    aws.close();
  }

  private static Container container(Map<String, String> environment) {
    return new Container(
        ModelArtifact.huggingFace(QWEN, ModelTask.CHAT),
        RuntimeSpec.NONE,
        Dependencies.environment(environment));
  }

  private static final Endpoint CHAT = new Endpoint(container(Map.of()), ON_GPU, BLUE);

  private static HttpResponse<String> post(URI url, Map<String, String> headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url).POST(HttpRequest.BodyPublishers.ofString(BODY));
    headers.forEach(request::header);
    return HttpClient.newHttpClient()
        .send(request.build(), HttpResponse.BodyHandlers.ofString(UTF_8));
  }

  private static URI chats(OpenAiAccess access) {
    return URI.create(access.baseUrl() + "/chat/completions");
  }

  // ---- where it is ----

  @ParameterizedTest
  @CsvSource({
    "us-west-2, https://runtime.sagemaker.us-west-2.amazonaws.com",
    "cn-north-1, https://runtime.sagemaker.cn-north-1.amazonaws.com.cn",
    "us-gov-west-1, https://runtime.sagemaker.us-gov-west-1.amazonaws.com",
  })
  void theRouteIsTheEndpointsAtTheRuntimeOfItsRegion(String region, String runtime) {
    try (SageMakerPlatform there = new SageMakerProvider().open(SageMakerConfig.of(region))) {
      OpenAiAccess access = there.openAi(CHAT);

      assertThat(access.baseUrl())
          .isEqualTo(URI.create(runtime + "/endpoints/Assistant/openai/v1"));
      assertThat(access.model()).isEqualTo(QWEN);
    }
  }

  @Test
  void anInferenceComponentIsNamedInThePath() throws Exception {
    Endpoint shared = platform
        .deploy(
            container(Map.of()),
            ON_GPU.with(SageMakerComponent.on("fleet", 4096).withAccelerators(1)),
            BLUE)
        .await(LIMIT);
    OpenAiAccess access = platform.openAi(shared);

    assertThat(access.baseUrl().getPath())
        .matches("/endpoints/fleet/inference-components/[a-zA-Z0-9-]+/openai/v1");
    assertThat(post(chats(access), access.headers()).statusCode()).isEqualTo(200);
    assertThat(aws.account().invocations().get(0).component()).isNotEmpty();
  }

  @Test
  void theModelIsNamedAsVllmServesIt() {
    Endpoint named =
        new Endpoint(container(Map.of("SM_VLLM_SERVED_MODEL_NAME", "assistant")), ON_GPU, BLUE);
    Endpoint ofS3 = new Endpoint(
        new Container(
            ModelArtifact.of(URI.create("s3://models/one/")).forTask(ModelTask.CHAT),
            RuntimeSpec.NONE,
            Dependencies.NONE),
        ON_GPU,
        BLUE);

    assertThat(platform.openAi(named).model()).isEqualTo("assistant");
    assertThat(platform.openAi(ofS3).model()).isEqualTo("/opt/ml/model");
  }

  // ---- with a client ----

  @Test
  void aClientThatKnowsNothingOfAwsGetsTheContainersAnswer() throws Exception {
    Endpoint endpoint = platform.deploy(CHAT.container(), ON_GPU, BLUE).await(LIMIT);
    aws.account().answerWith(invocation -> "{\"choices\":[]}".getBytes(UTF_8));
    OpenAiAccess access = platform.openAi(endpoint);

    HttpResponse<String> answer = post(chats(access), access.headers());

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{\"choices\":[]}");
    assertThat(aws.account().invocations().get(0).body().asUtf8String()).isEqualTo(BODY);
    assertThat(post(chats(access), Map.of()).statusCode()).as("without a token").isEqualTo(403);
    assertThat(
            post(URI.create(access.baseUrl() + "/embeddings"), access.headers()).statusCode())
        .as("chats only")
        .isEqualTo(404);
  }

  @Test
  void aTokenIsRenewedBeforeItEndsAndNotBefore() throws Exception {
    Endpoint endpoint = platform.deploy(CHAT.container(), ON_GPU, BLUE).await(LIMIT);
    OpenAiAccess access = platform.openAi(endpoint);
    Map<String, String> first = access.headers();

    aws.pass(Duration.ofMinutes(11));
    assertThat(access.headers()).isEqualTo(first);
    aws.pass(Duration.ofMinutes(3));
    Map<String, String> second = access.headers();
    assertThat(second).isNotEqualTo(first);
    assertThat(post(chats(access), first).statusCode()).as("14 minutes old").isEqualTo(200);
    aws.pass(Duration.ofMinutes(1));
    assertThat(post(chats(access), first).statusCode()).as("15 minutes old").isEqualTo(403);
    assertThat(post(chats(access), second).statusCode()).isEqualTo(200);
  }

  @Test
  void aTokenLivesAsLongAsItIsAskedFor() throws Exception {
    Endpoint endpoint = platform.deploy(CHAT.container(), ON_GPU, BLUE).await(LIMIT);
    OpenAiAccess access = platform.openAi(endpoint, Duration.ofHours(12));
    Map<String, String> headers = access.headers();

    aws.pass(Duration.ofHours(12).minusSeconds(1));
    assertThat(post(chats(access), headers).statusCode()).isEqualTo(200);
    aws.pass(Duration.ofSeconds(1));
    assertThat(post(chats(access), headers).statusCode()).isEqualTo(403);
  }

  // ---- what is refused ----

  @ParameterizedTest
  @ValueSource(strings = {"PT12H0.001S", "PT13H", "PT59.999S", "PT0S", "-PT1H"})
  void aLifeOutOfItsRangeIsRefused(Duration life) {
    assertThatThrownBy(() -> platform.openAi(CHAT, life))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("tokenLife must be between 1 minute and 12 hours");
  }

  @ParameterizedTest
  @EnumSource(value = ModelTask.class, names = "CHAT", mode = EnumSource.Mode.EXCLUDE)
  void whatIsNoChatIsRefused(ModelTask task) {
    Endpoint other = new Endpoint(
        new Container(
            ModelArtifact.huggingFace("org/name", task), RuntimeSpec.NONE, Dependencies.NONE),
        ON_GPU,
        BLUE);

    assertThatThrownBy(() -> platform.openAi(other))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining(
            "must be chat: SageMaker's route for clients of OpenAI's API has chats"
                + " only. Use invoke (got \"" + task.id() + "\")");
  }

  @Test
  void anAsynchronousEndpointIsRefused() {
    Endpoint inS3 = new Endpoint(
        CHAT.container(), ON_GPU, BLUE.with(SageMakerAsync.to("s3://models/answers/")));

    assertThatThrownBy(() -> platform.openAi(inS3))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("endpoint.routing.options must not have SageMakerAsync");
  }

  // ---- the credentials ----

  @Test
  void itMakesNoCallAndItsTextHasNoSecret() {
    OpenAiAccess access = platform.openAi(CHAT);
    String token = access.bearer().get();

    assertThat(aws.account().calls()).isEmpty();
    assertThat(List.of(access.toString(), access.bearer().toString()))
        .allSatisfy(
            text -> assertThat(text).doesNotContain(token).doesNotContain("sagemaker-api-key"));
  }

  @Test
  void aPlatformThatIsClosedGivesNoToken() {
    OpenAiAccess access = platform.openAi(CHAT);
    assertThat(access.bearer().get()).startsWith("sagemaker-api-key-");
    platform.close();

    assertThat(
            catchThrowableOfType(ServingException.class, () -> access.bearer().get())
                .kind())
        .isEqualTo(ErrorKind.CANCELLED);
    assertThat(catchThrowableOfType(ServingException.class, () -> platform.openAi(CHAT))
            .kind())
        .isEqualTo(ErrorKind.CANCELLED);
  }

  @Test
  void withoutCredentialsThereIsNoToken() {
    SageMakerConfig anonymous = aws.config().withCredentials(AnonymousCredentialsProvider.create());
    SageMakerConfig broken = aws.config().withCredentials(() -> {
      throw SdkClientException.create("Unable to load credentials: none here");
    });
    for (SageMakerConfig config : List.of(anonymous, broken)) {
      try (SageMakerPlatform there = aws.open(config, Faults.none())) {
        ServingException failure = catchThrowableOfType(
            ServingException.class, () -> there.openAi(CHAT).bearer().get());

        assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
        assertThat(failure).hasMessageContaining("Making a bearer token for endpoint 'Assistant'");
      }
    }
  }

  @Test
  void aTokenIsOfThePlatformsOwnCredentials() {
    SageMakerConfig other =
        aws.config().withCredentials(() -> AwsBasicCredentials.create("AKIAOTHER", "not-a-secret"));
    try (SageMakerPlatform there = aws.open(other, Faults.none())) {
      String token = there.openAi(CHAT).bearer().get().replace("sagemaker-api-key-", "");

      assertThat(new String(Base64.getDecoder().decode(token), UTF_8)).contains("AKIAOTHER");
    }
  }
}
