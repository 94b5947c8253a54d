package io.fairlead.azureml.internal.arm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.identity.CredentialUnavailableException;
import com.sun.net.httpserver.HttpHandler;
import io.fairlead.azureml.internal.arm.ArmServer.Asked;
import io.fairlead.contract.Held;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Outcome;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The calls to Azure Resource Manager, over real connections. */
@Timeout(60)
class ArmTest {
  private static final String SCOPE = "https://management.azure.com/.default";
  private static final String PATH = "/subscriptions/s/thing?api-version=1";
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(200);

  private final Held held = new Held();
  private final List<TokenRequestContext> asked = new CopyOnWriteArrayList<>();
  private final TokenCredential credential = context -> {
    asked.add(context);
    String token = "token-" + asked.size();
    return Mono.just(new AccessToken(token, OffsetDateTime.now(ZoneOffset.UTC).plusHours(1)));
  };
  private ArmServer server;
  private ArmServer other;

  @BeforeEach
  void serve() throws IOException {
    server = new ArmServer();
    other = new ArmServer();
  }

  @AfterEach
  void close() {
    held.release();
    server.close();
    other.close();
  }

  private Arm arm(Duration timeout) {
    return arm(server.host(), credential, timeout);
  }

  private static Arm arm(URI host, TokenCredential credential, Duration timeout) {
    return new Arm(
        host,
        SCOPE,
        credential,
        "the credential of the test",
        new JdkHttpClientBuilder(HttpClient.newBuilder()).build(),
        timeout);
  }

  private static ServingException fails(ThrowingCallable call) {
    return catchThrowableOfType(ServingException.class, call);
  }

  // ---- tokens ----

  @Test
  void aTokenIsFetchedOnceForAllCallsInTheScopeOfTheCloud() {
    Arm arm = arm(LONG);

    arm.find("Get a thing", PATH);
    arm.find("Get a thing", PATH);

    assertThat(server.asked())
        .extracting(Asked::authorization)
        .containsExactly("Bearer token-1", "Bearer token-1");
    assertThat(asked).singleElement().satisfies(context -> {
      assertThat(context.getScopes()).containsExactly(SCOPE);
      assertThat(context.isCaeEnabled()).isTrue();
    });
  }

  @Test
  void aTokenThatIsRefusedIsFetchedAnewOnce() {
    server.answers(exchange -> {
      boolean isOld = exchange.getRequestHeaders().getFirst("Authorization").endsWith("token-1");
      ArmServer.respond(exchange, isOld ? 401 : 200, "{}");
    });
    Arm arm = arm(LONG);

    arm.put("Write a thing", PATH, Document.EMPTY.with("value", "name"));
    arm.find("Get a thing", PATH);

    assertThat(server.asked())
        .extracting(Asked::authorization)
        .containsExactly("Bearer token-1", "Bearer token-2", "Bearer token-2");
  }

