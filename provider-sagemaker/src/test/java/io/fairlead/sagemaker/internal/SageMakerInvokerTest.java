package io.fairlead.sagemaker.internal;

import static io.fairlead.sagemaker.internal.ScriptedServer.ENDPOINT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.RequestOptions;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.SageMakerRequest;
import io.fairlead.sagemaker.SageMakerResponse;
import io.fairlead.sagemaker.SageMakerServerless;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;

class SageMakerInvokerTest {
  private static final Map<String, String> JSON = Map.of("Content-Type", "application/json");
  private static final Request REQUEST = Request.json("{\"secret\":\"payload\"}");

  private final ScriptedServer server = new ScriptedServer();
  private final VirtualTime time = new VirtualTime();
  private final SageMakerClients clients = new SageMakerClients(server.config());
  private final SageMakerInvoker invoker = invoker(clients);

  @AfterEach
  void close() {
    clients.close();
    server.close();
  }

  private SageMakerInvoker invoker(SageMakerClients ofWhich) {
    return new SageMakerInvoker(
        ofWhich,
        new RefusedCalls(SageMakerProvider.ID, time, new Random(1)),
        new SageMakerErrors(server.config()),
        time,
        () -> {
          throw new AssertionError("nothing is asked for in pieces");
        });
  }

  private ServingException failure(Request request) {
    return catchThrowableOfType(ServingException.class, () -> invoker.invoke(ENDPOINT, request));
  }

  private SageMakerResponse told(Request request) {
    return invoker.invoke(ENDPOINT, request).find(SageMakerResponse.class).orElseThrow();
  }

  private static Map<String, String> error(String type) {
    return Map.of("Content-Type", "application/json", "x-amzn-errortype", type);
  }

  @Test
  void theBodyGoesToTheEndpointAsItIsAndTheAnswerNamesItsVariant() {
    server.then(
        200,
        Map.of("Content-Type", "text/csv", "x-Amzn-Invoked-Production-Variant", "blue"),
        "0.5,0.25");

    Response response =
        invoker.invoke(ENDPOINT, Request.of(new byte[] {0, -1, 13, 10}, "application/x-npy"));

    assertThat(response)
        .isEqualTo(Response.of("0.5,0.25".getBytes(UTF_8), "text/csv").servedBy("blue"));
    ScriptedServer.Asked asked = server.asked().get(0);
    assertThat(asked.method()).isEqualTo("POST");
    assertThat(asked.path()).isEqualTo("/endpoints/churn/invocations");
    assertThat(asked.body().array()).containsExactly(0, -1, 13, 10);
    assertThat(asked.header("Content-Type")).isEqualTo("application/x-npy");
    assertThat(asked.headers().keySet())
        .noneMatch(name -> name.toLowerCase(Locale.ROOT).startsWith("x-amzn-sagemaker"));
  }

