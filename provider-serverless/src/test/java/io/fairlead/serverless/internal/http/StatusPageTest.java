package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.platform.Response;
import io.fairlead.serverless.HttpSettings;
import io.fairlead.serverless.internal.http.RawClient.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The status for people, as a page, and for programs, as JSON; in a browser where there is one. */
@Timeout(90)
final class StatusPageTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String BROWSER =
      "\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
  private static final String GET = "GET / HTTP/1.1\nHost: 127.0.0.1";
  private static final String TOKEN = "0123456789abcdef";

  @TempDir
  Path folder;

  private EngineFunctions functions;
  private HttpFront front;
  private RawClient client;

  @BeforeEach
  void start() throws IOException {
    functions = new EngineFunctions(
            Map.of("echo", request -> Response.of(request.body(), "text/plain")))
        .with("echo", "java:echo");
    front = HttpFront.start("serverless", HttpSettings.DEFAULT, functions);
    client = new RawClient(front.address());
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    front.close();
    functions.close();
  }

  @Test
  void aBrowserGetsAPageThatAllowsNothingButItself() throws IOException {
    Reply page = client.send(GET + BROWSER);

    assertThat(page.status()).isEqualTo(200);
    assertThat(page.headers())
        .containsEntry("content-type", "text/html; charset=utf-8")
        .containsEntry("x-content-type-options", "nosniff")
        .containsEntry("vary", "accept");
    assertThat(page.headers().get("content-security-policy"))
        .startsWith("default-src 'none'; connect-src 'self';")
        .contains("script-src 'sha256-", "style-src 'sha256-", "frame-ancestors 'none'")
        .doesNotContain("unsafe", "http");
    assertThat(page.text())
        .startsWith("<!DOCTYPE html>")
        .doesNotContain("https:", " src=", "innerHTML", "style=", "onclick")
        .doesNotContainPattern("http:(?!//www.w3.org/2000/svg')");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "\nAccept: */*", "\nAccept: application/json", "\nAccept: text/html;q=0"})
  void othersGetJson(String accept) throws IOException {
    client.send("POST /v2/models/echo HTTP/1.1\nHost: 127.0.0.1", "a".getBytes(UTF_8));

    Reply reply = client.send(GET + accept);

    JsonNode status = JSON.readTree(reply.body());
    JsonNode echo = status.path("functions").get(0);
    assertThat(reply.headers()).containsEntry("content-type", "application/json");
    assertThat(status.path("ready").asBoolean()).isTrue();
    assertThat(status.path("memory"))
        .isEqualTo(JSON.readTree("{\"used_bytes\": 1048576, \"limit_bytes\": 1073741824}"));
    assertThat(echo.path("name").asText()).isEqualTo("echo");
    assertThat(echo.path("state").asText()).isEqualTo("READY");
    assertThat(echo.path("instances"))
        .isEqualTo(JSON.readTree("{\"starting\": 1, \"ready\": 2, \"draining\": 0}"));
    assertThat(echo.path("recent").path("succeeded"))
        .hasSize(RequestStatistics.SLOTS)
        .extracting(JsonNode::asInt)
        .contains(1);
  }

  @Test
  void withATokenThePageIsStaticAndTheStatusIsLocked() throws IOException {
    try (HttpFront locked =
            HttpFront.start("serverless", HttpSettings.DEFAULT.withToken(TOKEN), functions);
        RawClient visitor = new RawClient(locked.address())) {
      assertThat(visitor.send(GET + BROWSER).text())
          .isEqualTo(client.send(GET + BROWSER).text());
      assertThat(visitor.send(GET).status()).isEqualTo(401);
      assertThat(visitor.send(GET + "\nAuthorization: Bearer " + TOKEN).status())
          .isEqualTo(200);
    }
  }

  @Test
  void aBrowserShowsTheFunctionsAsTheyAre() throws Exception {
    functions.put(new LatchedFunction("<img src=x onerror=alert(1)>"));
    client.send("POST /v2/models/echo HTTP/1.1\nHost: 127.0.0.1", "a".getBytes(UTF_8));

    String shown = browse(front);

    assertThat(shown)
        .contains("<h2>echo</h2>", ">ready</span>", "2 (1 starting)", "1 request, slowest")
        .contains("<h2>&lt;img src=x onerror=alert(1)&gt;</h2>")
        .contains("aria-label=\"1 request over HTTP in the last 5 minutes, 0 of them failed\"")
        .doesNotContain(">does not answer</span>");
  }

  @Test
  void aBrowserAsksForTheToken() throws Exception {
    try (HttpFront locked =
        HttpFront.start("serverless", HttpSettings.DEFAULT.withToken(TOKEN), functions)) {
      assertThat(browse(locked))
          .contains(">locked</span>", "<div id=\"locked\" class=\"note\">")
          .doesNotContain("<h2>");
    }
  }

  @Test
  void aBrowserSaysThatThereIsNoFunction() throws Exception {
    functions.remove("echo");

    assertThat(browse(front))
        .contains("<p id=\"none\" class=\"note\">", ">not ready</span>")
        .doesNotContain("<article>");
  }

  /** The document after its script has run. */
  private String browse(HttpFront server) throws Exception {
    Optional<Path> chromium = Stream.of("/usr/bin/chromium", "/usr/bin/google-chrome")
        .map(Path::of)
        .filter(Files::isExecutable)
        .findFirst();
    assumeTrue(
        chromium.isPresent(), "There is no Chromium at /usr/bin/chromium: install it to run this.");
    Path shown = folder.resolve("shown.html");
    Process browser = new ProcessBuilder(
            chromium.get().toString(),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--user-data-dir=" + folder.resolve("profile"),
            "--virtual-time-budget=1500",
            "--dump-dom",
            "http://127.0.0.1:" + server.address().getPort() + "/")
        .redirectOutput(shown.toFile())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
    try {
      assertThat(browser.waitFor(60, TimeUnit.SECONDS))
          .as("the browser has ended")
          .isTrue();
    } finally {
      browser.destroyForcibly();
    }
    return Files.readString(shown);
  }
}
