package io.fairlead.serverless.internal.http;

import static io.fairlead.serverless.internal.http.PiecesFunction.EVENTS;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.Response;
import io.fairlead.serverless.HttpSettings;
import io.fairlead.serverless.internal.http.PiecesFunction.Streamed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses in pieces, byte by byte, and what becomes of them when one side is slow, fails or leaves. */
@Timeout(30)
final class StreamedResponseTest {
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final String ACCEPT = "Accept: text/event-stream";

  private final PiecesFunction function = new PiecesFunction("talker");
  private final EngineFunctions functions = new EngineFunctions(Map.of());
  private final List<AutoCloseable> opened = new ArrayList<>();
  private final LogLines lines = new LogLines();

  StreamedResponseTest() {
    functions.put(function);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : opened) {
      one.close();
    }
    functions.close();
  }

  private HttpFront start(HttpSettings settings) {
    HttpFront front = HttpFront.start("pieces", settings, functions, new AccessLog(lines));
    opened.add(() -> front.close(Duration.ZERO));
    return front;
  }

  private Client connect() throws IOException {
    return connect(start(HttpSettings.DEFAULT));
  }

  private Client connect(HttpFront front) throws IOException {
    Client client = new Client(front.address());
    opened.add(client);
    return client;
  }

  private static String post(String path, String version, String body, String... headers) {
    return "POST " + path + " HTTP/" + version + "\r\nHost: localhost\r\nContent-Length: "
        + body.length() + "\r\n"
        + (headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n") + "\r\n" + body;
  }

  private Streamed begin(Client client) throws Exception {
    client.send(post("/v2/models/talker", "1.1", "{}", ACCEPT));
    return function.streaming.take();
  }

  @Test
  void eachPieceIsSentWhenItComesAndTheConnectionGoesOn() throws Exception {
    Client client = connect();
    Streamed first = begin(client);

    first.piece("data: one\n\n");
    assertThat(client.head())
        .startsWith("HTTP/1.1 200 OK\r\n")
        .contains(
            "content-type: text/event-stream\r\n",
            "transfer-encoding: chunked\r\n",
            "cache-control: no-cache\r\n",
            "x-accel-buffering: no\r\n",
            "x-request-id: ",
            "date: ")
        .doesNotContain("content-length", "connection: close");
    assertThat(client.chunk()).isEqualTo("data: one\n\n");
    first.piece("data: two\n\n");
    assertThat(client.chunk()).isEqualTo("data: two\n\n");
    first.piece("");
    first.end("data: last\n\n");
    assertThat(client.chunk()).isEqualTo("data: last\n\n");
    assertThat(client.chunk()).isEmpty();

    begin(client).end("");
    assertThat(client.head()).contains("content-length: 0\r\n");
    assertThat(lines.next()).startsWith("POST /v2/models/talker 200 function=talker in=2 out=34 ");
  }

  @Test
  void aFunctionSeesTheTimeoutAndTheTypeOfTheRequest() throws Exception {
    Client client = connect();

    client.send(post(
        "/v2/models/talker",
        "1.1",
        "a,b",
        ACCEPT + ", application/json;q=0.5",
        "Content-Type: text/csv"));

    Streamed streamed = function.streaming.take();
    assertThat(streamed.request().contentType()).isEqualTo("text/csv");
    assertThat(streamed.request().timeout()).isEqualTo(function.timeout());
    assertThat(streamed.request().text()).isEqualTo("a,b");
    streamed.end("");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      /v2/models/talker         | Accept: text/event-stream             | {}                | true
      /v2/models/talker/infer   | Accept: a/b, TEXT/event-stream; q=0.1 | {}                | true
      /v1/models/talker:predict | Accept: text/event-stream             | {}                | true
      /invocations              | Accept: text/event-stream             | no JSON           | true
      /v2/models/talker         | Accept: text/event-stream;q=0         | {}                | false
      /v2/models/talker         | Accept: */*                           | {"stream":true}   | false
      /v2/models/talker         | Accept: text/*                        | {}                | false
      /invocations              | Accept: application/json              | {"stream":true}   | true
      /invocations              | Content-Type: text/plain              | {"stream":true}   | false
      /invocations              | Accept: application/json              | {"stream":false}  | false
      /invocations              | Accept: application/json              | {"stream":true    | false
      /predict                  | Accept: */*                           | {"stream":true}   | true
      /v1/chat/completions      | Accept: application/json              | {"stream":true}   | true
      /v1/chat/completions      | Accept: text/event-stream             | {"stream":false}  | false
      /v1/completions           | Accept: */*                           | {"stream": true } | true
      """)
  void whenAResponseIsInPieces(String path, String header, String body, boolean streamed)
      throws Exception {
    Client client = connect(start(HttpSettings.DEFAULT.withPredictRoute("/predict")));

    client.send(post(path, "1.1", body, header));

    if (streamed) {
      function.streaming.take().piece("data: 1\n\n");
    }
    assertThat(client.head())
        .contains(streamed ? "transfer-encoding: chunked" : "content-length: 7");
  }

  /** Such as of a model that cannot. */
  @Test
  void aResponseWithoutPiecesIsAnOrdinaryOne() throws Exception {
    Client client = connect();

    begin(client).answer().complete(Response.json("[1]"));

    assertThat(client.head())
        .contains("content-type: application/json\r\n", "content-length: 3\r\n")
        .doesNotContain("transfer-encoding");
  }

  @Test
  void anErrorBeforeTheFirstPieceIsAnOrdinaryOne() throws Exception {
    Client client = connect();

    begin(client)
        .answer()
        .completeExceptionally(
            ServingException.builder("serverless", ErrorKind.THROTTLED, "The queue is full.")
                .retryAfter(Duration.ofSeconds(3))
                .build());

    assertThat(client.head()).startsWith("HTTP/1.1 429 ").contains("retry-after: 3\r\n");
    assertThat(client.text(30)).isEqualTo("{\"error\":\"The queue is full.\"}".substring(0, 30));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.1", "1.0"})
  void anErrorAfterItIsTheLastEventOfAStreamWithoutAnEnd(String version) throws Exception {
    Client client = connect();
    client.send(post("/v2/models/talker", version, "{}", ACCEPT, "Connection: keep-alive"));
    Streamed streamed = function.streaming.take();

    streamed.piece("data: {\"half");
    streamed
        .answer()
        .completeExceptionally(
            new ServingException("serverless", ErrorKind.TIMEOUT, "It took too long."));

    String rest = client.rest();
    assertThat(rest)
        .startsWith("HTTP/1.1 200 OK")
        .contains(
            "\n\ndata: {\"error\":{\"message\":\"It took too long.\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n")
        .doesNotContain("\r\n0\r\n");
    assertThat(lines.next())
        .startsWith("POST /v2/models/talker 504 function=talker in=2 out=")
        .doesNotContain("out=0 ");
  }

  @Test
  void anErrorInAStreamThatIsNoneOfEventsIsItsMissingEnd() throws Exception {
    Client client = connect();
    Streamed streamed = begin(client);

    streamed.piece("application/x-ndjson", "1\n");
    streamed.answer().completeExceptionally(new IllegalStateException("secret"));

    assertThat(client.rest())
        .contains("content-type: application/x-ndjson")
        .endsWith("\r\n\r\n2\r\n1\n\r\n");
  }

  /** There a response ends with its connection: only its reset says that it is not complete. */
  @Test
  void inHttp10ThatIsAResetConnection() throws Exception {
    Client client = connect();
    client.send(post("/v2/models/talker", "1.0", "{}", ACCEPT));
    Streamed streamed = function.streaming.take();

    streamed.piece("text/plain", "1\n");
    client.head();
    assertThat(client.text(2)).isEqualTo("1\n");
    streamed.answer().completeExceptionally(new IllegalStateException());

    assertThatThrownBy(client::rest).isInstanceOf(SocketException.class);
    assertThat(lines.next()).contains(" 500 ").contains("out=2 ");
  }

  @Test
  void inHttp10TheEndOfTheConnectionIsThatOfTheResponse() throws Exception {
    Client client = connect();
    client.send(post("/v2/models/talker", "1.0", "{}", ACCEPT, "Connection: keep-alive"));
    Streamed streamed = function.streaming.take();

    streamed.piece("data: 1\n\n");
    streamed.end("data: 2\n\n");

    assertThat(client.rest())
        .contains("connection: close\r\n")
        .doesNotContain("transfer-encoding", "content-length")
        .endsWith("\r\n\r\ndata: 1\n\ndata: 2\n\n");
    assertThat(lines.next()).contains(" 200 ").contains("out=18 ");
  }

  @Test
  void aTypeThatIsNoHeaderFailsTheFunction() throws Exception {
    Client client = connect();
    Streamed streamed = begin(client);

    assertThatThrownBy(() -> streamed.piece("text/plain\r\nX: y", "1"))
        .isInstanceOf(IllegalStateException.class);
    streamed.end("");

    assertThat(client.head()).startsWith("HTTP/1.1 200 ").doesNotContain("X: y");
  }

  @Test
  void aClientThatLeavesCancelsTheInvocationAndItsPieces() throws Exception {
    Client client = connect();
    Streamed streamed = begin(client);
    streamed.piece("data: 1\n\n");
    client.head();

    client.close();

    assertThatThrownBy(() -> streamed.answer().get(20, SECONDS))
        .isInstanceOf(CancellationException.class);
    assertThatThrownBy(() -> streamed.piece("data: 2\n\n"))
        .isInstanceOf(CancellationException.class);
    assertThat(lines.next()).startsWith("POST /v2/models/talker 499 ").contains("out=9 ");
  }

  /** The function waits in its call, and no more of the response is in memory than that is worth. */
  @Test
  void aSlowClientStopsTheFunctionUntilItReadsAgain() throws Exception {
    Client client = connect();
    Streamed streamed = begin(client);
    byte[] piece = new byte[PiecesFunction.EVENTS.length() + 50_000];
    AtomicInteger accepted = new AtomicInteger();
    int all = 1000;
    Thread talker = new Thread(() -> {
      for (int i = 0; i < all; i++) {
        streamed.pieces().accept("application/octet-stream", ByteBuffer.wrap(piece));
        accepted.incrementAndGet();
      }
      streamed.end("");
    });
    talker.start();
    while (talker.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }

    assertThat(accepted.get()).isLessThan(all);
    client.head();
    long length = 0;
    for (int chunk = client.chunk().length(); chunk > 0; chunk = client.chunk().length()) {
      length += chunk;
    }

    talker.join();
    assertThat(length).isEqualTo((long) all * piece.length);
  }

  @Test
  void theEndOfTheTimeFreesAFunctionThatWaitsForItsClient() throws Exception {
    Client client = connect(start(HttpSettings.DEFAULT.withTransferTime(SHORT)));
    Streamed streamed = begin(client);
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    Thread talker = new Thread(() -> {
      try {
        while (true) {
          streamed.pieces().accept(EVENTS, ByteBuffer.allocate(60_000));
        }
      } catch (RuntimeException e) {
        thrown.complete(e);
      }
    });
    talker.start();
    while (talker.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }

    streamed
        .answer()
        .completeExceptionally(
            new ServingException("serverless", ErrorKind.TIMEOUT, "It took too long."));

    assertThat(thrown.get(20, SECONDS)).isInstanceOf(CancellationException.class);
    // A client that takes nothing, not even the error, does not keep its connection for that.
    assertThat(lines.next()).matches("POST /v2/models/talker (504|499) .*");
  }

  @Test
  void aRequestBehindAStreamWaitsForItsEnd() throws Exception {
    Client client = connect();
    Streamed streamed = begin(client);
    streamed.piece("data: 1\n\n");
    client.send("GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");

    streamed.end("");

    assertThat(client.head()).contains("chunked");
    assertThat(client.chunk()).isEqualTo("data: 1\n\n");
    assertThat(client.chunk()).isEmpty();
    assertThat(client.head()).startsWith("HTTP/1.1 200 ").contains("content-length: 13");
  }

  @Test
  void closingLetsAStreamEndWithinItsGrace() throws Exception {
    HttpFront front = start(HttpSettings.DEFAULT);
    Client client = connect(front);
    Streamed streamed = begin(client);
    streamed.piece("data: 1\n\n");
    client.head();
    Thread closing = new Thread(() -> front.close(Duration.ofMinutes(5)));
    closing.start();
    client.chunk();

    streamed.piece("data: 2\n\n");
    assertThat(client.chunk()).isEqualTo("data: 2\n\n");
    streamed.end("");

    assertThat(client.rest()).isEqualTo("0\r\n\r\n");
    closing.join();
  }

  @Test
  void afterTheGraceAStreamIsCutAndItsFunctionCancelled() throws Exception {
    HttpFront front = start(HttpSettings.DEFAULT);
    Client client = connect(front);
    Streamed streamed = begin(client);
    streamed.piece("data: 1\n\n");
    client.head();

    front.close(Duration.ofMillis(50));

    assertThat(client.rest()).doesNotContain("0\r\n\r\n");
    assertThat(streamed.answer()).isCancelled();
  }

  /** A socket that reads heads and chunks. */
  private static final class Client implements AutoCloseable {
    private final Socket socket = new Socket();

    Client(InetSocketAddress address) throws IOException {
      socket.setSoTimeout(20_000);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), address.getPort()));
    }

    void send(String text) throws IOException {
      socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    }

    private String until(String end) throws IOException {
      InputStream in = socket.getInputStream();
      ByteArrayOutputStream text = new ByteArrayOutputStream();
      while (!text.toString(ISO_8859_1).endsWith(end)) {
        int next = in.read();
        assertThat(next).as("end of the connection after: " + text).isNotNegative();
        text.write(next);
      }
      return text.toString(ISO_8859_1);
    }

    String head() throws IOException {
      return until("\r\n\r\n");
    }

    String chunk() throws IOException {
      int length = Integer.parseInt(until("\r\n").strip(), 16);
      String chunk = text(length);
      assertThat(text(2)).isEqualTo("\r\n");
      return chunk;
    }

    String text(int length) throws IOException {
      return new String(socket.getInputStream().readNBytes(length), ISO_8859_1);
    }

    String rest() throws IOException {
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
