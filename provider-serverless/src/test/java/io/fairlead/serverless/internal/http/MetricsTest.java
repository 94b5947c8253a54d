package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.platform.Response;
import io.fairlead.serverless.HttpSettings;
import io.fairlead.serverless.internal.http.RawClient.Reply;
import java.io.File;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class MetricsTest {
  private static final HttpSettings ON = HttpSettings.DEFAULT.withMetrics(true);

  private final EngineFunctions functions = new EngineFunctions(
          Map.of("echo", request -> Response.of(request.body(), "text/plain")))
      .with("echo", "java:echo");

  @AfterEach
  void close() {
    functions.close();
  }

  @Test
  void prometheusReadsRequestsAndFunctions() throws Exception {
    try (HttpFront front = HttpFront.start("serverless", ON, functions);
        RawClient client = new RawClient(front.address())) {
      client.send("POST /v2/models/echo HTTP/1.1\nHost: 127.0.0.1", "a".getBytes(UTF_8));
      client.send("POST /v2/models/echo HTTP/1.1\nHost: 127.0.0.1", "a".getBytes(UTF_8));
      client.send("GET /none HTTP/1.1\nHost: 127.0.0.1");

      Reply reply = client.send("GET /metrics HTTP/1.1\nHost: 127.0.0.1");

      assertThat(reply.headers().get("content-type")).startsWith("text/plain; version=0.0.4");
      assertThat(reply.text().lines())
          .contains(
              "# TYPE fairlead_http_requests_total counter",
              "fairlead_http_requests_total{function=\"\",status=\"404\"} 1.0",
              "fairlead_http_requests_total{function=\"echo\",status=\"200\"} 2.0",
              "# TYPE fairlead_http_request_duration_seconds histogram",
              "fairlead_http_request_duration_seconds_bucket{function=\"echo\",le=\"+Inf\"} 2",
              "fairlead_http_request_duration_seconds_count{function=\"echo\"} 2",
              "fairlead_cold_starts_total{function=\"echo\"} 5.0",
              "fairlead_invocations_total{function=\"echo\"} 60.0",
              "fairlead_refused_invocations_total{function=\"echo\"} 8.0",
              "fairlead_queue{function=\"echo\"} 4.0",
              "fairlead_running_invocations{function=\"echo\"} 3.0",
              "fairlead_instances{function=\"echo\",state=\"ready\"} 2.0",
              "fairlead_instances{function=\"echo\",state=\"starting\"} 1.0",
              "fairlead_function_memory_bytes{function=\"echo\"} 3145728.0",
              "fairlead_memory_used_bytes 1048576.0",
              "fairlead_memory_limit_bytes 1.073741824E9");
    }
  }

  @Test
  void theMetricsAreOffUnlessTheyAreSetAndNeedTheToken() throws Exception {
    try (HttpFront off = HttpFront.start("serverless", HttpSettings.DEFAULT, functions);
        HttpFront locked =
            HttpFront.start("serverless", ON.withToken("0123456789abcdef"), functions);
        RawClient offClient = new RawClient(off.address());
        RawClient lockedClient = new RawClient(locked.address())) {
      assertThat(offClient.send("GET /metrics HTTP/1.1\nHost: 127.0.0.1").status())
          .isEqualTo(404);
      assertThat(lockedClient.send("GET /metrics HTTP/1.1\nHost: 127.0.0.1").status())
          .isEqualTo(401);
      assertThat(lockedClient
              .send(
                  "GET /metrics HTTP/1.1\nHost: 127.0.0.1\nAuthorization: Bearer 0123456789abcdef")
              .status())
          .isEqualTo(200);
    }
  }

  @Test
  void withoutTheirLibraryTheServerSaysWhatToAdd() throws Exception {
    URL[] others = Arrays.stream(
            System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .filter(entry -> !entry.contains("prometheus"))
        .map(MetricsTest::url)
        .toArray(URL[]::new);
    try (URLClassLoader loader = new URLClassLoader(others, ClassLoader.getPlatformClassLoader())) {
      Method start = loader.loadClass(MetricsTest.class.getName()).getDeclaredMethod("message");
      start.setAccessible(true);

      assertThat((String) start.invoke(null))
          .startsWith("The metrics of HttpSettings need a library that is not on the class path")
          .endsWith(
              ": add io.prometheus:prometheus-metrics-exposition-textformats, or set metrics to false.");
    }
  }

  static String message() {
    try (HttpFront front = HttpFront.start("serverless", ON, new NoFunctions())) {
      return front.toString();
    } catch (RuntimeException e) {
      return e.getMessage();
    }
  }

  private static URL url(String entry) {
    try {
      return Path.of(entry).toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static final class NoFunctions implements FunctionDirectory {
    @Override
    public Optional<HttpFunction> find(String name) {
      return Optional.empty();
    }

    @Override
    public List<String> names() {
      return List.of();
    }

    @Override
    public long memoryBytes() {
      return 0;
    }

    @Override
    public long usedMemoryBytes() {
      return 0;
    }

    @Override
    public boolean isClosing() {
      return false;
    }

    @Override
    public boolean isReady() {
      return true;
    }
  }
}
