package io.fairlead.sagemaker.internal;

import static io.fairlead.sagemaker.internal.ScriptedServer.ENDPOINT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.provider.TimeSource;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.SageMakerRequest;
import io.fairlead.sagemaker.SageMakerResponse;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;

@Timeout(60)
class SageMakerStreamingTest {
  private static final Request REQUEST = Request.json("{\"secret\":\"payload\"}");

  private final ScriptedServer server = new ScriptedServer();
  private final VirtualTime pauses = new VirtualTime();
  private final SageMakerConfig config = server.config();
  private final SageMakerClients clients = new SageMakerClients(config);
  private final SageMakerErrors errors = new SageMakerErrors(config);
  private final SageMakerStreaming streaming = streaming(config, TimeSource.system());
  private final List<String> pieces = new ArrayList<>();

  private SageMakerStreaming streaming(SageMakerConfig where, TimeSource time) {
    return new SageMakerStreaming(
        where,
        clients,
        new RefusedCalls(SageMakerProvider.ID, pauses, new Random(1)),
        errors,
        time);
  }

  @AfterEach
  void close() {
    streaming.close();
    clients.close();
    server.close();
  }

  private Response invoke(Request request) {
    return streaming.invoke(ENDPOINT, request, piece -> pieces.add(text(piece)));
  }

  private ServingException failure(Request request) {
    return catchThrowableOfType(ServingException.class, () -> invoke(request));
  }

  private static String text(ByteBuffer piece) {
    return UTF_8.decode(piece).toString();
  }

  // ---- the stream as AWS frames it ----

  private static OutputStream begin(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/vnd.amazon.eventstream");
    exchange.getResponseHeaders().set("X-Amzn-SageMaker-Content-Type", "text/plain");
    exchange.getResponseHeaders().set("x-Amzn-Invoked-Production-Variant", "blue");
    exchange.getResponseHeaders().set("X-Amzn-SageMaker-Custom-Attributes", "trace=7");
    exchange.sendResponseHeaders(200, 0);
    return exchange.getResponseBody();
  }

  private static void send(OutputStream out, String payload, String... headers) throws IOException {
    Map<String, HeaderValue> values = new LinkedHashMap<>();
    for (int i = 0; i < headers.length; i += 2) {
      values.put(headers[i], HeaderValue.fromString(headers[i + 1]));
    }
    out.write(new Message(values, payload.getBytes(UTF_8)).toByteBuffer().array());
    out.flush();
  }

  private static void piece(OutputStream out, String payload) throws IOException {
    send(
        out,
        payload,
        ":message-type",
        "event",
        ":event-type",
        "PayloadPart",
        ":content-type",
        "application/octet-stream");
  }