  @Test
  void aTokenThatIsRefusedAgainIsAFailureThatNamesTheCredential() {
    server.answers(401, "{'error':{'code':'InvalidToken','message':'No.'}}".replace('\'', '"'));

    ServingException failure = fails(() -> arm(LONG).find("Get a thing", PATH));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure)
        .hasMessageContaining("Get a thing failed: No (InvalidToken)")
        .hasMessageContaining("the credential of the test");
    assertThat(server.asked()).hasSize(2);
  }

  @Test
  void aCredentialThatGivesNoTokenIsNamedAndNothingIsSent() {
    Arm arm = arm(
        server.host(),
        context -> Mono.error(new CredentialUnavailableException("not logged in")),
        LONG);

    ServingException failure = fails(() -> arm.find("Get a thing", PATH));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure)
        .hasMessageContaining("Tried the credential of the test")
        .hasMessageContaining("not logged in");
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void aCredentialThatNeverAnswersIsNotWaitedForLonger() {
    ServingException failure =
        fails(() -> arm(server.host(), context -> Mono.never(), SHORT).find("Get a thing", PATH));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
  }

  // ---- other hosts ----

  @Test
  void aPageAtAnotherHostIsNotAskedFor() {
    server.answers(200, "{\"value\":[],\"nextLink\":\"" + other.host() + "/more\"}");

    ServingException failure = fails(() -> arm(LONG).list("List things", PATH));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNKNOWN);
    assertThat(failure).hasMessageContaining("the next page is at another host");
    assertThat(other.asked()).isEmpty();
  }

  @Test
  void aRedirectIsNotFollowed() {
    server.answers(307, "", "Location", other.host() + "/elsewhere");

    ServingException failure = fails(() -> arm(LONG).find("Get a thing", PATH));

    assertThat(failure).hasMessageContaining("HTTP 307");
    assertThat(other.asked()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"201, Azure-AsyncOperation", "202, Location"})
  void anOperationAtAnotherHostIsNotFollowed(int status, String header) {
    server.answers(status, "{}", header, other.host() + "/operation", "Retry-After", "7");

    Accepted accepted = arm(LONG).put("Write a thing", PATH, Document.EMPTY);

    assertThat(accepted.operation()).isEmpty();
    assertThat(accepted.askAfter()).contains(Duration.ofSeconds(7));
    assertThat(arm(LONG).operation(other.host() + "/operation")).isEmpty();
    assertThat(other.asked()).isEmpty();
  }

  // ---- answers that do not come ----

  @Test
  void anAnswerThatDoesNotComeIsNotWaitedForLongerThanTheTimeout() {
    server.answers(exchange -> held.hold());

    ServingException failure = fails(() -> arm(SHORT).find("Get a thing", PATH));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(failure).hasMessageContaining("Get a thing failed: no answer within");
  }

  @Test
  void anAnswerThatStopsInItsMiddleIsNotWaitedForLonger() {
    server.answers(exchange -> {
      exchange.sendResponseHeaders(200, 100);
      exchange.getResponseBody().write('{');
      exchange.getResponseBody().flush();
      held.hold();
    });

    ServingException failure = fails(() -> arm(SHORT).find("Get a thing", PATH));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
  }

  @Test
  void anInterruptEndsACallAndStays() throws Exception {
    server.answers(exchange -> held.hold());
    Arm arm = arm(LONG);
    FutureTask<Boolean> call = new FutureTask<>(() -> {
      ServingException failure = fails(() -> arm.find("Get a thing", PATH));
      return failure.kind() == ErrorKind.CANCELLED && Thread.currentThread().isInterrupted();
    });
    Thread caller = new Thread(call);
    caller.start();

    held.awaitArrival();
    caller.interrupt();

    assertThat(call.get()).isTrue();
  }

  @Test
  void aConnectionThatBreaksSaysThatNobodyKnowsWhetherItWasDone() {
    server.answers(exchange -> exchange.close());

    ServingException failure = fails(() -> arm(LONG).put("Write a thing", PATH, Document.EMPTY));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure).hasMessageContaining("Whether it was done is not known");
    assertThat(server.asked()).hasSize(1);
  }

  @Test
  void aHostThatIsNotThereSaysWhatToCheck() throws IOException {
    int nobody;
    try (ServerSocket socket = new ServerSocket(0)) {
      nobody = socket.getLocalPort();
    }

    ServingException failure = fails(() ->
        arm(URI.create("http://127.0.0.1:" + nobody), credential, LONG).find("Get a thing", PATH));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure).hasMessageContaining("Check the cloud, the endpoint and the network");
  }

  /** Reactor refuses to wait on its threads; reactive applications call from them. */
  @Test
  void aThreadThatMayNotBlockForReactorMayCall() throws Exception {
    server.answers(200, "{\"name\":\"value\"}");
    Arm arm = arm(LONG);

    String name = Mono.fromCallable(() -> arm.find("Get a thing", PATH).orElseThrow())
        .subscribeOn(Schedulers.parallel())
        .map(document -> document.text("name").orElse(""))
        .toFuture()
        .get();

    assertThat(name).isEqualTo("value");
  }

  // ---- answers ----

  @Test
  void aCreationIsRefusedIfTheObjectExistsByNow() {
    server.answers(412, "", "x-ms-request-id", "r-1");

    ServingException failure =
        fails(() -> arm(LONG).create("Create a thing", PATH, Document.EMPTY));

    assertThat(failure.kind()).isEqualTo(ErrorKind.ALREADY_EXISTS);
    assertThat(failure.requestId()).contains("r-1");
    assertThat(server.asked()).extracting(Asked::condition).containsExactly("*");
  }

  @Test
  void anAnswerThatIsNoDocumentIsAFailure() {
    server.answers(200, "<html>");

    ServingException failure = fails(() -> arm(LONG).find("Get a thing", PATH));

    assertThat(failure).hasMessageContaining("the answer is no document");
  }

  @Test
  void whatIsInsideSomethingThatDoesNotExistIsNothing() {
    server.answers(404, "{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"No parent.\"}}");
    Arm arm = arm(LONG);

    assertThat(arm.find("Get a thing", PATH)).isEmpty();
    assertThat(arm.listInside("List things", PATH)).isEmpty();
    assertThat(fails(() -> arm.list("List things", PATH)).kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(fails(() -> arm.get("Get the whole", PATH)))
        .hasMessageContaining("No parent (ResourceNotFound)")
        .hasMessageContaining("may not see it");
  }

  // ---- operations ----

  private HttpHandler polled = exchange -> ArmServer.respond(exchange, 200, "{}");

  private Outcome poll(String header, int started) {
    Arm arm = arm(LONG);
    server.answers(exchange -> {
      if (exchange.getRequestMethod().equals("PUT")) {
        ArmServer.respond(exchange, started, "{}", header, server.host() + "/operation");
      } else {
        polled.handle(exchange);
      }
    });
    Accepted accepted = arm.put("Write a thing", PATH, Document.EMPTY);
    return arm.poll(accepted.operation().orElseThrow());
  }

  @ParameterizedTest
  @CsvSource({
    "Succeeded, SUCCEEDED",
    "Failed, FAILED",
    "Canceled, FAILED",
    "Cancelled, FAILED",
    "InProgress, RUNNING",
    "Something, RUNNING"
  })
  void aDocumentTellsHowAnOperationGoes(String status, Outcome.State state) {
    polled = exchange ->
        ArmServer.respond(exchange, 200, "{\"status\":\"" + status + "\"}", "Retry-After", "9");

    Outcome outcome = poll("Azure-AsyncOperation", 201);

    assertThat(outcome.state()).isEqualTo(state);
    assertThat(outcome.askAfter()).contains(Duration.ofSeconds(9));
  }

  @ParameterizedTest
  @CsvSource({
    "200, SUCCEEDED",
    "204, SUCCEEDED",
    "404, SUCCEEDED",
    "202, RUNNING",
    "400, FAILED",
    "409, FAILED"
  })
  void aStatusTellsHowAnOperationGoes(int status, Outcome.State state) {
    polled = exchange -> ArmServer.respond(exchange, status, "");

    assertThat(poll("Location", 202).state()).isEqualTo(state);
  }

  @ParameterizedTest
  @CsvSource({
    "Location, 202, 429, THROTTLED",
    "Location, 202, 503, UNAVAILABLE",
    "Location, 202, 403, UNAUTHORIZED",
    "Azure-AsyncOperation, 201, 429, THROTTLED",
    "Azure-AsyncOperation, 201, 503, UNAVAILABLE"
  })
  void aPollThatIsRefusedIsNoOperationThatFailed(
      String header, int started, int status, ErrorKind kind) {
    polled = exchange -> ArmServer.respond(exchange, status, "", "Retry-After", "11");

    ServingException failure = fails(() -> poll(header, started));

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure.retryAfter()).contains(Duration.ofSeconds(11));
  }

  @Test
  void anOperationThatWasCanceledMayBeTriedAgainSoon() {
    polled = exchange -> ArmServer.respond(
        exchange,
        409,
        "{\"error\":{\"code\":\"OperationCanceled\",\"message\":\"A more important one.\"}}");

    ServingException failure = poll("Location", 202).error().orElseThrow();

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure.retryable()).isTrue();
    assertThat(failure.retryAfter().orElseThrow())
        .isBetween(Duration.ofSeconds(1), Duration.ofMinutes(1));
  }
}