  @Test
  void aBodyThatAServerlessVariantCannotTakeIsRefusedBeforeItIsSent() {
    Endpoint serverless = new Endpoint(
        ENDPOINT.container(),
        Scaling.fixed(1).with(SageMakerServerless.of(2048, 5)),
        ENDPOINT.routing());
    int most = 4 * 1024 * 1024;
    server.then(200, JSON, "{}");

    assertThatThrownBy(
            () -> invoker.invoke(serverless, Request.of(new byte[most + 1], "application/x-npy")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Request: body must have at most " + most
            + " bytes for a serverless variant; variants with instances take more (got "
            + (most + 1)
            + ")");
    assertThat(server.asked()).isEmpty();

    invoker.invoke(serverless, Request.of(new byte[most], "application/x-npy"));
    assertThat(server.asked()).hasSize(1);
  }

  @Test
  void aBodyThatIsTooLargeForAwsIsToldWithTheLimits() {
    server.then(413, error("RequestEntityTooLarge"), "{}");

    assertThatThrownBy(() -> invoker.invoke(ENDPOINT, REQUEST))
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("at most 6 MB, and 4 MB where the endpoint is serverless");
  }

  @Test
  void anEmptyAnswerHasNoBytes() {
    server.then(200, Map.of(), "");

    Response response = invoker.invoke(ENDPOINT, REQUEST);

    assertThat(response.body()).isEmpty();
    assertThat(response.contentType()).isEqualTo("application/octet-stream");
    assertThat(response.variant()).isEmpty();
  }

  @Test
  void aPinnedVariantAndAllOptionsAreHeaders() {
    server.then(200, JSON, "{}");

    invoker.invoke(
        ENDPOINT,
        REQUEST
            .pinnedTo("green")
            .with(SageMakerRequest.DEFAULT
                .withTargetModel("eu/one.tar.gz")
                .withInferenceComponent("component")
                .withSessionId("abc-1")
                .withInferenceId("my request")
                .withCustomAttributes("trace=7; more")
                .withAccept("text/csv")));

    ScriptedServer.Asked asked = server.asked().get(0);
    assertThat(asked.header("X-Amzn-SageMaker-Target-Variant")).isEqualTo("green");
    assertThat(asked.header("X-Amzn-SageMaker-Target-Model")).isEqualTo("eu/one.tar.gz");
    assertThat(asked.header("X-Amzn-SageMaker-Inference-Component")).isEqualTo("component");
    assertThat(asked.header("X-Amzn-SageMaker-Session-Id")).isEqualTo("abc-1");
    assertThat(asked.header("X-Amzn-SageMaker-Inference-Id")).isEqualTo("my request");
    assertThat(asked.header("X-Amzn-SageMaker-Custom-Attributes")).isEqualTo("trace=7; more");
    assertThat(asked.header("Accept")).isEqualTo("text/csv");
  }

  @Test
  void aNewSessionHasItsIdAndItsEnd() {
    server.then(
        200,
        Map.of(
            "Content-Type",
            "application/json",
            "X-Amzn-SageMaker-New-Session-Id",
            "abc-1; Expires=2026-01-02T03:04:05Z",
            "X-Amzn-SageMaker-Custom-Attributes",
            "trace=7"),
        "{}");

    SageMakerResponse answer =
        told(REQUEST.with(SageMakerRequest.DEFAULT.withSessionId(SageMakerRequest.NEW_SESSION)));

    assertThat(answer.newSession())
        .contains(new SageMakerResponse.Session(
            "abc-1", Optional.of(Instant.parse("2026-01-02T03:04:05Z"))));
    assertThat(answer.closedSession()).isEmpty();
    assertThat(answer.customAttributes()).contains("trace=7");
    assertThat(answer).asString().doesNotContain("trace=7");
    assertThat(server.asked().get(0).header("X-Amzn-SageMaker-Session-Id"))
        .isEqualTo("NEW_SESSION");
  }

  @Test
  void aClosedSessionIsTold() {
    server.then(200, Map.of("X-Amzn-SageMaker-Closed-Session-Id", "abc-1"), "{}");

    SageMakerResponse answer = told(REQUEST);

    assertThat(answer.closedSession()).contains("abc-1");
    assertThat(answer.newSession()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc-1", "abc-1; Expires=tomorrow"})
  void aSessionWithoutAnEndThatCanBeReadHasNone(String header) {
    server.then(200, Map.of("X-Amzn-SageMaker-New-Session-Id", header), "{}");

    SageMakerResponse answer = told(REQUEST);

    assertThat(answer.newSession())
        .contains(new SageMakerResponse.Session("abc-1", Optional.empty()));
  }

  @Test
  void whatIsWrongWithARequestIsSaidAtOnceAndBeforeAnyCall() {
    Request request =
        Request.of(new byte[SageMakerInvoker.LARGEST_BODY + 1], "text/\u00e4").pinnedTo("no_name");

    assertThatThrownBy(() -> invoker.invoke(ENDPOINT, request))
        .isInstanceOfSatisfying(
            InvalidValueException.class,
            e -> assertThat(e.problems())
                .extracting(problem -> problem.field())
                .containsExactly("body", "contentType", "variant"))
        .hasMessageContaining("6291456")
        .hasMessageContaining("invokeAsync");
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void theLargestBodyIsSent() {
    server.then(200, JSON, "{}");

    invoker.invoke(
        ENDPOINT, Request.of(new byte[SageMakerInvoker.LARGEST_BODY], "application/x-npy"));

    assertThat(server.asked().get(0).body().remaining()).isEqualTo(6_291_456);
  }

  @Test
  void anOptionForRequestsThatIsNotKnownIsRefused() {
    record Unknown(String platform) implements RequestOptions {}

    assertThatThrownBy(() -> invoker.invoke(ENDPOINT, REQUEST.with(new Unknown("sagemaker"))))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("Unknown");
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void anEndpointThatIsNotThereIsNotFound() {
    server.then(
        400,
        error("ValidationError"),
        "{\"Message\":\"Endpoint churn of account 123456789012 not found.\"}");

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failure.retryable()).isFalse();
    assertThat(failure)
        .hasMessageContaining("'churn'")
        .hasMessageContaining("of account 123456789012 not found")
        .hasMessageContaining("not deployed in this account and region, or not in service yet");
    assertThat(server.asked()).hasSize(1);
  }

  @Test
  void aVariantThatIsNotThereIsNotFoundAndNamed() {
    server.then(
        400, error("ValidationError"), "{\"Message\":\"Variant green not found for request\"}");

    ServingException failure = failure(REQUEST.pinnedTo("green"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failure)
        .hasMessageContaining("variant 'green'")
        .hasMessageContaining("does not have the variant that the request is pinned to");
  }

  @Test
  void anotherRuleOfAwsIsInvalid() {
    server.then(
        400,
        error("ValidationError"),
        "{\"Message\":\"Endpoint churn is not a multi-model endpoint and does not support target"
            + " model header.\"}");

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(failure).hasMessageContaining("does not support target model header");
  }

  @Test
  void aModelThatFailsIsToldWithItsStatusItsWordsAndItsLog() {
    String words = "out of memory ".repeat(100);
    server.then(
        424,
        error("ModelError"),
        "{\"Message\":\"Received server error (500) from primary\",\"OriginalStatusCode\":507,"
            + "\"OriginalMessage\":\"" + words + "\",\"LogStreamArn\":\"arn:aws:logs:log-1\"}");

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure)
        .hasMessageContaining("status 507")
        .hasMessageContaining("out of memory out of memory")
        .hasMessageContaining("(1400 characters)")
        .hasMessageContaining("arn:aws:logs:log-1");
    assertThat(failure.getMessage()).hasSizeLessThan(800);
    assertThat(server.asked()).hasSize(1);
  }

  @Test
  void aModelThatFailsWithoutDetailsIsToldWithWhatThereIs() {
    server.then(424, error("ModelError"), "{\"Message\":\"from primary\"}");

    ServingException failure = failure(REQUEST);

    assertThat(failure).hasMessageContaining("the model answered: from primary");
    assertThat(failure.variant()).isEmpty();
  }

  @Test
  void aFailureNamesTheVariantThatTheAnswersHeaderNames() {
    server.then(
        500,
        Map.of("x-amzn-errortype", "InternalFailure", "x-Amzn-Invoked-Production-Variant", "green"),
        "{\"Message\":\"something\"}");

    assertThat(failure(REQUEST).variant()).contains("green");
  }

  @Test
  void aModelsFailureNamesTheVariantWhoseLogItIsIn() {
    server.then(
        424,
        error("ModelError"),
        "{\"Message\":\"from primary\",\"LogStreamArn\":\"arn:aws:logs:eu-west-1:1:log-group:"
            + "/aws/sagemaker/Endpoints/churn:log-stream:green/i-0123\"}");

    assertThat(failure(REQUEST).variant()).contains("green");
  }

  @Test
  void aModelThatIsLoadingIsAskedAgain() {
    server
        .then(429, error("ModelNotReadyException"), "{\"Message\":\"not ready\"}")
        .then(429, error("ModelNotReadyException"), "{\"Message\":\"not ready\"}")
        .then(200, JSON, "{}");
    Duration begin = time.elapsed();

    Response response = invoker.invoke(ENDPOINT, REQUEST);

    assertThat(response).isEqualTo(Response.json("{}"));
    assertThat(server.asked()).hasSize(3);
    assertThat(time.elapsed().minus(begin))
        .isBetween(Duration.ofMillis(1500), Duration.ofMillis(3000));
  }

  @Test
  void aModelThatGoesOnLoadingIsUnavailableForNow() {
    server.then(429, error("ModelNotReadyException"), "{\"Message\":\"not ready\"}");

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure.retryable()).isTrue();
    assertThat(failure).hasMessageContaining("(5 attempts)").hasMessageContaining("is loading");
    assertThat(server.asked()).hasSize(5);
  }

  @Test
  void throttlingWhoseCodeIsInTheHeaderOnlyIsThrottling() {
    server.then(400, error("ThrottlingException"), "{\"message\":null}");

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.THROTTLED);
    assertThat(failure).hasMessageContaining("ThrottlingException");
    assertThat(server.asked()).hasSize(5);
    assertThat(time.pauses()).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource({
    "500, InternalFailure, 1",
    "503, ServiceUnavailable, 5",
    "530, InternalDependencyException, 1",
    "502, '', 1",
  })
  void onlyARefusalIsTriedAgain(int status, String code, int calls) {
    server.then(status, code.isEmpty() ? JSON : error(code), "{\"Message\":\"something\"}");

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(server.asked()).hasSize(calls);
  }

  @Test
  void triesEndWhereTheTimeForTheRequestEnds() {
    server.then(503, error("ServiceUnavailable"), "{\"Message\":\"busy\"}");
    Duration begin = time.elapsed();

    ServingException failure = failure(REQUEST.withTimeout(Duration.ofMillis(700)));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(server.asked()).hasSizeBetween(2, 3);
    assertThat(time.elapsed().minus(begin)).isLessThan(Duration.ofMillis(700));
  }

  @Test
  void aSlowModelIsAskedOnceAndGivenUpWithTheRequestsTimeout() throws Exception {
    CountDownLatch gone = new CountDownLatch(1);
    server.then(exchange -> {
      try {
        gone.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      exchange.close();
    });

    ServingException failure = failure(REQUEST.withTimeout(Duration.ofMillis(300)));

    gone.countDown();
    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(server.asked()).hasSize(1);
    assertThat(time.pauses()).isZero();
  }

  @Test
  void aConnectionThatIsCutIsNotTriedAgain() {
    server.then(exchange -> exchange.close());

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(server.asked()).hasSize(1);
  }

  @Test
  void aThreadThatWasInterruptedAsksNothingAndStaysInterrupted() {
    server.then(200, JSON, "{}");
    Thread.currentThread().interrupt();

    ServingException failure = failure(REQUEST);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void anInterruptWhileItWaitsToTryAgainEndsIt() {
    server.then(503, error("ServiceUnavailable"), "{\"Message\":\"busy\"}");
    time.in(Duration.ofMillis(50), () -> Thread.currentThread().interrupt());

    ServingException failure = failure(REQUEST);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(server.asked()).hasSize(1);
  }

  @Test
  void credentialsThatAreRefusedAreUnauthorized() {
    server.then(
        403,
        error("UnrecognizedClientException"),
        "{\"message\":\"The security token included in the request is invalid.\"}");

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure).hasMessageContaining("caller's own credentials provider");
  }

  @Test
  void credentialsThatAreNotThereAreUnauthorized() {
    SageMakerConfig config =
        server.config().withCredentials(ProfileCredentialsProvider.create("no-such-profile"));
    try (SageMakerClients without = new SageMakerClients(config)) {
      SageMakerInvoker unable = invoker(without);

      assertThatThrownBy(() -> unable.invoke(ENDPOINT, REQUEST))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAUTHORIZED));
    }
    assertThat(server.asked()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"424, ModelError", "400, ValidationError", "500, InternalFailure"})
  void noFailureShowsWhatWasAsked(int status, String code) {
    server.then(status, error(code), "{\"Message\":\"something\"}");

    ServingException failure =
        failure(REQUEST.with(SageMakerRequest.DEFAULT.withCustomAttributes("confidential")));

    for (Throwable each = failure; each != null; each = each.getCause()) {
      assertThat(each.toString()).doesNotContain("payload").doesNotContain("confidential");
    }
  }

  @Test
  void theIdOfTheRequestIsKept() {
    server.then(
        500,
        Map.of("x-amzn-errortype", "InternalFailure", "x-amzn-RequestId", "request-7"),
        "{\"Message\":\"something\"}");

    assertThat(failure(REQUEST).requestId()).contains("request-7");
  }
}
