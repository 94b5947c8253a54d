package io.fairlead.azureml.internal.scoring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import io.fairlead.azureml.AzureMlEndpoint.AuthMode;
import io.fairlead.azureml.AzureMlRequest;
import io.fairlead.contract.Held;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Invocations of an endpoint whose host and control plane misbehave. */
@Timeout(60)
class ScoringInvokerTest {
  private static final Endpoint BERT = new Endpoint(
      new Container(
          ModelArtifact.huggingFace("google-bert/bert-base-uncased"),
          RuntimeSpec.of("mcr.microsoft.com/azureml/minimal"),
          Dependencies.NONE),
      Scaling.fixed("Standard_DS3_v2", 1),
      new Routing("bert", "blue"));
  private static final Request REQUEST = Request.json("[1]");
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Duration ENOUGH_FOR_HEADERS = Duration.ofSeconds(3);
  private static final String[] BOTH = {"find bert", "KEY of bert"};

  private final VirtualTime time = new VirtualTime();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Held held = new Held();
  private ScoringServer server;
  private KnownEndpoints endpoints;
  private ScoringInvoker invoker;

  @BeforeEach
  void open() throws IOException {
    server = new ScoringServer();
    endpoints = new KnownEndpoints(new Scoring(server.uri(), AuthMode.KEY));
    invoker = new ScoringInvoker(ScoringInvoker.sharedClient(), endpoints, time, new Random(1));
  }

  @AfterEach
  void close() {
    held.release();
    invoker.close();
    server.close();
    threads.shutdownNow();
  }

  private ServingException failure(Request request) {
    return catchThrowableOfType(ServingException.class, () -> invoker.invoke(BERT, request));
  }

  private ServingException streamingFailure(Request request, Consumer<? super ByteBuffer> pieces) {
    return catchThrowableOfType(
        ServingException.class, () -> invoker.invokeStreaming(BERT, request, pieces));
  }

  /** Answers with a status and the beginning of a body, and with the rest when the test ends. */
  private HttpHandler neverEnding(int status, String beginning) {
    return exchange -> {
      exchange.sendResponseHeaders(status, 0);
      ScoringServer.write(exchange, beginning);
      held.hold();
    };
  }

  private static Credential token(String token, VirtualTime time, Duration end) {
    return new Credential(token, Optional.empty(), Optional.of(time.now().plus(end)));
  }

  // ---- what is sent, and the answer ----

  @Test
  void theBodyIsSentUnchangedToTheScoringUriWithTheCredential() {
    byte[] body = {0, -1, 13, 10};

    Response answer = invoker.invoke(BERT, Request.of(body, "application/x-npy"));

    assertThat(answer.body()).isEqualTo(body);
    assertThat(answer.contentType()).isEqualTo("application/x-npy");
    assertThat(answer.variant()).isEmpty();
    assertThat(server.last().path()).isEqualTo("/score");
    assertThat(server.last().body()).isEqualTo("00ff0d0a");
    assertThat(server.last().header("Content-Type")).isEqualTo("application/x-npy");
    assertThat(server.last().header("Authorization")).isEqualTo("Bearer key-of-the-endpoint");
    assertThat(server.last().headers())
        .doesNotContainKeys("Azureml-model-deployment", "X-ms-client-request-id");
  }

  @Test
  void aPinnedRequestNamesItsDeployment() {
    Response answer = invoker.invoke(BERT, REQUEST.pinnedTo("green"));

    assertThat(server.last().header("azureml-model-deployment")).isEqualTo("green");
    assertThat(answer.variant()).contains("green");
  }

  @Test
  void theDeploymentThatTheAnswerNamesIsTheVariant() {
    server.next(200, "1", "azureml-model-deployment", "blue");
    server.next(200, "1", "azureml-model-deployment", "blue");
    server.next(424, "", "azureml-model-deployment", "blue");

    assertThat(invoker.invoke(BERT, REQUEST).variant()).contains("blue");
    assertThat(invoker.invoke(BERT, REQUEST.pinnedTo("green")).variant()).contains("blue");
    assertThat(failure(REQUEST).variant()).contains("blue");
  }

