package io.fairlead.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.HttpFailure.Stage;
import io.fairlead.provider.RefusedCalls.Refusals;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests to a host that answers, is slow or breaks off. */
@Timeout(60)
class HttpCallsTest {
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Duration ENOUGH_FOR_HEADERS = Duration.ofSeconds(3);
  private static final Duration LONG = Duration.ofMinutes(1);

  private final CountDownLatch arrived = new CountDownLatch(1);
  private final CountDownLatch end = new CountDownLatch(1);
  private final AtomicInteger requests = new AtomicInteger();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpCalls calls = new HttpCalls("attic", HttpClient.newHttpClient());
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.start();
  }

  @AfterEach
  void stop() {
    calls.close();
    end.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  /** {@return a request, which the server answers so} */
  private HttpRequest.Builder answeredBy(HttpHandler handler) {
    server.createContext("/", exchange -> {
      requests.incrementAndGet();
      exchange.getRequestBody().readAllBytes();
      handler.handle(exchange);
      exchange.close();
    });
    return post(server.getAddress().getPort());
  }

  private static HttpRequest.Builder post(int port) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/invoke"))
        .POST(BodyPublishers.ofString("1"));
  }

  private static void write(HttpExchange exchange, String text) throws IOException {
    exchange.getResponseBody().write(text.getBytes(UTF_8));
    exchange.getResponseBody().flush();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitEnd() {
    arrived.countDown();
    await(end);
  }

  /** Answers with a status and a beginning of the body, and never with the rest of it. */
  private HttpHandler neverEnding(int status, String beginning) {
    return exchange -> {
      exchange.sendResponseHeaders(status, 0);
      write(exchange, beginning);
      awaitEnd();
    };
  }

  private HttpFailure failure(HttpRequest.Builder request, Duration limit) {
    return catchThrowableOfType(HttpFailure.class, () -> calls.send(request, limit));
  }

  /** Ends the text of a failure with how far the request came. */
  private static final class Staged implements Refusals<HttpFailure> {
    @Override
    public Class<HttpFailure> type() {
      return HttpFailure.class;
    }

    @Override
    public Optional<RetryPolicy> policy(HttpFailure refusal) {
      return Optional.empty();
    }

    @Override
    public ServingException failure(String what, HttpFailure failure) {
      return new ServingException(
          "attic", ErrorKind.UNAVAILABLE, what + ": " + failure.stage(), failure);
    }
  }

  private List<String> pieces(HttpRequest.Builder request, Deadline deadline) {
    List<String> pieces = new ArrayList<>();
    handOn(request, deadline, piece -> pieces.add(UTF_8.decode(piece).toString()));
    return pieces;
  }

  private void handOn(
      HttpRequest.Builder request, Deadline deadline, Consumer<? super ByteBuffer> pieces) {
    HttpAnswer<Flow.Publisher<List<ByteBuffer>>> answer = calls.stream(request, deadline.left());
    calls.handOn("Invoke it", deadline, answer, new Staged(), pieces);
  }

  private static Deadline within(Duration limit) {
    return Deadline.after(limit, TimeSource.system());
  }

  @Test
  void anAnswerHasItsStatusHeadersAndBody() {
    HttpAnswer<byte[]> answer = calls.send(
        answeredBy(exchange -> {
              exchange
                  .getResponseHeaders()
                  .add("Served-By", exchange.getRequestHeaders().getFirst("To"));
              exchange.sendResponseHeaders(203, 0);
              write(exchange, "good");
            })
            .header("To", "green"),
        LONG);

    assertThat(answer.status()).isEqualTo(203);
    assertThat(answer.header("served-by", "nobody")).isEqualTo("green");
    assertThat(answer.header("Absent", "nobody")).isEqualTo("nobody");
    assertThat(answer.contentType()).isEqualTo("application/octet-stream");
    assertThat(answer.body()).isEqualTo("good".getBytes(UTF_8));
    assertThat(answer).hasToString("HttpAnswer[203]");
  }

  @Test
  void anErrorHasItsStatusHeadersAndBody() {
    HttpFailure failure = failure(
        answeredBy(exchange -> {
          exchange.getResponseHeaders().add("Served-By", "green");
          exchange.sendResponseHeaders(424, 0);
          write(exchange, " no such column\n");
        }),
        LONG);

    assertThat(failure.stage()).isEqualTo(Stage.ANSWERED);
    assertThat(failure.status()).isEqualTo(424);
    assertThat(failure.header("served-by", "")).isEqualTo("green");
    assertThat(failure.text()).isEqualTo("no such column");
    assertThat(failure).hasMessage("HTTP 424");
  }

  @ParameterizedTest
  @CsvSource({"7, PT7S", "'Wed, 21 Oct 2026 07:28:00 GMT',", "-1,", "'',"})
  void aPauseIsThatOfTheHeaderInSeconds(String header, Duration pause) {
    HttpFailure failure = failure(
        answeredBy(exchange -> {
          exchange.getResponseHeaders().add("Retry-After", header);
          exchange.sendResponseHeaders(429, -1);
        }),
        LONG);

    assertThat(failure.retryAfter()).isEqualTo(Optional.ofNullable(pause));
    assertThat(failure.text()).isEmpty();
  }

  @Test
  void anErrorWhoseBodyNeverEndsKeepsItsStatus() {
    HttpRequest.Builder request = answeredBy(neverEnding(429, "slow down"));

    for (HttpFailure failure : List.of(
        failure(request, ENOUGH_FOR_HEADERS),
        catchThrowableOfType(HttpFailure.class, () -> calls.stream(request, ENOUGH_FOR_HEADERS)))) {
      assertThat(failure.status()).isEqualTo(429);
      assertThat(failure.text()).isEqualTo("slow down");
    }
  }

  @Test
  void theBodyOfAnErrorIsKeptUpToALimitAndNotReadAnyFurther() {
    HttpRequest.Builder request = answeredBy(neverEnding(500, "e".repeat(100_000)));

    assertThat(failure(request, LONG).text()).hasSize(1 << 16);
    assertThat(catchThrowableOfType(HttpFailure.class, () -> calls.stream(request, LONG))
            .text())
        .hasSize(1 << 16);
  }

  @Test
  void aRedirectIsAnError() {
    HttpFailure failure = failure(
        answeredBy(exchange -> {
          exchange.getResponseHeaders().add("Location", "/elsewhere");
          exchange.sendResponseHeaders(307, -1);
        }),
        LONG);

    assertThat(failure.status()).isEqualTo(307);
    assertThat(requests).hasValue(1);
  }

  @Test
  void aHostThatIsNotThereGetsNothing() throws IOException {
    int port;
    try (ServerSocket unused = new ServerSocket(0)) {
      port = unused.getLocalPort();
    }

    HttpFailure failure = failure(post(port), LONG);

    assertThat(failure.stage()).isEqualTo(Stage.NOT_CONNECTED);
    assertThat(failure.status()).isZero();
    assertThat(failure.header("Retry-After", "none")).isEqualTo("none");
  }

  @Test
  void aRequestWhoseConnectionBreaksIsNotSentAgain() {
    HttpFailure failure = failure(answeredBy(HttpExchange::close), LONG);

    assertThat(failure.stage()).isEqualTo(Stage.BROKEN);
    assertThat(requests).hasValue(1);
  }

  @ParameterizedTest
  @MethodSource("slow")
  void theLimitIsThatOfHeadersAndBody(boolean hasBegun) {
    HttpFailure failure = failure(slow(hasBegun), SHORT);

    assertThat(failure.stage()).isEqualTo(Stage.OVERDUE);
    assertThat(requests).hasValue(1);
  }

  @Test
  void whatARequestNeedsHasTheSameLimit() {
    CompletableFuture<String> token = new CompletableFuture<>();

    assertThatThrownBy(() -> calls.await(token, SHORT))
        .isInstanceOfSatisfying(
            HttpFailure.class, e -> assertThat(e.stage()).isEqualTo(Stage.OVERDUE));
    assertThat(token).isCancelled();
    assertThat(calls.await(CompletableFuture.completedFuture("token"), LONG)).isEqualTo("token");
    assertThat(HttpFailure.notSent("there is no token", null).stage()).isEqualTo(Stage.NOT_SENT);
  }

  /** {@return requests whose answer has not begun, and those whose body has not ended} */
  static Stream<Arguments> slow() {
    return Stream.of(
        Arguments.argumentSet("before the headers", false),
        Arguments.argumentSet("within the body", true));
  }

  private HttpRequest.Builder slow(boolean hasBegun) {
    return answeredBy(hasBegun ? neverEnding(200, "so far") : exchange -> awaitEnd());
  }

  @ParameterizedTest
  @MethodSource("slow")
  void aThreadThatWaitsCanBeInterrupted(boolean hasBegun) {
    HttpRequest.Builder request = slow(hasBegun);
    Thread waiting = Thread.currentThread();
    threads.execute(() -> {
      await(arrived);
      waiting.interrupt();
    });

    HttpFailure failure = failure(request, LONG);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure.stage()).isEqualTo(Stage.INTERRUPTED);
  }

  @Test
  void aThreadThatIsInterruptedAlreadySendsNothing() {
    HttpRequest.Builder request = slow(true);
    Thread.currentThread().interrupt();

    HttpFailure failure = failure(request, LONG);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure.stage()).isEqualTo(Stage.INTERRUPTED);
    assertThat(requests).hasValue(0);
  }

  @ParameterizedTest
  @MethodSource("slow")
  void closingEndsARequestInProgressAndThoseAfterIt(boolean hasBegun) {
    HttpRequest.Builder request = slow(hasBegun);
    threads.execute(() -> {
      await(arrived);
      calls.close();
    });

    assertThat(failure(request, LONG).stage()).isEqualTo(Stage.CLOSED);
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    assertThat(failure(request, LONG).stage()).isEqualTo(Stage.CLOSED);
    assertThat(requests).hasValue(1);
  }

  @Test
  void closingEndsTheThreadThatWatchesTheLimits() throws InterruptedException {
    calls.send(answeredBy(exchange -> exchange.sendResponseHeaders(204, -1)), LONG);
    List<Thread> watching = Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("fairlead-http-limits"))
        .toList();
    assertThat(watching).isNotEmpty();

    calls.close();

    for (Thread thread : watching) {
      thread.join();
    }
  }

  @Test
  void closingEndsAStreamWhoseAnswerHasNotBegun() {
    HttpRequest.Builder request = slow(false);
    threads.execute(() -> {
      await(arrived);
      calls.close();
    });

    HttpFailure failure =
        catchThrowableOfType(HttpFailure.class, () -> calls.stream(request, LONG));

    assertThat(failure.stage()).isEqualTo(Stage.CLOSED);
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void piecesArriveWhileTheAnswerGoesOn() {
    CountDownLatch seen = new CountDownLatch(1);
    List<String> pieces = new ArrayList<>();

    handOn(
        answeredBy(exchange -> {
          exchange.sendResponseHeaders(200, 0);
          write(exchange, "one");
          await(seen);
          write(exchange, "two");
        }),
        within(LONG),
        piece -> {
          pieces.add(UTF_8.decode(piece).toString());
          seen.countDown();
        });

    assertThat(pieces).containsExactly("one", "two");
  }

  @Test
  void anAnswerWithoutABodyHasNoPieces() {
    assertThat(pieces(answeredBy(exchange -> exchange.sendResponseHeaders(204, -1)), within(LONG)))
        .isEmpty();
  }

  @Test
  void anAnswerThatBreaksOffSaysAfterWhichPiece() {
    HttpRequest.Builder request = answeredBy(exchange -> {
      exchange.sendResponseHeaders(200, 100);
      write(exchange, "one");
      exchange.close();
    });

    assertThatThrownBy(() -> pieces(request, within(LONG)))
        .isInstanceOf(ServingException.class)
        .hasMessage("Invoke it (piece 2): BROKEN");
    assertThat(requests).hasValue(1);
  }

  @Test
  void theLimitIsThatOfAllPieces() {
    HttpRequest.Builder request = answeredBy(neverEnding(200, "one"));

    assertThatThrownBy(() -> pieces(request, within(ENOUGH_FOR_HEADERS)))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT))
        .hasMessageContaining("after 1 piece");
  }

  @Test
  void whatTheConsumerThrowsEndsTheAnswer() {
    HttpRequest.Builder request = answeredBy(neverEnding(200, "one"));
    IllegalStateException full = new IllegalStateException("full");

    assertThatThrownBy(() -> handOn(request, within(LONG), piece -> {
          throw full;
        }))
        .isSameAs(full);
  }

  @Test
  void closingEndsAStreamingAnswer() {
    HttpRequest.Builder request = answeredBy(neverEnding(200, "one"));

    assertThatThrownBy(() -> handOn(request, within(LONG), piece -> calls.close()))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED))
        .hasMessageContaining("closed");
  }
}
