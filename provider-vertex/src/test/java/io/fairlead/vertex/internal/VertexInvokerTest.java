package io.fairlead.vertex.internal;

import static io.fairlead.vertex.internal.Serving.BLUE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.cloud.aiplatform.v1.GetEndpointRequest;
import com.google.cloud.aiplatform.v1.RawPredictRequest;
import io.fairlead.contract.Faults;
import io.fairlead.contract.Held;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.RequestOptions;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.vertex.VertexArtifact;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexResponse;
import io.fairlead.vertex.standin.Project;
import io.fairlead.vertex.standin.StandIn;
import io.grpc.Status.Code;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class VertexInvokerTest {
  private static final Request REQUEST = Request.json("{\"secret\":\"payload\"}");
  private static final String THROTTLED =
      "Quota exceeded for quota metric 'Online prediction requests' of service"
          + " 'aiplatform.googleapis.com' for consumer 'project_number:1'.";

  private final Serving serving = new Serving();

  @AfterEach
  void close() {
    serving.close();
  }

  private Response invoke(Request request) {
    return serving.invoker.invoke(BLUE, request);
  }

  private ServingException failure(Request request) {
    return catchThrowableOfType(ServingException.class, () -> invoke(request));
  }

  /** {@return what speaks over a channel of its own, and not on the calling thread} */
  private VertexConfig directly() {
    return VertexConfig.of(serving.project.id(), Project.LOCATION)
        .withPlaintextEndpoint(StandIn.endpoint());
  }

  // ---- what is sent and answered ----

  @Test
  void theBodyGoesToTheEndpointAsItIsAndTheAnswerNamesItsVariantWithoutAnotherCall() {
    serving.with(false, "blue");
    byte[] body = {0, -1, 13, 10};

    Response response = invoke(Request.of(body, "application/x-npy"));

    assertThat(response)
        .isEqualTo(Response.of(body, "application/x-npy")
            .servedBy("blue")
            .with(VertexResponse.of(Serving.id("blue"))));
    assertThat(serving.project.calls()).containsExactly("RawPredict");
    RawPredictRequest asked =
        serving.project.requests("RawPredict", RawPredictRequest.class).get(0);
    assertThat(asked.getEndpoint()).isEqualTo(serving.names.endpoint("churn"));
    assertThat(asked.getHttpBody().getContentType()).isEqualTo("application/x-npy");
    assertThat(asked.getHttpBody().getData().toByteArray()).containsExactly(body);
    assertThat(serving.project.headers("RawPredict").get(0))
        .doesNotContainKey("x-vertex-ai-endpoint-id")
        .containsKey("grpc-timeout");
  }

  @Test
  void anEmptyBodyIsSentAndAnswered() {
    serving.with(false, "blue");

    Response response = invoke(Request.of(new byte[0], "text/plain"));

    assertThat(response.body()).isEmpty();
    assertThat(response.contentType()).isEqualTo("text/plain");
  }

  @Test
  void theModelsGenerationConfigIsAddedToTheParameters() {
    serving.with(false, "blue");
    ModelArtifact artifact = ModelArtifact.of(URI.create("gs://models/one/"))
        .withMetadata(
            ModelMetadata.NONE.with(VertexArtifact.generationConfig(Map.of("temperature", "0.2"))));
    Endpoint configured = new Endpoint(
        new Container(artifact, BLUE.container().runtime(), BLUE.container().dependencies()),
        BLUE.scaling(),
        BLUE.routing());

    Response echo = serving.invoker.invoke(configured, Request.json("{\"instances\":[1]}"));

    assertThat(echo.text()).isEqualTo("{\"parameters\":{\"temperature\":0.2},\"instances\":[1]}");
  }

  @Test
  void anOptionOfThisPlatformIsRefusedBeforeAnyCallAndOneOfAnotherIsNot() {
    serving.with(false, "blue");

    record Unknown(String platform) implements RequestOptions {}

    assertThatThrownBy(() -> invoke(REQUEST.with(new Unknown("vertex"))))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("options must not be")
        .hasMessageContaining("Unknown");
    assertThat(serving.project.calls()).isEmpty();
    assertThat(invoke(REQUEST.with(() -> "sagemaker")).variant()).contains("blue");
  }

  // ---- who answered ----

  @Test
  void anotherVariantIsFoundByOneLookForAllItsAnswers() {
    serving.with(false, "blue", "green");

    assertThat(invoke(REQUEST).variant()).contains("green");
    assertThat(invoke(REQUEST).variant()).contains("green");
    assertThat(serving.project.calls()).containsExactly("RawPredict", "GetEndpoint", "RawPredict");
  }

  @Test
  void answersThatComeAtOnceLookForTheirVariantOnce()
      throws InterruptedException, ExecutionException, TimeoutException {
    serving.with(false, "blue", "green");
    CountDownLatch looking = new CountDownLatch(1);
    CountDownLatch otherIsThere = new CountDownLatch(1);
    VertexConfig config =
        serving.config.withTransport(StandIn.transport(Faults.before("GetEndpoint", () -> {
          looking.countDown();
          await(otherIsThere);
        })));

    try (VertexClients clients = new VertexClients(config)) {
      VertexInvoker invoker = serving.invoker(config, clients);
      CompletableFuture<Response> first =
          CompletableFuture.supplyAsync(() -> invoker.invoke(BLUE, REQUEST), ONE_EACH);
      await(looking);
      Held held = serving.project.holdPrediction();
      CompletableFuture<Response> second =
          CompletableFuture.supplyAsync(() -> invoker.invoke(BLUE, REQUEST), ONE_EACH);
      held.awaitArrival();
      held.release();
      otherIsThere.countDown();

      assertThat(first.get(30, TimeUnit.SECONDS).variant()).contains("green");
      assertThat(second.get(30, TimeUnit.SECONDS).variant()).contains("green");
    }
    assertThat(serving.project.requests("GetEndpoint", GetEndpointRequest.class))
        .hasSize(1);
  }

  /** The common pool may have a single thread, and both have to be under way at a time. */
  private static final Executor ONE_EACH = task -> {
    Thread thread = new Thread(task, "asks-vertex");
    thread.setDaemon(true);
    thread.start();
  };

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aVariantThatComesLaterIsLookedForAgain() {
    serving.with(false, "blue", "green", "red");
    serving.route(Map.of("green", 100));
    assertThat(invoke(REQUEST).variant()).contains("green");
    serving.project.forgetCalls();

    serving.route(Map.of("red", 100));

    assertThat(invoke(REQUEST).variant()).contains("red");
    assertThat(serving.project.calls()).containsExactly("RawPredict");
  }

  @Test
  void whatSomebodyElseDeployedIsNamedByItsId() {
    serving.project.addEndpoint("churn", "m");
    String id = serving.project.endpoint("churn").getDeployedModels(0).getId();

    assertThat(invoke(REQUEST).variant()).contains(id);
    assertThat(invoke(REQUEST.pinnedTo(id)).variant()).contains(id);
  }

  @Test
  void aLookThatFailsTakesNoAnswerBackAndIsNotRepeatedForAMinute() {
    serving.with(false, "blue", "green");
    serving.project.failNext("GetEndpoint", Code.PERMISSION_DENIED, "no");

    assertThat(invoke(REQUEST).variant()).contains(Serving.id("green"));
    serving.time.pass(Duration.ofSeconds(59));
    assertThat(invoke(REQUEST).variant()).contains(Serving.id("green"));
    serving.time.pass(Duration.ofSeconds(2));
    assertThat(invoke(REQUEST).variant()).contains("green");
    assertThat(serving.project.calls())
        .containsExactly("RawPredict", "GetEndpoint", "RawPredict", "RawPredict", "GetEndpoint");
  }

  @Test
  void anAnswerDoesNotWaitForItsNameLongerThanForTheRequest() {
    serving.with(false, "blue", "green");
    serving.project.neverAnswers("GetEndpoint");

    Response response = invoke(REQUEST.withTimeout(Duration.ofSeconds(2)));

    assertThat(response.variant()).contains(Serving.id("green"));
  }

  @Test
  void anAnswerDoesNotWaitForItsNameForLong() {
    serving.with(false, "blue", "green");
    serving.project.failNext("GetEndpoint", Code.UNAVAILABLE, "busy", Duration.ofSeconds(11));

    Response response = invoke(REQUEST);

    assertThat(response.variant()).contains(Serving.id("green"));
    assertThat(serving.time.pauses()).isZero();
  }

  // ---- one variant ----

  @Test
  void aPinnedRequestIsAnsweredByAVariantThatHasAllRequests() {
    serving.with(false, "blue", "green");

    assertThat(invoke(REQUEST.pinnedTo("green")).variant()).contains("green");
    assertThat(serving.project.calls()).containsExactly("GetEndpoint", "RawPredict");
  }

  @Test
  void aPinnedRequestToAVariantThatHasNotAllIsUnsupportedAndNotSent() {
    serving.with(false, "blue", "green");
    serving.route(Map.of("blue", 1, "green", 99));

    ServingException refusal = failure(REQUEST.pinnedTo("green"));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(refusal)
        .hasMessageStartingWith("Invoking endpoint 'churn', variant 'green' failed")
        .hasMessageContaining("'green' has 99 percent")
        .hasMessageContaining("route all requests to it")
        .hasMessageContaining("under a name of its own");
    assertThat(serving.project.calls()).containsExactly("GetEndpoint");
  }

  @Test
  void aPinnedRequestToAVariantThatIsNotThereIsNotFoundAndSaysWhichAre() {
    serving.with(false, "green", "blue");

    ServingException missing = failure(REQUEST.pinnedTo("red"));

    assertThat(missing.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(missing).hasMessageContaining("'red'").hasMessageContaining("'blue', 'green'");
    assertThat(serving.project.calls()).containsExactly("GetEndpoint");
  }

  @Test
  void aPinnedRequestThatAnotherVariantAnsweredMeanwhileIsAConflict() {
    serving.with(false, "blue", "green");
    VertexConfig config = serving.config.withTransport(
        StandIn.transport(Faults.after("GetEndpoint", () -> serving.route(Map.of("blue", 100)))));

    ServingException conflict;
    try (VertexClients clients = new VertexClients(config)) {
      VertexInvoker invoker = serving.invoker(config, clients);
      conflict = catchThrowableOfType(
          ServingException.class, () -> invoker.invoke(BLUE, REQUEST.pinnedTo("green")));
    }

    assertThat(conflict.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(conflict).hasMessageContaining("'green'").hasMessageContaining("'blue' answered");
  }

  // ---- refusals ----

  @ParameterizedTest
  @CsvSource({"UNAVAILABLE", "RESOURCE_EXHAUSTED"})
  void whatIsRefusedForNowIsAskedAgain(Code code) {
    serving.with(false, "blue");
    serving.project.failNext("RawPredict", code, THROTTLED);
    serving.project.failNext("RawPredict", code, THROTTLED);

    assertThat(invoke(REQUEST).variant()).contains("blue");
    assertThat(serving.project.calls()).containsExactly("RawPredict", "RawPredict", "RawPredict");
    assertThat(serving.time.pauses()).isEqualTo(2);
  }

  @Test
  void afterFiveRefusalsItIsToldHowOftenItWasTried() {
    serving.with(false, "blue");
    for (int i = 0; i < 6; i++) {
      serving.project.failNext("RawPredict", Code.RESOURCE_EXHAUSTED, THROTTLED);
    }

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.THROTTLED);
    assertThat(failure)
        .hasMessageStartingWith("Invoking endpoint 'churn' (5 attempts) failed: ")
        .hasMessageContaining("Online prediction requests");
    assertThat(serving.project.calls()).hasSize(5);
  }

  @Test
  void theWaitThatIsAskedForIsKept() {
    serving.with(false, "blue");
    serving.project.failNext("RawPredict", Code.UNAVAILABLE, "busy", Duration.ofSeconds(20));
    Duration before = serving.time.elapsed();

    assertThat(invoke(REQUEST).variant()).contains("blue");
    assertThat(serving.time.elapsed().minus(before)).isEqualTo(Duration.ofSeconds(20));
  }

  @Test
  void aWaitThatIsLongerThanTheRequestsTimeIsLeftToTheCaller() {
    serving.with(false, "blue");
    serving.project.failNext("RawPredict", Code.UNAVAILABLE, "busy", Duration.ofSeconds(60));

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure.retryAfter()).contains(Duration.ofSeconds(60));
    assertThat(serving.project.calls()).hasSize(1);
    assertThat(serving.time.pauses()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "DEADLINE_EXCEEDED,Deadline expired,TIMEOUT",
    "INTERNAL,out of memory,MODEL_FAILED",
    "INTERNAL,RST_STREAM closed stream. HTTP/2 error code: PROTOCOL_ERROR,UNAVAILABLE",
    "RESOURCE_EXHAUSTED,The following quota metrics exceed quota limits: cpus,QUOTA",
    "INVALID_ARGUMENT,shape mismatch,INVALID",
    "PERMISSION_DENIED,denied,UNAUTHORIZED"
  })
  void whatTheModelMayHaveSeenIsNotAskedAgain(Code code, String message, ErrorKind kind) {
    serving.with(false, "blue");
    serving.project.failNext("RawPredict", code, message);

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure).hasMessageStartingWith("Invoking endpoint 'churn' failed: " + message);
    assertThat(serving.project.calls()).hasSize(1);
  }

  @Test
  void aModelThatFailsIsToldWithWhereItsLogIs() {
    serving.with(false, "blue");
    serving.project.failNext("RawPredict", Code.INTERNAL, "out of memory");

    assertThat(failure(REQUEST)).hasMessageContaining("Cloud Logging");
  }

  @Test
  void anEndpointThatIsNotThereIsNotFound() {
    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failure).hasMessageContaining("'churn'").hasMessageContaining("is not found");
    assertThat(serving.project.calls()).hasSize(1);
  }

  @Test
  void anEndpointWithoutTrafficSaysToRoute() {
    serving.project.addEndpoint("churn");

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(failure)
        .hasMessageContaining("doesn't have traffic_split")
        .hasMessageEndingWith("No variant there has requests: route them to one");
  }

  @Test
  void aModelThatDoesNotAnswerInTimeIsNotAskedAgain() {
    serving.with(false, "blue");
    serving.project.neverAnswers("RawPredict");

    ServingException failure = failure(REQUEST.withTimeout(Duration.ofMillis(300)));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(serving.project.calls()).hasSize(1);
  }

  @Test
  void refusalsEndWithTheRequestsTime() {
    serving.with(false, "blue");
    for (int i = 0; i < 5; i++) {
      serving.project.failNext("RawPredict", Code.UNAVAILABLE, "busy");
    }

    ServingException failure = failure(REQUEST.withTimeout(Duration.ofMillis(600)));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(serving.project.calls().size()).isBetween(2, 3);
  }

  @Test
  void anInterruptEndsIt() {
    serving.with(false, "blue");
    serving.project.neverAnswers("RawPredict");
    ServingException failure;
    try (VertexClients clients = new VertexClients(directly())) {
      VertexInvoker invoker = serving.invoker(directly(), clients);
      Thread.currentThread().interrupt();

      failure = catchThrowableOfType(ServingException.class, () -> invoker.invoke(BLUE, REQUEST));
    }

    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
  }

  @Test
  void anInterruptInAPauseEndsIt() {
    serving.with(false, "blue");
    serving.project.failNext("RawPredict", Code.UNAVAILABLE, "busy");
    serving.time.in(Duration.ofMillis(1), () -> Thread.currentThread().interrupt());

    ServingException failure = failure(REQUEST);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(serving.project.calls()).hasSize(1);
  }

  @Test
  void closingThePlatformEndsItWithoutAnotherTry()
      throws InterruptedException, ExecutionException, TimeoutException {
    serving.with(false, "blue");
    Held held = serving.project.holdPrediction();
    VertexClients clients = new VertexClients(directly());
    CompletableFuture<ServingException> asking =
        CompletableFuture.supplyAsync(() -> catchThrowableOfType(
            ServingException.class,
            () -> serving.invoker(directly(), clients).invoke(BLUE, REQUEST)));
    held.awaitArrival();

    clients.close();

    ServingException failure = asking.get(30, TimeUnit.SECONDS);
    held.release();
    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(failure).hasMessageContaining("open it again");
    assertThat(serving.project.calls()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"INTERNAL", "INVALID_ARGUMENT", "UNAVAILABLE"})
  void noFailureShowsWhatWasAsked(Code code) {
    serving.with(false, "blue");
    serving.project.failNext("RawPredict", code, "no", Duration.ofHours(1));

    for (Throwable each = failure(REQUEST); each != null; each = each.getCause()) {
      assertThat(each.toString()).doesNotContain("payload");
    }
  }

  // ---- sizes ----

  @Test
  void whatIsTooLargeForEveryEndpointIsRefusedBeforeAnyCall() {
    Request request = Request.of(new byte[10_000_001], "application/x-npy");

    assertThatThrownBy(() -> invoke(request))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("at most 10000000 bytes")
        .hasMessageContaining("10000001");
    assertThat(serving.project.calls()).isEmpty();
  }

  @Test
  void whatIsTooLargeForASharedEndpointIsNotSentThere() {
    serving.with(false, "blue");

    assertThatThrownBy(() -> invoke(Request.of(new byte[1_500_001], "application/x-npy")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("at most 1500000 bytes")
        .hasMessageContaining("a dedicated one takes 10000000");
    assertThat(serving.project.calls()).containsExactly("GetEndpoint");
  }

  @Test
  void whatIsLargeIsSentToADedicatedEndpoint() {
    serving.with(true, "blue");
    serving.time.pass(Duration.ofMinutes(1));
    byte[] body = new byte[9_999_000];

    Response response = invoke(Request.of(body, "application/x-npy"));

    assertThat(response.bodyBuffer().remaining()).isEqualTo(body.length);
    assertThat(serving.project.calls()).containsExactly("GetEndpoint", "RawPredict");
  }

  // ---- hosts of their own ----

  private static Endpoint reached(VertexEndpoint how) {
    return new Endpoint(BLUE.container(), BLUE.scaling(), BLUE.routing().with(how));
  }

  @Test
  void anEndpointThatIsSaidToBeDedicatedIsNotAskedElsewhere() {
    serving.with(true, "blue");
    serving.time.pass(Duration.ofMinutes(1));
    Endpoint dedicated = reached(VertexEndpoint.dedicated());

    serving.invoker.invoke(dedicated, REQUEST);
    serving.invoker.invoke(dedicated, REQUEST);

    assertThat(serving.project.calls()).containsExactly("GetEndpoint", "RawPredict", "RawPredict");
  }

  @Test
  void anEndpointThatIsSaidToBeDedicatedAndIsNotIsAskedWhereItIs() {
    serving.with(false, "blue");

    Endpoint dedicated = reached(VertexEndpoint.dedicated());

    assertThat(serving.invoker.invoke(dedicated, REQUEST).variant()).contains("blue");
    assertThat(serving.invoker.invoke(dedicated, REQUEST).variant()).contains("blue");

    assertThat(serving.project.calls()).containsExactly("GetEndpoint", "RawPredict", "RawPredict");
    assertThat(serving.project.headers("RawPredict").get(0))
        .doesNotContainKey("x-vertex-ai-endpoint-id");
  }

  @Test
  void anEndpointOfAPrivateNetworkSaysHowToAskItWithItsServiceAttachment() {
    serving.withPrivate("blue");

    ServingException refusal = catchThrowableOfType(
        ServingException.class,
        () -> serving.invoker.invoke(
            reached(VertexEndpoint.privateServiceConnect("other-project")), REQUEST));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(refusal)
        .hasMessageContaining("forwarding rule to its service attachment, projects/"
            + serving.project.number() + "/regions/us-central1/serviceAttachments/churn")
        .hasMessageContaining("VertexConfig.withHosts");
    assertThat(serving.project.calls()).containsExactly("GetEndpoint");
  }

  @Test
  void anEndpointThatTurnsOutToHaveItsOwnHostIsAskedThereFromThenOn() {
    serving.with(true, "blue");
    serving.time.pass(Duration.ofMinutes(1));

    assertThat(invoke(REQUEST).variant()).contains("blue");
    assertThat(invoke(REQUEST).text()).isEqualTo(new String(REQUEST.body(), UTF_8));

    assertThat(serving.project.calls())
        .containsExactly("RawPredict", "GetEndpoint", "RawPredict", "RawPredict");
    assertThat(serving.project.headers("RawPredict"))
        .extracting(headers -> headers.getOrDefault("x-vertex-ai-endpoint-id", "none"))
        .containsExactly("none", "churn", "churn");
  }

  @Test
  void aHostThatComesLateIsWaitedFor() {
    serving.with(true, "blue");

    Response response = invoke(REQUEST.withTimeout(Duration.ofMinutes(2)));

    assertThat(response.variant()).contains("blue");
    assertThat(serving.time.pauses()).isPositive();
  }

  @Test
  void aHostThatDoesNotComeInTimeIsUnavailable() {
    serving.with(true, "blue");

    ServingException failure = failure(REQUEST.withTimeout(Duration.ofSeconds(20)));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure.retryable()).isTrue();
    assertThat(failure).hasMessageContaining("has not assigned its host yet");
  }

  @Test
  void aHostAtWhichNothingAnswersIsForgotten() {
    serving.with(true, "blue");
    serving.time.pass(Duration.ofMinutes(1));
    invoke(REQUEST);
    serving.project.forgetCalls();
    serving.project.failNext("RawPredict", Code.NOT_FOUND, "gone");

    assertThat(failure(REQUEST).kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(invoke(REQUEST).variant()).contains("blue");

    assertThat(serving.project.calls())
        .containsExactly("RawPredict", "RawPredict", "GetEndpoint", "RawPredict");
  }

  @Test
  void aPinnedRequestLearnsTheHostByTheSameLook() {
    serving.with(true, "blue");
    serving.time.pass(Duration.ofMinutes(1));

    assertThat(invoke(REQUEST.pinnedTo("blue")).variant()).contains("blue");
    assertThat(serving.project.calls()).containsExactly("GetEndpoint", "RawPredict");
  }
}
