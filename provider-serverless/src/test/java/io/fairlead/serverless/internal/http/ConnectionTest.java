package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Closed;
import io.fairlead.serverless.HttpSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients do wrong, or slowly, or not at all: on bare sockets. */
@Timeout(30)
final class ConnectionTest {
  private static final String TOKEN = "0123456789abcdef";
  private static final HttpSettings SETTINGS = HttpSettings.DEFAULT.withMaxBodyBytes(1000);
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final Duration LONG = Duration.ofMinutes(5);

  private final LatchedFunction waiting = new LatchedFunction("waiting");
  private final EngineFunctions functions = new EngineFunctions(Map.of());
  private final List<AutoCloseable> opened = new ArrayList<>();

  ConnectionTest() {
    functions.put(waiting);
    functions.put(new LatchedFunction("echo") {
      @Override
      public CompletableFuture<Response> invoke(Request request) {
        return CompletableFuture.completedFuture(
            Response.of(request.body(), request.contentType()));
      }
    });
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : opened) {
      one.close();
    }
    functions.close();
  }

  // Requests that are none, or have two meanings.

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense\r\n\r\n",
        "GET /v2\r\n\r\n",
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "POST /v2/models/echo HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /v2/models/echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n123456",
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5, 6\r\n\r\n123456",
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n123456",
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: +5\r\n\r\n123456",
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length : 5\r\n\r\n12345",
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /v2 HTTP/1.1\nHost: localhost\n\n",
        "GET /v2 HTTP/1.1\r\n\r\n",
        "GET /v2 HTTP/1.1\r\nHost: localhost\r\nHost: other\r\n\r\n",
        "GET /v2/models/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
      })
  void aRequestWithoutOneMeaningIsRefused(String request) throws IOException {
    Client client = connect(start(SETTINGS));

    client.send(request);

    assertThat(client.answer()).startsWith("HTTP/1.1 400 ").contains("{\"error\":");
  }

  @Test
  void nothingIsReadAfterARequestWithoutOneMeaning() throws IOException {
    Client client = connect(start(SETTINGS));

    client.send("POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get("/v2/health/live"));

    assertThat(client.rest()).startsWith("HTTP/1.1 400 ").doesNotContain("HTTP/1.1 200");
  }

  @Test
  void anotherVersionIsRefused() throws IOException {
    Client client = connect(start(SETTINGS));

    client.send("GET /v2 HTTP/2.0\r\nHost: localhost\r\n\r\n");

    assertThat(client.answer()).startsWith("HTTP/1.1 505 ");
  }

  @Test
  void longLinesAndHeadersAreRefused() throws IOException {
    HttpFront front = start(SETTINGS);
    Client line = connect(front);
    Client headers = connect(front);

    line.send("GET /" + "a".repeat(5000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    headers.send("GET /v2 HTTP/1.1\r\nHost: localhost\r\n"
        + ("A: " + "b".repeat(1000) + "\r\n").repeat(17) + "\r\n");

    assertThat(line.answer()).startsWith("HTTP/1.1 414 ");
    assertThat(headers.answer()).startsWith("HTTP/1.1 431 ");
  }

  /** Even the sentence about a failure may not be had, such as for want of memory. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aResponseThatCannotBeSentClosesTheConnection(boolean later) throws Exception {
    CompletionException failure = new CompletionException(new IllegalStateException()) {
      @Override
      public synchronized Throwable getCause() {
        throw new OutOfMemoryError("no more");
      }
    };
    CompletableFuture<Response> broken = new CompletableFuture<>();
    functions.put(new LatchedFunction("broken") {
      @Override
      public CompletableFuture<Response> invoke(Request request) {
        return broken;
      }
    });
    Client client = connect(start(SETTINGS));
    if (!later) {
      broken.completeExceptionally(failure);
    }

    client.send(post("/v2/models/broken", 1) + "a");
    broken.completeExceptionally(failure);

    assertThat(client.rest()).isEmpty();
  }

  @Test
  void anErrorInPlaceOfAResponseIsAnsweredToo() throws Exception {
    Client client = connect(start(SETTINGS));

    client.send(post("/v2/models/waiting", 1) + "a");
    waiting.waiting.take().completeExceptionally(new OutOfMemoryError("no more"));

    assertThat(client.answer()).startsWith("HTTP/1.1 500 ").doesNotContain("no more");
  }

  @Test
  void aFunctionThatNeverRespondsLosesItsConnectionOnceItsTimeIsOver() throws Exception {
    functions.put(new LatchedFunction("silent") {
      @Override
      public Duration timeout() {
        return SHORT;
      }
    });
    Client client = connect(start(SETTINGS.withTransferTime(SHORT)));

    client.send(post("/v2/models/silent", 1) + "a");

    assertThat(client.rest()).isEmpty();
  }

  @Test
  void aTargetWithSchemeAndHostIsTakenAsAProxySendsIt() throws IOException {
    Client client = connect(start(SETTINGS));

    client.send("GET http://localhost/v2/health/live?a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertThat(client.answer()).startsWith("HTTP/1.1 200 ");

    client.send("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertThat(client.answer()).startsWith("HTTP/1.1 204 ").contains("allow: ");
  }

  // Bodies.

  @Test
  void aBodyOfTheLongestLengthIsTakenInPartsAndChunks() throws IOException {
    Client client = connect(start(SETTINGS));

    client.send(post("/v2/models/echo", 1000) + "a".repeat(400));
    client.send("b".repeat(600));
    assertThat(client.answer()).endsWith("a".repeat(400) + "b".repeat(600));

    client.send(
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("1f4\r\n" + "c".repeat(500) + "\r\n");
    client.send("1f4\r\n" + "d".repeat(500) + "\r\n0\r\n\r\n");
    assertThat(client.answer()).endsWith("c".repeat(500) + "d".repeat(500));
  }

  @Test
  void aLongerBodyIsRefusedBeforeItIsSent() throws IOException {
    Client client = connect(start(SETTINGS));

    client.send(post("/v2/models/echo", 1001));

    assertThat(client.rest()).startsWith("HTTP/1.1 413 ").contains("connection: close");
  }

  @Test
  void aLongerBodyInChunksIsRefusedWhenItGetsTooLong() throws IOException {
    Client client = connect(start(SETTINGS));

    client.send(
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("3e8\r\n" + "c".repeat(1000) + "\r\n1\r\nd\r\n");

    assertThat(client.rest()).startsWith("HTTP/1.1 413 ").containsOnlyOnce("HTTP/1.1");
  }

  @Test
  void theAnswerToALongBodyReachesAClientThatIsStillSending() throws IOException {
    Client client = connect(start(SETTINGS));
    client.send(post("/v2/models/echo", 50_000_000));

    for (int i = 0; i < 50; i++) {
      client.send("x".repeat(100_000));
    }

    assertThat(client.answer()).startsWith("HTTP/1.1 413 ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "deflate"})
  void aCompressedBodyIsTakenByteByByteAndOneAfterTheOther(String coding) throws IOException {
    Client client = connect(start(SETTINGS));
    for (String body : List.of("a".repeat(1000), "", "b")) {
      byte[] compressed = compressed(coding, body.getBytes(ISO_8859_1));
      client.send(post("/v2/models/echo", compressed.length, "Content-Encoding: " + coding));
      for (byte one : compressed) {
        client.send(new byte[] {one});
      }
      String answer = client.answer();
      assertThat(answer).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\n" + body);
    }
  }

  @Test
  void aGzipBodyMayHaveEveryFieldOfItsHeaderAndSeveralMembers() throws IOException {
    byte[] plain = compressed("gzip", "first, ".getBytes(ISO_8859_1));
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(plain, 0, 3);
    all.write(2 + 4 + 8 + 16);
    all.write(plain, 4, 6);
    all.writeBytes(new byte[] {3, 0, 1, 2, 3});
    all.writeBytes("name\0comment\0".getBytes(ISO_8859_1));
    all.writeBytes(new byte[] {0, 0});
    all.write(plain, 10, plain.length - 10);
    all.writeBytes(compressed("gzip", "second".getBytes(ISO_8859_1)));
    Client client = connect(start(SETTINGS));

    client.send(post("/v2/models/echo", all.size(), "Content-Encoding: gzip"));
    client.send(all.toByteArray());

    assertThat(client.answer()).startsWith("HTTP/1.1 200 ").endsWith("first, second");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "deflate"})
  void aBodyThatWouldBeTooLongWhenItIsDecompressedIsRefusedBeforeItHasArrived(String coding)
      throws IOException {
    HttpSettings large = HttpSettings.DEFAULT.withMaxBodyBytes(2_000_000);
    byte[] bomb = compressed(coding, new byte[10_000_000]);
    assertThat(bomb.length).isBetween(5_000, 20_000);
    Client client = connect(start(large));
    client.send(post("/v2/models/echo", bomb.length, "Content-Encoding: " + coding));

    client.send(Arrays.copyOf(bomb, 5_000));

    assertThat(client.answer())
        .startsWith("HTTP/1.1 413 ")
        .contains("longer than 2000000 bytes when it is decompressed");
  }

  @Test
  void aCompressedBodyThatBecomesNothingMayNotBeEndlessEither() throws IOException {
    Client client = connect(start(SETTINGS));
    client.send(
        "POST /v2/models/echo HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\n");
    // Stored blocks of no bytes.
    client.send("2\r\nx\u009c\r\n");
    for (int i = 0; i < 200; i++) {
      client.send("5\r\n\0\0\0\u00ff\u00ff\r\n");
    }

    assertThat(client.answer()).startsWith("HTTP/1.1 413 ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "deflate"})
  void aBodyThatIsNotCompressedAsItSaysIsRefused(String coding) throws IOException {
    byte[] right = compressed(coding, "hello, hello, hello".getBytes(ISO_8859_1));
    byte[] changed = right.clone();
    changed[right.length - (coding.equals("gzip") ? 8 : 1)] ^= 1;
    Map<String, byte[]> wrong = new LinkedHashMap<>();
    wrong.put("ends too early", Arrays.copyOf(right, right.length - 1));
    wrong.put("not correct " + coding, changed);
    wrong.put("says it is", "{\"inputs\": []}".getBytes(ISO_8859_1));
    wrong.put("says it is: ", Arrays.copyOf(right, right.length + 1));
    HttpFront front = start(SETTINGS);
    wrong.forEach((why, body) -> {
      try (Client client = connect(front)) {
        client.send(post("/v2/models/echo", body.length, "Content-Encoding: " + coding));
        client.send(body);

        assertThat(client.answer()).startsWith("HTTP/1.1 400 ").contains(why);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
  }

  private static byte[] compressed(String coding, byte[] body) throws IOException {
    ByteArrayOutputStream into = new ByteArrayOutputStream();
    try (OutputStream out =
        coding.equals("gzip") ? new GZIPOutputStream(into) : new DeflaterOutputStream(into)) {
      out.write(body);
    }
    return into.toByteArray();
  }

  @Test
  void aClientMayAskBeforeItSendsABody() throws IOException {
    HttpFront front = start(SETTINGS);
    Client good = connect(front);
    Client tooLong = connect(front);
    Client unknown = connect(front);

    good.send(post("/v2/models/echo", 3, "Expect: 100-continue"));
    assertThat(good.answer()).startsWith("HTTP/1.1 100 ");
    good.send("abc");
    assertThat(good.answer()).startsWith("HTTP/1.1 200 ").endsWith("abc");

    tooLong.send(post("/v2/models/echo", 1001, "Expect: 100-continue"));
    assertThat(tooLong.rest()).startsWith("HTTP/1.1 413 ");
    unknown.send(post("/v2/models/nobody", 3, "Expect: 100-continue"));
    assertThat(unknown.rest()).startsWith("HTTP/1.1 404 ");
  }

  @Test
  void anotherExpectationIsRefused() throws IOException {
    Client client = connect(start(SETTINGS));

    client.send(post("/v2/models/echo", 3, "Expect: miracles"));

    assertThat(client.rest()).startsWith("HTTP/1.1 417 ");
  }

  @Test
  void theBodyOfARefusedRequestIsSkippedAndTheConnectionGoesOn() throws IOException {
    Client client = connect(start(SETTINGS));

    client.send(post("/v2/models/nobody", 5) + "12345" + get("/v2/health/live"));

    assertThat(client.answer()).startsWith("HTTP/1.1 404 ");
    assertThat(client.answer()).startsWith("HTTP/1.1 200 ");
  }

  // Connections.

  @Test
  void pipelinedRequestsAreAnsweredInTheirOrder() throws Exception {
    Client client = connect(start(SETTINGS));
    StringBuilder requests = new StringBuilder(post("/v2/models/waiting", 0));
    for (int i = 0; i < 2000; i++) {
      requests.append(post("/v2/models/echo", 4)).append(String.format("%04d", i));
    }

    CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
      try {
        client.send(requests.toString());
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    });
    waiting.waiting.take().complete(Response.of("first".getBytes(ISO_8859_1), "text/plain"));

    assertThat(client.answer()).endsWith("first");
    for (int i = 0; i < 2000; i++) {
      assertThat(client.answer()).endsWith(String.format("%04d", i));
    }
    sending.get(10, SECONDS);
  }

  @Test
  void aLongRequestBehindOneThatIsAtWorkWaitsToBeRead() throws Exception {
    Client client = connect(start(SETTINGS.withMaxBodyBytes(20_000_000)));
    client.send(post("/v2/models/waiting", 0));
    CompletableFuture<Response> work = waiting.waiting.take();

    CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
      try {
        client.send(post("/v2/models/echo", 20_000_000) + "y".repeat(20_000_000));
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    });
    // More than the sockets' buffers hold, so that it ends only when it is read.
    assertThatThrownBy(() -> sending.get(300, MILLISECONDS)).isInstanceOf(TimeoutException.class);
    work.complete(Response.json("{}"));

    assertThat(client.answer()).endsWith("{}");
    assertThat(client.answer()).endsWith("\r\n\r\n" + "y".repeat(20_000_000));
    sending.get(10, SECONDS);
  }

  @Test
  void aFunctionThatAnswersNothingIsAFailure() throws Exception {
    Client client = connect(start(SETTINGS));
    client.send(post("/v2/models/waiting", 0));

    waiting.waiting.take().complete(null);

    assertThat(client.answer()).startsWith("HTTP/1.1 500 ").contains("Function 'waiting' failed");
  }

  @Test
  void anOldClientIsClosedUnlessItAsksToStay() throws IOException {
    HttpFront front = start(SETTINGS);
    Client goes = connect(front);
    Client stays = connect(front);

    goes.send("GET /v2/health/live HTTP/1.0\r\n\r\n");
    assertThat(goes.rest()).startsWith("HTTP/1.1 200 ").contains("connection: close");

    stays.send("GET /v2/health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assertThat(stays.answer()).contains("connection: keep-alive");
    stays.send("GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assertThat(stays.rest()).startsWith("HTTP/1.1 200 ").contains("connection: close");
  }

  @Test
  void tooManyConnectionsAreRefusedUntilOneGoes() throws Exception {
    HttpFront front = start(SETTINGS.withMaxConnections(1));
    Client first = connect(front);
    first.send(get("/v2/health/live"));
    assertThat(first.answer()).startsWith("HTTP/1.1 200 ");

    assertThat(connect(front).rest())
        .startsWith("HTTP/1.1 503 ")
        .contains("retry-after: 1", "There are 1 connections");

    first.send(post("/v2/models/waiting", 0));
    CompletableFuture<Response> work = waiting.waiting.take();
    first.close();
    // Its work is cancelled when it has been counted out.
    assertThatThrownBy(() -> work.get(10, SECONDS)).isInstanceOf(CancellationException.class);
    Client second = connect(front);
    second.send(get("/v2/health/live"));
    assertThat(second.answer()).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void theWorkOfAClientThatGoesIsCancelled() throws Exception {
    Client client = connect(start(SETTINGS));
    client.send(post("/v2/models/waiting", 0));
    CompletableFuture<Response> work = waiting.waiting.take();

    client.close();

    assertThatThrownBy(() -> work.get(10, SECONDS)).isInstanceOf(CancellationException.class);
  }

  // Time.

  @Test
  void aClientThatDribblesItsHeadersIsClosed() throws IOException {
    Client client = connect(start(SETTINGS.withTransferTime(SHORT).withIdleTime(LONG)));
    client.send("GET /v2 HTTP/1.1\r\nHo");

    assertThat(client.rest()).isEmpty();
  }

  @Test
  void aClientThatDribblesItsHeadersInItsSecondRequestIsClosed() throws IOException {
    Client client = connect(start(SETTINGS.withTransferTime(SHORT).withIdleTime(LONG)));
    client.send(get("/v2/health/live"));
    assertThat(client.answer()).startsWith("HTTP/1.1 200 ");

    client.send("GET /v2 HTTP/1.1\r\nHo");

    assertThat(client.rest()).isEmpty();
  }

  @Test
  void aClientThatNeverEndsItsBodyIsToldSo() throws IOException {
    Client client = connect(start(SETTINGS.withTransferTime(SHORT).withIdleTime(LONG)));
    client.send(post("/v2/models/echo", 10) + "a");

    assertThat(client.rest()).startsWith("HTTP/1.1 408 ");
  }

  @Test
  void aClientThatSaysNothingIsClosed() throws IOException {
    assertThat(
            connect(start(SETTINGS.withTransferTime(SHORT).withIdleTime(LONG))).rest())
        .isEmpty();
  }

  @Test
  void anIdleConnectionIsClosed() throws IOException {
    Client client = connect(start(SETTINGS.withTransferTime(LONG).withIdleTime(SHORT)));
    client.send(get("/v2/health/live"));
    assertThat(client.answer()).startsWith("HTTP/1.1 200 ");

    assertThat(client.rest()).isEmpty();
  }

  @Test
  void aClientThatDoesNotTakeItsAnswerIsClosed() throws Exception {
    LatchedFunction large = new LatchedFunction("large") {
      @Override
      Response answer() {
        return Response.of(new byte[50_000_000], "application/octet-stream");
      }
    };
    functions.put(large);
    Client client = connect(start(SETTINGS.withTransferTime(SHORT).withIdleTime(LONG)));
    client.send(post("/v2/models/large", 0) + post("/v2/models/waiting", 0));

    // Whoever reads nothing learns of the close by what it can no longer send.
    assertThatThrownBy(() -> {
          while (true) {
            client.send(get("/v2"));
          }
        })
        .isInstanceOf(SocketException.class);
    assertThat(waiting.waiting).isEmpty();
  }

  @Test
  void workIsNotHurriedByTheTimesOfTheConnection() throws Exception {
    Client client = connect(start(
        SETTINGS.withTransferTime(Duration.ofMillis(20)).withIdleTime(Duration.ofMillis(20))));
    client.send(post("/v2/models/waiting", 0));
    CompletableFuture<Response> work = waiting.waiting.take();
    Client other = connect(start(SETTINGS.withTransferTime(SHORT).withIdleTime(LONG)));

    // By when the other has been found slow, this one would have been, too.
    assertThat(other.rest()).isEmpty();
    work.complete(Response.json("{}"));

    assertThat(client.answer()).endsWith("{}");
  }

  // Who may.

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X: 1",
        "Authorization: Bearer",
        "Authorization: Bearer 0123456789abcdeX",
        "Authorization: Bearer 0123456789abcde",
        "Authorization: Basic 0123456789abcdef",
        "Authorization: 0123456789abcdef"
      })
  void withoutTheTokenOnlyHealthIsAnswered(String header) throws IOException {
    Client client = connect(start(SETTINGS.withToken(TOKEN)));

    for (String path : List.of("/v2", "/v2/models/echo", "/nothing", "/v2/models/nobody")) {
      client.send(get(path, header));
      assertThat(client.answer())
          .startsWith("HTTP/1.1 401 ")
          .contains("www-authenticate: Bearer")
          .doesNotContain(TOKEN);
    }
    for (String path : List.of("/v2/health/live", "/v2/health/ready", "/ping")) {
      client.send(get(path, header));
      assertThat(client.answer()).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void withTheTokenAllIsAnsweredWhateverTheHost() throws IOException {
    Client client = connect(start(SETTINGS.withToken(TOKEN)));

    client.send(
        "POST /v2/models/echo HTTP/1.1\r\nHost: models.example.com\r\nOrigin: https://example.com\r\n"
            + "authorization: bearer " + TOKEN + "\r\nContent-Length: 1\r\n\r\nx");

    assertThat(client.answer()).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void pagesInABrowserCannotRunFunctions() throws IOException {
    Client client = connect(start(SETTINGS));

    client.send("POST /v2/models/echo HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n");
    assertThat(client.answer()).startsWith("HTTP/1.1 421 ");
    client.send(post("/v2/models/echo", 0, "Origin: http://evil.example"));
    assertThat(client.answer()).startsWith("HTTP/1.1 403 ");
    client.send(post("/v2/models/echo", 0, "Origin: null"));
    assertThat(client.answer()).startsWith("HTTP/1.1 403 ");
    client.send(post("/v2/models/echo", 0, "Origin: http://localhost:3000"));
    assertThat(client.answer()).startsWith("HTTP/1.1 200 ");
    for (String host : List.of("127.0.0.1:80", "[::1]:80", "[::1]", "LOCALHOST")) {
      client.send("GET /v2 HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
      assertThat(client.answer()).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void openWithoutATokenAnyHostIsAnswered() throws IOException {
    Client client = connect(start(SETTINGS.withOpenWithoutToken(true).withAddress("0.0.0.0", 0)));

    client.send("GET /v2 HTTP/1.1\r\nHost: container:8080\r\n\r\n");

    assertThat(client.answer()).startsWith("HTTP/1.1 200 ");
  }

  // Beginning and end.

  @Test
  void aPortInUseIsNamed() {
    HttpFront front = start(SETTINGS);
    int port = front.address().getPort();

    assertThatThrownBy(() -> start(SETTINGS.withAddress("127.0.0.1", port)))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT))
        .hasMessage(
            "Port " + port
                + " at 127.0.0.1 is in use by another process: stop it, set another port, or 0 for any free one.");
  }

  @Test
  void anAddressOfAnotherMachineIsNamed() {
    assertThatThrownBy(() -> start(SETTINGS.withToken(TOKEN).withAddress("192.0.2.1", 0)))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
        .hasMessageContaining("Cannot listen at 192.0.2.1:0");
    assertThatThrownBy(
            () -> start(SETTINGS.withToken(TOKEN).withAddress("no.such.host.invalid", 0)))
        .hasMessageContaining("Cannot listen at no.such.host.invalid:0 (unknown host)");
  }

  @Test
  void closingAnswersWhatIsUnderWayAndLeavesNoThread() throws Exception {
    HttpFront front = start(SETTINGS);
    Client idle = connect(front);
    idle.send(get("/v2/health/live"));
    idle.answer();
    Client fresh = connect(front);
    Client busy = connect(front);
    busy.send(post("/v2/models/waiting", 0));
    CompletableFuture<Response> work = waiting.waiting.take();

    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread closing = new Thread(() -> front.close(LONG));
    closing.setUncaughtExceptionHandler((thread, thrown) -> failure.set(thrown));
    closing.start();

    assertThat(idle.rest()).isEmpty();
    assertThat(fresh.rest()).isEmpty();
    work.complete(Response.json("{\"a\":1}"));
    assertThat(busy.rest()).contains("connection: close").endsWith("{\"a\":1}");
    closing.join();
    assertThatThrownBy(() -> connect(front)).isInstanceOf(IOException.class);
    assertThat(failure.get()).isNull();
    assertThat(threads()).isEmpty();
    front.close();
  }

  @Test
  void whileItDrainsItIsLiveButNotReadyRefusesRequestsAndAnswersWhatIsUnderWay() throws Exception {
    HttpFront front = start(SETTINGS);
    Client busy = connect(front);
    busy.send(post("/v2/models/waiting", 0));
    CompletableFuture<Response> work = waiting.waiting.take();

    functions.closing = true;
    functions.ready = false;
    front.drain();

    Client late = connect(front);
    late.send(post("/v2/models/waiting", 0));
    assertThat(late.rest())
        .startsWith("HTTP/1.1 503 ")
        .contains("retry-after: 1", "connection: close", "This server is shutting down");
    Client prober = connect(front);
    prober.send(get("/v2/health/ready"));
    assertThat(prober.rest()).startsWith("HTTP/1.1 503 ");
    Client liveness = connect(front);
    liveness.send(get("/v2/health/live"));
    assertThat(liveness.rest()).startsWith("HTTP/1.1 200 ");
    work.complete(Response.json("{\"a\":1}"));
    assertThat(busy.rest()).contains("connection: close").endsWith("{\"a\":1}");
  }

  @Test
  void whatIsCancelledByAClosedPlatformMayBeRetriedElsewhere() throws Exception {
    HttpFront front = start(SETTINGS);
    Client client = connect(front);
    client.send(post("/v2/models/waiting", 0));

    waiting.waiting.take().completeExceptionally(Closed.refusal("serverless", "invoke waiting"));

    assertThat(client.answer())
        .startsWith("HTTP/1.1 503 ")
        .contains("retry-after: 1", "This server is shutting down");
  }

  @Test
  void closingGivesUpOnWorkAfterItsGrace() throws Exception {
    HttpFront front = start(SETTINGS);
    Client busy = connect(front);
    busy.send(post("/v2/models/waiting", 0));
    CompletableFuture<Response> work = waiting.waiting.take();

    front.close(Duration.ofMillis(50));

    assertThat(busy.rest()).isEmpty();
    assertThat(work).isCancelled();
    assertThat(threads()).isEmpty();
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(Thread::isAlive)
        .map(Thread::getName)
        .filter(name -> name.startsWith("fairlead-connections-http"))
        .toList();
  }

  private HttpFront start(HttpSettings settings) {
    HttpFront front = HttpFront.start("connections", settings, functions);
    opened.add(() -> front.close(Duration.ZERO));
    return front;
  }

  private Client connect(HttpFront front) throws IOException {
    Client client = new Client(front.address());
    opened.add(client);
    return client;
  }

  private static String get(String path, String... headers) {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + lines(headers) + "\r\n";
  }

  private static String post(String path, int length, String... headers) {
    return "POST " + path
        + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: " + length
        + "\r\n" + lines(headers) + "\r\n";
  }

  private static String lines(String... headers) {
    return headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
  }

  /** A socket that reads answers one by one. */
  private static final class Client implements AutoCloseable {
    private final Socket socket = new Socket();

    Client(InetSocketAddress address) throws IOException {
      socket.setSoTimeout(20_000);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), address.getPort()));
    }

    void send(String text) throws IOException {
      send(text.getBytes(ISO_8859_1));
    }

    void send(byte[] bytes) throws IOException {
      socket.getOutputStream().write(bytes);
    }

    /** One answer: its head and as much as its length says. */
    String answer() throws IOException {
      InputStream in = socket.getInputStream();
      ByteArrayOutputStream answer = new ByteArrayOutputStream();
      while (!answer.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
        int next = in.read();
        assertThat(next).as("end of the connection after: " + answer).isNotNegative();
        answer.write(next);
      }
      int length = answer
          .toString(ISO_8859_1)
          .lines()
          .filter(line -> line.startsWith("content-length: "))
          .mapToInt(line -> Integer.parseInt(line.substring("content-length: ".length())))
          .findAny()
          .orElse(0);
      answer.write(in.readNBytes(length));
      return answer.toString(ISO_8859_1);
    }

    /** All that comes until the other side closes. */
    String rest() throws IOException {
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