  @Test
  void anAnswerWithoutAContentTypeIsBytes() {
    server.next(200, "1");

    assertThat(invoker.invoke(BERT, REQUEST).contentType()).isEqualTo("application/octet-stream");
  }

  @Test
  void thePathAndTheIdOfTheRequestAreSent() {
    invoker.invoke(
        BERT, REQUEST.withPath("/v1/chat/completions").with(new AzureMlRequest("order-17")));

    assertThat(server.last().path()).isEqualTo("/v1/chat/completions");
    assertThat(server.last().header("x-ms-client-request-id")).isEqualTo("order-17");
    assertThat(server.last().header("Authorization")).isEqualTo("Bearer key-of-the-endpoint");
  }

  // ---- where the credential goes ----

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://10.0.0.1/score",
        "http://localhost.example.com/score",
        "https://somebody@example.com/score",
        "ftp://127.0.0.1/score",
        "https:/score"
      })
  void aCredentialIsNotSentWhereOthersCouldReadIt(String uri) {
    endpoints.know(new Scoring(URI.create(uri), AuthMode.KEY));

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(failure)
        .hasMessageContaining("keys and tokens are sent over https only, or over http to loopback")
        .hasMessageContaining("Nothing was sent");
    assertThat(endpoints.calls()).containsExactly("find bert");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://bert.westus.inference.ml.azure.com/score",
        "http://localhost:8080/score",
        "http://[::1]/score"
      })
  void aCredentialIsSentOverHttpsAndToThisMachine(String uri) {
    assertThatCode(() -> ScoringTarget.check("bert", URI.create(uri))).doesNotThrowAnyException();
  }

  @Test
  void aRedirectIsNotFollowed() {
    server.next(307, "", "Location", "/elsewhere");

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(failure).hasMessageContaining("HTTP 307").hasMessageContaining("Redirects");
    assertThat(server.received()).hasSize(1);
  }

  @Test
  void aClientThatFollowsRedirectsIsRefused() {
    HttpClient following =
        HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();

    assertThatThrownBy(() -> new ScoringInvoker(following, endpoints, time, new Random(1)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("must not follow redirects");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "key\nHost: elsewhere", "kéy", "two words"})
  void aCredentialThatNoHeaderCanHaveIsNotShown(String key) {
    endpoints.nextCredential(() -> Credential.key(key));

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure)
        .hasMessage(
            "Endpoint 'bert' cannot be invoked: its key or token is empty, or has characters that a header "
                + "cannot have. Regenerate the keys of the endpoint.");
    assertThat(server.received()).isEmpty();
  }

  @Test
  void noTextHasTheCredential() {
    server.next(500, "headers were {Authorization=Bearer key-of-the-endpoint}");

    assertThat(failure(REQUEST))
        .hasMessageContaining("Bearer (not shown)")
        .message()
        .doesNotContain("key-of-the-endpoint");
    assertThat(token("secret", time, Duration.ofHours(1)).toString())
        .doesNotContain("secret")
        .contains("2026-01-01T01:00:00Z");
    assertThat(ScoringTarget.of("bert", endpoints.scoring(), Credential.key("secret"))
            .toString())
        .doesNotContain("secret");
  }

  // ---- what the control plane tells ----

  @Test
  void theTargetIsFetchedOnceForAllRequests() {
    endpoints.nextFind(() -> {
      held.hold();
      return endpoints.scoring();
    });
    List<CompletableFuture<Response>> answers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      answers.add(CompletableFuture.supplyAsync(() -> invoker.invoke(BERT, REQUEST), threads));
    }
    held.awaitArrival();
    held.release();

    assertThat(answers).allSatisfy(answer -> assertThat(answer.join().text()).isEqualTo("[1]"));
    assertThat(endpoints.calls()).containsExactly(BOTH);
  }

  @Test
  void aFailureOfTheControlPlaneIsThatOfItsRequestsOnly() {
    ServingException absent = ServingException.builder(
            "azureml", ErrorKind.NOT_FOUND, "There is no endpoint 'bert'.")
        .requestId("17")
        .build();
    endpoints.nextFind(() -> {
      throw absent;
    });

    ServingException failure = failure(REQUEST);

    assertThat(failure).hasMessage(absent.getMessage()).hasCause(absent).isNotSameAs(absent);
    assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failure.requestId()).contains("17");
    assertThat(invoker.invoke(BERT, REQUEST).text()).isEqualTo("[1]");
  }

  @Test
  void anUnexpectedFailureOfTheControlPlaneSaysOfWhat() {
    IllegalStateException cause = new IllegalStateException("no field scoringUri");
    endpoints.nextFind(() -> {
      throw cause;
    });

    assertThat(failure(REQUEST))
        .hasMessageContaining("Endpoint 'bert' cannot be invoked")
        .hasMessageContaining("no field scoringUri")
        .hasCause(cause);
  }

  @Test
  void anInterruptOfARequestThatWaitsIsNotThatOfTheOthers() throws InterruptedException {
    endpoints.nextFind(() -> {
      held.hold();
      return endpoints.scoring();
    });
    CompletableFuture<ServingException> interrupted = new CompletableFuture<>();
    Thread first = new Thread(() -> interrupted.complete(failure(REQUEST)));
    first.start();
    held.awaitArrival();
    CompletableFuture<Response> second =
        CompletableFuture.supplyAsync(() -> invoker.invoke(BERT, REQUEST), threads);

    first.interrupt();
    first.join();
    assertThat(interrupted.join().kind()).isEqualTo(ErrorKind.CANCELLED);
    held.release();

    assertThat(second.join().text()).isEqualTo("[1]");
    assertThat(endpoints.calls()).containsExactly(BOTH);
  }

  @Test
  void aRequestWaitsForTheControlPlaneWithinItsOwnTimeout() {
    endpoints.nextFind(() -> {
      held.hold();
      return endpoints.scoring();
    });

    ServingException failure = failure(REQUEST.withTimeout(SHORT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(failure)
        .hasMessageContaining("not there in time")
        .hasMessageContaining("Nothing was sent");
    assertThat(server.received()).isEmpty();
    held.release();
    assertThat(invoker.invoke(BERT, REQUEST).text()).isEqualTo("[1]");
    assertThat(endpoints.calls()).containsExactly(BOTH);
  }

  @Test
  void aTokenThatExpiresIsReplacedBeforeItIsSentAgain() {
    endpoints.nextCredential(() -> token("one", time, Duration.ofHours(1)));
    endpoints.nextCredential(() -> token("two", time, Duration.ofHours(1)));
    invoker.invoke(BERT, REQUEST);
    invoker.invoke(BERT, REQUEST);
    time.pass(Duration.ofHours(1));
    invoker.invoke(BERT, REQUEST);

    assertThat(server.received())
        .extracting(request -> request.header("Authorization"))
        .containsExactly("Bearer one", "Bearer one", "Bearer two");
    assertThat(endpoints.calls()).containsExactly("find bert", "KEY of bert", "KEY of bert");
  }

  @Test
  void aRequestDoesNotWaitForTheRefreshOfAValidToken() {
    endpoints.nextCredential(() -> token("one", time, Duration.ofHours(1)));
    endpoints.nextCredential(() -> {
      held.hold();
      return token("two", time, Duration.ofHours(1));
    });
    invoker.invoke(BERT, REQUEST);
    time.pass(Duration.ofMinutes(59));

    assertThat(invoker.invoke(BERT, REQUEST).text()).isEqualTo("[1]");

    held.awaitArrival();
    assertThat(server.last().header("Authorization")).isEqualTo("Bearer one");
  }

  @Test
  void aRefusedCredentialIsFetchedAgainAndTheRequestSentOnceMore() {
    endpoints.nextCredential(() -> Credential.key("regenerated"));
    server.next(401, "");

    assertThat(invoker.invoke(BERT, REQUEST.pinnedTo("green")).text()).isEqualTo("[1]");

    assertThat(server.received())
        .extracting(request -> request.header("Authorization"))
        .containsExactly("Bearer regenerated", "Bearer key-of-the-endpoint");
    assertThat(server.last().header("azureml-model-deployment")).isEqualTo("green");
    assertThat(endpoints.calls())
        .containsExactly("find bert", "KEY of bert", "find bert", "KEY of bert");
  }

  @ParameterizedTest
  @EnumSource(AuthMode.class)
  void aCredentialThatIsRefusedAgainIsAnError(AuthMode mode) {
    endpoints.know(new Scoring(server.uri(), mode));
    server.next(401, "").next(401, "key_auth_bad_header_or_token");

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure)
        .hasMessageStartingWith(
            "Invoking endpoint 'bert' failed: key_auth_bad_header_or_token (HTTP 401). ")
        .hasMessageContaining(
            switch (mode) {
              case KEY -> "takes keys";
              case AML_TOKEN -> "takes tokens of Azure ML";
              case ENTRA -> "onlineEndpoints/score/action";
            });
    assertThat(server.received()).hasSize(2);
  }

  @Test
  void aCredentialIsFetchedAgainOnceForARequest() {
    server.next(401, "").next(429, "").next(401, "");

    assertThat(failure(REQUEST).kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(server.received()).hasSize(3);
  }

  @Test
  void anEndpointThatIsGoneIsLookedUpAgain() {
    invoker.invoke(BERT, REQUEST);
    server.next(404, "");

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failure).hasMessageContaining("No variant of the endpoint has traffic");
    endpoints.calls();
    invoker.invoke(BERT, REQUEST);
    assertThat(endpoints.calls()).containsExactly(BOTH);
  }

  @Test
  void aVariantThatIsNotThereIsNamed() {
    server.next(404, "");

    ServingException failure = failure(REQUEST.pinnedTo("red"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failure.variant()).contains("red");
    assertThat(failure)
        .hasMessageStartingWith("Invoking endpoint 'bert', variant 'red' failed: ")
        .hasMessageContaining("The endpoint has no variant 'red'");
  }

  // ---- errors, and what is sent again ----

  @ParameterizedTest
  @CsvSource({
    "400, INVALID, 1",
    "403, UNAUTHORIZED, 1",
    "404, NOT_FOUND, 1",
    "408, TIMEOUT, 1",
    "409, CONFLICT, 1",
    "412, INVALID, 1",
    "413, INVALID, 1",
    "415, INVALID, 1",
    "424, MODEL_FAILED, 1",
    "429, THROTTLED, 5",
    "500, UNAVAILABLE, 1",
    "502, MODEL_FAILED, 1",
    "503, UNAVAILABLE, 1",
    "504, TIMEOUT, 1"
  })
  void onlyWhatTheModelDidNotGetIsSentAgain(int status, ErrorKind kind, int times) {
    for (int i = 0; i < 5; i++) {
      server.next(status, "said \"so\".", "x-ms-request-id", "r-" + i, "x-request-id", "other");
    }

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure)
        .hasMessageStartingWith("Invoking endpoint 'bert'")
        .hasMessageContaining(" failed: ")
        .hasMessageContaining("said \"so\" (HTTP " + status + "). ")
        .hasMessageEndingWith(".");
    assertThat(failure.requestId()).contains("r-" + (times - 1));
    assertThat(server.received()).hasSize(times);
  }

  @Test
  void theIdOfARequestIsThatOfTheFrontOtherwise() {
    server.next(500, "", "x-request-id", "b24026d3");

    ServingException failure = failure(REQUEST);

    assertThat(failure.requestId()).contains("b24026d3");
    assertThat(failure).hasMessageContaining("Azure ML gives no reason (HTTP 500)");
  }

  @Test
  void aRequestThatRanTooLongNamesTheTimeoutOfTheDeployment() {
    server.next(408, "");

    assertThat(failure(REQUEST)).hasMessageContaining("request timeout of its deployment");
  }

  @Test
  void anErrorOfTheContainerHasItsOwnStatusAndReason() {
    server.next(
        424,
        "KeyError: 'inputs'",
        "ms-azureml-model-error-statuscode",
        "500",
        "ms-azureml-model-error-reason",
        "model_error");

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure.retryable()).isFalse();
    assertThat(failure)
        .hasMessageStartingWith(
            "Invoking endpoint 'bert' failed: the container answered with status "
                + "500, model_error: KeyError: 'inputs' (HTTP 424). The log of the deployment");
  }

  @ParameterizedTest
  @CsvSource({"401, MODEL_FAILED", "404, MODEL_FAILED", "429, THROTTLED", "500, MODEL_FAILED"})
  void whatTheContainerAnswersIsNeverSentAgain(int status, ErrorKind kind) {
    server.next(status, "", "ms-azureml-model-error-statuscode", String.valueOf(status));

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure)
        .hasMessageContaining("the container answered with status " + status + " (HTTP");
    assertThat(server.received()).hasSize(1);
  }

  @Test
  void aLongTextIsQuotedInPart() {
    server.next(500, "e".repeat(100_000));

    assertThat(failure(REQUEST).getMessage()).hasSizeLessThan(1000).contains("characters)");
  }

  @Test
  void aThrottledRequestIsSentAgainAfterThePauseThatIsAskedFor() {
    server.next(429, "", "Retry-After", "7");
    Duration before = time.elapsed();

    assertThat(invoker.invoke(BERT, REQUEST).text()).isEqualTo("[1]");

    assertThat(time.elapsed().minus(before)).isEqualTo(Duration.ofSeconds(7));
    assertThat(server.received()).hasSize(2);
  }

  @Test
  void aPauseThatIsLongerThanTheTimeoutIsTheCallers() {
    server.next(429, "", "Retry-After", "61");

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.THROTTLED);
    assertThat(failure.retryAfter()).contains(Duration.ofSeconds(61));
    assertThat(server.received()).hasSize(1);
  }

  @Test
  void aRequestWhoseConnectionBreaksIsNotSentAgain() {
    server.next(HttpExchange::close);

    ServingException failure = failure(REQUEST.pinnedTo("green"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure.variant()).contains("green");
    assertThat(failure).hasMessageContaining("Whether the model was invoked is not known");
    assertThat(server.received()).hasSize(1);
  }

  @Test
  void aBodyThatNeverEndsIsATimeout() {
    server.next(neverEnding(200, "[0.5"));

    ServingException failure = failure(REQUEST.withTimeout(SHORT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(failure).hasMessageContaining("Whether the model was invoked is not known");
    assertThat(server.received()).hasSize(1);
  }

  @Test
  void aHostThatIsNotThereIsTriedAgainAndThenLookedUpAgain() throws IOException {
    try (ServerSocket unused = new ServerSocket(0)) {
      endpoints.know(new Scoring(
          URI.create("http://127.0.0.1:" + unused.getLocalPort() + "/score"), AuthMode.KEY));
    }

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure)
        .hasMessageContaining("5 attempts")
        .hasMessageContaining("Check the network");
    assertThat(endpoints.calls()).containsExactly(BOTH);
    endpoints.know(new Scoring(server.uri(), AuthMode.KEY));
    assertThat(invoker.invoke(BERT, REQUEST).text()).isEqualTo("[1]");
  }

  @Test
  void anInterruptEndsTheRequest() {
    server.next(neverEnding(200, "[0.5"));
    Thread waiting = Thread.currentThread();
    threads.execute(() -> {
      held.awaitArrival();
      waiting.interrupt();
    });

    ServingException failure = failure(REQUEST);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(failure).hasMessageContaining("the thread was interrupted");
  }

  // ---- streaming ----

  @Test
  void piecesArriveAsTheyAreSent() {
    server.next(exchange -> {
      exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
      exchange.getResponseHeaders().add("azureml-model-deployment", "blue");
      exchange.sendResponseHeaders(200, 0);
      ScoringServer.write(exchange, "data: a\n\n");
      held.hold();
      ScoringServer.write(exchange, "data: b\n\n");
    });
    List<String> pieces = new ArrayList<>();

    Response answer = invoker.invokeStreaming(BERT, REQUEST, piece -> {
      pieces.add(UTF_8.decode(piece).toString());
      held.release();
    });

    assertThat(pieces).containsExactly("data: a\n\n", "data: b\n\n");
    assertThat(answer.contentType()).isEqualTo("text/event-stream");
    assertThat(answer.variant()).contains("blue");
    assertThat(answer.body()).isEmpty();
  }

  @Test
  void aStreamIsRetriedBeforeItsAnswerBeginsAndNeverAfterwards() {
    server.next(429, "").next(401, "").next(exchange -> {
      exchange.getResponseHeaders().add("azureml-model-deployment", "blue");
      exchange.sendResponseHeaders(200, 100);
      ScoringServer.write(exchange, "data: a\n\n");
      exchange.close();
    });
    List<String> pieces = new ArrayList<>();

    ServingException failure =
        streamingFailure(REQUEST, piece -> pieces.add(UTF_8.decode(piece).toString()));

    assertThat(pieces).containsExactly("data: a\n\n");
    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure.variant()).contains("blue");
    assertThat(failure).hasMessageStartingWith("Invoking endpoint 'bert' (piece 2) failed: ");
    assertThat(server.received()).hasSize(3);
  }

  @Test
  void anErrorInPlaceOfAStreamIsThatOfTheContainer() {
    server.next(424, "out of memory", "ms-azureml-model-error-statuscode", "507");

    ServingException failure = streamingFailure(REQUEST, piece -> {});

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure).hasMessageContaining("status 507: out of memory (HTTP 424)");
  }

  @Test
  void theTimeoutIsThatOfTheWholeStream() {
    server.next(neverEnding(200, "data: a\n\n"));

    ServingException failure =
        streamingFailure(REQUEST.pinnedTo("green").withTimeout(ENOUGH_FOR_HEADERS), piece -> {});

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(failure.variant()).contains("green");
    assertThat(failure).hasMessageContaining("after 1 piece");
  }

  @Test
  void whatTheConsumerThrowsEndsTheStream() {
    server.next(neverEnding(200, "data: a\n\n"));
    IllegalStateException full = new IllegalStateException("full");

    assertThatThrownBy(() -> invoker.invokeStreaming(BERT, REQUEST, piece -> {
          throw full;
        }))
        .isSameAs(full);
  }

  // ---- closing ----

  @Test
  void closingEndsAStreamInItsMiddle() {
    server.next(neverEnding(200, "data: a\n\n"));

    ServingException failure = streamingFailure(REQUEST, piece -> invoker.close());

    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(failure).hasMessageContaining("closed");
  }

  @Test
  void closingEndsARequestInProgressAndRefusesOthers() {
    server.next(neverEnding(200, "[0.5"));
    threads.execute(() -> {
      held.awaitArrival();
      invoker.close();
    });

    ServingException ended = failure(REQUEST);
    ServingException refused = failure(REQUEST);

    assertThat(ended.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(ended).hasMessageContaining("closed: open it again");
    assertThat(refused.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(server.received()).hasSize(1);
  }

  @Test
  void closingEndsTheWaitForTheControlPlane() {
    endpoints.nextFind(() -> {
      held.hold();
      return endpoints.scoring();
    });
    threads.execute(() -> {
      held.awaitArrival();
      invoker.close();
    });

    assertThat(failure(REQUEST).kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(failure(REQUEST).kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(server.received()).isEmpty();
  }
}