  private static void exception(OutputStream out, String type, String payload) throws IOException {
    send(
        out,
        payload,
        ":message-type",
        "exception",
        ":exception-type",
        type,
        ":content-type",
        "application/json");
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException("nothing came within 30 seconds");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- tests ----

  @Test
  void eachPieceIsHandedOnAsItComesOnTheCallersThread() {
    CountDownLatch first = new CountDownLatch(1);
    server.then(exchange -> {
      try (OutputStream out = begin(exchange)) {
        piece(out, "one");
        await(first);
        piece(out, "two");
        piece(out, "three");
      }
    });
    Thread caller = Thread.currentThread();

    Response answer = streaming.invoke(ENDPOINT, REQUEST, piece -> {
      assertThat(Thread.currentThread()).isSameAs(caller);
      pieces.add(text(piece));
      first.countDown();
    });

    assertThat(pieces).containsExactly("one", "two", "three");
    assertThat(answer)
        .isEqualTo(Response.of(new byte[0], "text/plain")
            .servedBy("blue")
            .with(
                new SageMakerResponse(Optional.empty(), Optional.empty(), Optional.of("trace=7"))));
    ScriptedServer.Asked asked = server.asked().get(0);
    assertThat(asked.path()).isEqualTo("/endpoints/churn/invocations-response-stream");
    assertThat(UTF_8.decode(asked.body()).toString()).isEqualTo(REQUEST.text());
  }

  @Test
  void aPinnedVariantAndOptionsAreHeaders() {
    server.then(exchange -> begin(exchange).close());

    invoke(REQUEST
        .pinnedTo("green")
        .with(SageMakerRequest.DEFAULT
            .withInferenceComponent("component")
            .withSessionId("abc-1")
            .withInferenceId("my request")
            .withCustomAttributes("trace=7")
            .withAccept("text/csv")));

    ScriptedServer.Asked asked = server.asked().get(0);
    assertThat(asked.header("X-Amzn-SageMaker-Target-Variant")).isEqualTo("green");
    assertThat(asked.header("X-Amzn-SageMaker-Inference-Component")).isEqualTo("component");
    assertThat(asked.header("X-Amzn-SageMaker-Session-Id")).isEqualTo("abc-1");
    assertThat(asked.header("X-Amzn-SageMaker-Inference-Id")).isEqualTo("my request");
    assertThat(asked.header("X-Amzn-SageMaker-Custom-Attributes")).isEqualTo("trace=7");
    assertThat(asked.header("X-Amzn-SageMaker-Accept")).isEqualTo("text/csv");
    assertThat(pieces).isEmpty();
  }

  @Test
  void whatStreamsCannotHaveIsRefusedBeforeAnyCall() {
    assertThatThrownBy(() -> invoke(REQUEST.with(SageMakerRequest.DEFAULT
            .withTargetModel("one.tar.gz")
            .withSessionId(SageMakerRequest.NEW_SESSION))))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("targetModel")
        .hasMessageContaining("sessionId");
    assertThatThrownBy(() -> invoke(Request.of(new byte[SageMakerInvoker.LARGEST_BODY + 1], "a/b")))
        .isInstanceOf(InvalidValueException.class);
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void manyPiecesOfASlowConsumerAllCome() {
    int count = 2000;
    server.then(exchange -> {
      try (OutputStream out = begin(exchange)) {
        for (int i = 0; i < count; i++) {
          piece(out, i + " ".repeat(1000));
        }
      }
    });

    streaming.invoke(ENDPOINT, REQUEST, piece -> {
      LockSupport.parkNanos(50_000);
      pieces.add(text(piece).strip());
    });

    assertThat(pieces)
        .isEqualTo(IntStream.range(0, count).mapToObj(Integer::toString).toList());
  }

  /** Often, because the SDK tells of it on several threads. */
  @RepeatedTest(30)
  void aModelThatFailsInTheMiddleIsToldWithItsCode() {
    server.then(exchange -> {
      try (OutputStream out = begin(exchange)) {
        piece(out, "one");
        exception(
            out,
            "ModelStreamError",
            "{\"ErrorCode\":\"ModelInvocationTimeExceeded\",\"Message\":\"it took too long\"}");
      }
    });

    ServingException failure = failure(REQUEST);

    assertThat(pieces).containsExactly("one");
    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure)
        .hasMessageContaining("(piece 2)")
        .hasMessageContaining("ModelInvocationTimeExceeded")
        .hasMessageContaining("it took too long");
    assertThat(server.asked()).hasSize(1);
  }

  /** Often, because the SDK tells of it on several threads. */
  @RepeatedTest(30)
  void aServiceThatFailsInTheMiddleIsUnavailable() {
    server.then(exchange -> {
      try (OutputStream out = begin(exchange)) {
        piece(out, "one");
        exception(out, "InternalStreamFailure", "{\"Message\":\"something\"}");
      }
    });

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure).hasMessageContaining("something");
    assertThat(server.asked()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anAnswerThatIsCutOffIsUnavailableAndNotAskedForAgain(boolean withinAPiece)
      throws IOException {
    ByteArrayOutputStream sent = new ByteArrayOutputStream();
    piece(sent, "one");
    int whole = sent.size();
    piece(sent, "two");
    int length = withinAPiece ? whole + 10 : whole;
    try (ServerSocket socket = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      AtomicInteger connections = new AtomicInteger();
      Thread server = new Thread(() -> {
        while (!socket.isClosed()) {
          try (Socket connection = socket.accept()) {
            connections.incrementAndGet();
            BufferedReader lines =
                new BufferedReader(new InputStreamReader(connection.getInputStream(), UTF_8));
            for (String line = lines.readLine(); !line.isEmpty(); line = lines.readLine()) {}
            for (int i = 0; i < REQUEST.text().length(); i++) {
              lines.read();
            }
            OutputStream out = connection.getOutputStream();
            out.write(("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(length)
                    + "\r\n")
                .getBytes(UTF_8));
            out.write(sent.toByteArray(), 0, length);
            out.write("\r\n".getBytes(UTF_8));
            // The chunk that says that it is over does not come.
          } catch (IOException e) {
            // It is asked no longer.
          }
        }
      });
      server.start();
      SageMakerConfig there =
          config.withEndpoint(URI.create("http://127.0.0.1:" + socket.getLocalPort()));
      try (SageMakerStreaming cut = streaming(there, TimeSource.system())) {
        assertThatThrownBy(() -> cut.invoke(ENDPOINT, REQUEST, piece -> pieces.add(text(piece))))
            .isInstanceOfSatisfying(
                ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE));
      }
      assertThat(connections).hasValue(1);
    }
  }

  @Test
  void aRefusalBeforeTheFirstPieceIsTriedAgain() {
    server
        .then(
            429,
            Map.of(
                "Content-Type", "application/json", "x-amzn-errortype", "ModelNotReadyException"),
            "{\"Message\":\"not ready\"}")
        .then(exchange -> {
          try (OutputStream out = begin(exchange)) {
            piece(out, "one");
          }
        });

    invoke(REQUEST);

    assertThat(pieces).containsExactly("one");
    assertThat(server.asked()).hasSize(2);
    assertThat(pauses.pauses()).isEqualTo(1);
  }

  @Test
  void aModelThatAnswersWithAnErrorIsToldAsWithInvoke() {
    server.then(
        424,
        Map.of("Content-Type", "application/json", "x-amzn-errortype", "ModelError"),
        "{\"Message\":\"from primary\",\"OriginalStatusCode\":500,\"OriginalMessage\":\"boom\","
            + "\"LogStreamArn\":\"arn:aws:logs:log-1\"}");

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure)
        .hasMessageContaining("status 500")
        .hasMessageContaining("boom")
        .hasMessageContaining("arn:aws:logs:log-1");
  }

