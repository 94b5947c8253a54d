package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.platform.Response;
import io.fairlead.serverless.HttpSettings;
import io.fairlead.serverless.internal.http.RawClient.Reply;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ids of requests, and the access log. */
@Timeout(30)
final class ExchangeTest {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String TRACE_PARENT = "00-" + TRACE + "-00f067aa0ba902b7-01";

  private final LogLines lines = new LogLines();
  private final LatchedFunction waiting = new LatchedFunction("waiting");
  private EngineFunctions functions;
  private HttpFront front;
  private RawClient client;

  @BeforeEach
  void start() throws IOException {
    functions = new EngineFunctions(
            Map.of("echo", request -> Response.of(request.body(), "text/plain")))
        .with("echo", "java:echo");
    functions.put(waiting);
    front = HttpFront.start("serverless", HttpSettings.DEFAULT, functions, new AccessLog(lines));
    client = new RawClient(front.address());
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    front.close();
    functions.close();
  }

  @Test
  void theIdsOfARequestComeBack() throws IOException {
    Reply reply =
        client.send("GET /v2 HTTP/1.1\nHost: 127.0.0.1\nX-Request-ID: order-7/a:1\ntraceparent: "
            + TRACE_PARENT);

    assertThat(reply.headers())
        .containsEntry("x-request-id", "order-7/a:1")
        .containsEntry("traceparent", TRACE_PARENT);
  }

  @Test
  void aRequestWithoutAnIdGetsOneOfItsOwn() throws IOException {
    String one = client.send("GET /v2 HTTP/1.1\nHost: 127.0.0.1").headers().get("x-request-id");
    String other = client.send("GET /v2 HTTP/1.1\nHost: 127.0.0.1").headers().get("x-request-id");

    assertThat(one).matches("[0-9a-f]{32}").isNotEqualTo(other);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Request-Id: a b",
        "X-Request-Id: \"quoted\"",
        "X-Request-Id: ",
        "X-Request-Id: ${jndi:ldap://x}",
        "X-Request-Id: a\nX-Request-Id: b",
      })
  void anIdThatIsNotHarmlessIsReplaced(String header) throws IOException {
    Reply reply = client.send("GET /v2 HTTP/1.1\nHost: 127.0.0.1\n" + header);

    assertThat(reply.headers().get("x-request-id")).matches("[0-9a-f]{32}");
    assertThat(client
            .send("GET /v2 HTTP/1.1\nHost: 127.0.0.1\nX-Request-Id: " + "a".repeat(129))
            .headers()
            .get("x-request-id"))
        .matches("[0-9a-f]{32}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
      })
  void aTraceThatIsNoneIsIgnored(String header) throws Exception {
    Reply reply = client.send("GET /v2 HTTP/1.1\nHost: 127.0.0.1\ntraceparent: " + header);

    assertThat(reply.headers()).doesNotContainKey("traceparent");
    assertThat(lines.next()).endsWith("trace_id=-");
  }

  @Test
  void aRequestHasOneLineWithoutItsQueryAndItsBody() throws Exception {
    client.send(
        "POST /v2/models/echo?key=secret HTTP/1.1\nHost: 127.0.0.1\nX-Request-Id: r-1\ntraceparent: "
            + TRACE_PARENT,
        "payload".getBytes(UTF_8));

    assertThat(lines.next())
        .matches(
            "POST /v2/models/echo 200 function=echo in=7 out=7 ms=\\d+\\.\\d{3} client=127\\.0\\.0\\.1"
                + " request_id=r-1 trace_id=" + TRACE)
        .doesNotContain("secret", "payload");
    assertThat(lines.all).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /none HTTP/1.1\nHost: 127.0.0.1 | GET /none 404 ",
        "GET http://user:pass@127.0.0.1/none?x=1 HTTP/1.1\nHost: 127.0.0.1 | GET /none 404 ",
        "DELETE /v2 HTTP/1.1\nHost: 127.0.0.1 | DELETE /v2 405 ",
        "GET /v2/models/%zz HTTP/1.1\nHost: 127.0.0.1 | GET /v2/models/%zz 400 ",
        "GET /\u00fc\"x HTTP/1.1\nHost: 127.0.0.1 | GET /??x 404 ",
        "nonsense | - - 400 ",
      })
  void whatIsRefusedHasALineToo(String requestAndLine) throws Exception {
    String[] parts = requestAndLine.split(" \\| ", -1);

    client.send(parts[0]);

    assertThat(lines.next()).startsWith(parts[1]).contains(" function=- ");
    assertThat(lines.all).isEmpty();
  }

  @Test
  void aClientThatLeavesHasALine() throws Exception {
    client.begin("POST /v2/models/waiting HTTP/1.1\nHost: 127.0.0.1", "abc".getBytes(UTF_8));
    waiting.waiting.take();
    client.close();

    assertThat(lines.next()).startsWith("POST /v2/models/waiting 499 function=waiting in=3 out=0 ");
  }

  @Test
  void aLoggerThatIsOffGetsNothing() throws Exception {
    lines.enabled = false;

    client.send("GET /v2 HTTP/1.1\nHost: 127.0.0.1");
    front.close();

    assertThat(lines.all).isEmpty();
  }

  @Test
  void theProtocolsErrorsHaveTheIdInTheHeaderAlone() throws IOException {
    Reply reply = client.send("GET /v2/models/none HTTP/1.1\nHost: 127.0.0.1\nX-Request-Id: r-1");

    assertThat(reply.headers()).containsEntry("x-request-id", "r-1");
    assertThat(reply.text()).startsWith("{\"error\":").doesNotContain("r-1");
  }
}