  @Test
  void theTimeoutHoldsForTheWholeAnswer() {
    CountDownLatch gone = new CountDownLatch(1);
    server.then(exchange -> {
      try (OutputStream out = begin(exchange)) {
        piece(out, "one");
        await(gone);
      }
    });

    ServingException failure = failure(REQUEST.withTimeout(Duration.ofMillis(1500)));

    gone.countDown();
    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(pieces).containsExactly("one");
    assertThat(server.asked()).hasSize(1);
  }

  @Test
  void theTimeoutHoldsForAModelThatDoesNotBegin() {
    CountDownLatch gone = new CountDownLatch(1);
    server.then(exchange -> {
      await(gone);
      exchange.close();
    });

    ServingException failure = failure(REQUEST.withTimeout(Duration.ofMillis(300)));

    gone.countDown();
    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(server.asked()).hasSize(1);
  }

  @Test
  void theTimeThatTheConsumerTakesCounts() {
    server.then(exchange -> {
      try (OutputStream out = begin(exchange)) {
        piece(out, "one");
        piece(out, "two");
      }
    });
    VirtualTime time = new VirtualTime();

    try (SageMakerStreaming timed = streaming(config, time)) {
      assertThatThrownBy(() -> timed.invoke(ENDPOINT, REQUEST, piece -> {
            pieces.add(text(piece));
            time.pass(Duration.ofMinutes(2));
          }))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
    }
    assertThat(pieces).containsExactly("one");
  }

  @Test
  void aConsumerThatThrowsEndsTheAnswerAndItsConnection() {
    CountDownLatch cut = new CountDownLatch(1);
    server.then(exchange -> {
      try (OutputStream out = begin(exchange)) {
        while (true) {
          piece(out, " ".repeat(100_000));
        }
      } catch (IOException e) {
        cut.countDown();
        throw e;
      }
    });
    IllegalStateException enough = new IllegalStateException("enough");

    assertThatThrownBy(() -> streaming.invoke(ENDPOINT, REQUEST, piece -> {
          throw enough;
        }))
        .isSameAs(enough);
    await(cut);
  }

  @Test
  void anInterruptEndsIt() {
    CountDownLatch gone = new CountDownLatch(1);
    server.then(exchange -> {
      try (OutputStream out = begin(exchange)) {
        piece(out, "one");
        await(gone);
      }
    });

    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () ->
            streaming.invoke(ENDPOINT, REQUEST, piece -> Thread.currentThread().interrupt()));

    gone.countDown();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
  }

  @Test
  void noFailureShowsWhatWasAsked() {
    server.then(exchange -> {
      try (OutputStream out = begin(exchange)) {
        exception(out, "InternalStreamFailure", "{\"Message\":\"something\"}");
      }
    });

    ServingException failure =
        failure(REQUEST.with(SageMakerRequest.DEFAULT.withCustomAttributes("confidential")));

    for (Throwable each = failure; each != null; each = each.getCause()) {
      assertThat(each.toString()).doesNotContain("payload").doesNotContain("confidential");
    }
  }

  @Test
  void noThreadIsLeftWhenItIsClosed() throws InterruptedException {
    server.then(exchange -> {
      try (OutputStream out = begin(exchange)) {
        piece(out, "one");
      }
    });
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    SageMakerClients ownClients = new SageMakerClients(config);
    SageMakerStreaming own = new SageMakerStreaming(
        config,
        ownClients,
        new RefusedCalls(SageMakerProvider.ID, pauses, new Random(1)),
        errors,
        TimeSource.system());
    own.invoke(ENDPOINT, REQUEST, piece -> pieces.add(text(piece)));
    long begin = System.nanoTime();

    own.close();
    ownClients.close();

    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(2));
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      // The server's own go later.
      if (!before.contains(thread) && !thread.getName().startsWith("pool-")) {
        thread.join(5000);
        assertThat(thread.isAlive()).as(thread.getName()).isFalse();
      }
    }
    assertThat(pieces).containsExactly("one");
  }
}
