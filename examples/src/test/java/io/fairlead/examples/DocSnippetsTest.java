package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.local.LocalConfig;
import io.fairlead.local.LocalProvider;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** That the pieces of {@link DocSnippets} do what the pages say; {@link DocBlocksTest} finds them in the pages. */
class DocSnippetsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path MODELS = ROOT.resolve("examples/src/test/resources");
  private static final int SIGTERM = 128 + 15;

  @Test
  void theReadmeHasTheTwoCommandsThatContinuousIntegrationRuns() throws IOException {
    String readme = Files.readString(ROOT.resolve("README.md"));
    String ci = Files.readString(ROOT.resolve(".ci/run"));

    assertThat(readme).contains("examples/run quickstart", "./mvnw -B verify");
    assertThat(ci).contains("examples/run quickstart", "./mvnw -B verify");
  }

  @Test
  void thePiecesDoWhatThePagesSay() {
    Map.Entry<EndpointPlatform, ModelArtifact> functions = DocSnippets.functions();
    try (EndpointPlatform local = functions.getKey()) {
      Container echo = new Container(functions.getValue(), RuntimeSpec.NONE, Dependencies.NONE);
      Endpoint endpoint = (Endpoint)
          DocSnippets.operations(local, echo, Scaling.fixed(1), new Routing("echo", "blue"))
              .get(0);

      assertThat(local.invoke(endpoint, Request.json("42")).text()).isEqualTo("42");
      Endpoint ask = local
          .deploy(endpoint.container(), endpoint.scaling(), new Routing("ask", "blue"))
          .await(Duration.ofMinutes(1));
      assertThat(DocSnippets.readingBack(local)).isEqualTo(ask);
      local.undeployAll("ask").await(Duration.ofMinutes(1));
      assertThat(local.undeploy(endpoint).await(Duration.ofMinutes(1))).isEqualTo(endpoint);
    }
    try (EndpointPlatform local = DocSnippets.local()) {
      assertThat(local.list()).isEmpty();
    }
    assertThat(DocSnippets.texts().metadata().labels()).containsEntry("pooling", "mean");
    List<Endpoint> endpoints = DocSnippets.grammar();
    assertThat(endpoints.get(0)).isEqualTo(endpoints.get(1));
  }

  @Test
  void theCounterAnswersInPiecesAndAsAWhole() {
    LocalConfig config = LocalConfig.DEFAULT.withFunction("counter", DocSnippets.counter());
    try (EndpointPlatform local = new LocalProvider().open(config)) {
      Container counter = new Container(
          ModelArtifact.of(URI.create("java:counter")), RuntimeSpec.NONE, Dependencies.NONE);
      Endpoint blue = local
          .deploy(counter, Scaling.fixed(1), new Routing("counter", "blue"))
          .await(Duration.ofMinutes(1));
      StringBuilder shown = new StringBuilder();

      Response rest = DocSnippets.pieces(local, blue, shown);

      assertThat(shown).hasToString("1\n2\n3\n");
      assertThat(rest.body()).isEmpty();
      assertThat(rest.contentType()).isEqualTo("text/plain");
      assertThat(rest.variant()).contains("blue");
      assertThat(local.invoke(blue, Request.json("1")).text()).isEqualTo("1\n2\n3\n");
    }
  }

  /** Attaches as README does, to an endpoint of two variants. */
  static final class WithState {
    private WithState() {}

    public static void main(String[] args) {
      Duration limit = Duration.ofMinutes(1);
      Map.Entry<EndpointPlatform, ModelArtifact> functions = DocSnippets.functions();
      try (EndpointPlatform local = functions.getKey()) {
        Container echo = new Container(functions.getValue(), RuntimeSpec.NONE, Dependencies.NONE);
        Scaling one = Scaling.fixed(1);
        Endpoint blue = local.deploy(echo, one, new Routing("ask", "blue")).await(limit);
        Endpoint green = local.deploy(echo, one, new Routing("ask", "green")).await(limit);
        local.route(blue.at(100), green.at(0), TrafficWeight.percent(10)).await(limit);
        DocSnippets.withState(local, blue, limit);
      }
    }
  }

  @Test
  void theSecondAnswerComesFromTheCache() throws Exception {
    try (Child child = Child.java(WithState.class)) {
      assertThat(child.exitCode()).isZero();
      assertThat(child.out().lines()).containsExactly("MODEL", "CACHE_EXACT");
    }
  }

  @Test
  void theFirstFunctionAnswers() throws Exception {
    ProcessBuilder java = java(DocSnippets.FirstFunction.class);
    try (Child child = Child.start(java.directory(MODELS.toFile()))) {
      assertThat(child.exitCode()).isZero();
      assertThat(child.out())
          .matches("\\{\"predictions\":\\[.*0.* at http://127\\.0\\.0\\.1:\\d+/v2/models/iris\\s+");
    }
  }

  @Test
  void theContainerAnswersAtVertexsRoutesAndEndsWhenItIsTold() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    ProcessBuilder java =
        java(DocSnippets.ModelServer.class, MODELS.resolve("iris.onnx").toString());
    java.environment()
        .putAll(Map.of(
            "AIP_HTTP_PORT", String.valueOf(port),
            "AIP_HEALTH_ROUTE", "/health",
            "AIP_PREDICT_ROUTE", "/predict"));
    URI server = URI.create("http://127.0.0.1:" + port);
    try (Child child = Child.start(java)) {
      child.awaitOutput("ready");

      assertThat(ask(HttpRequest.newBuilder(server.resolve("/health")))).startsWith("200");
      assertThat(ask(HttpRequest.newBuilder(server.resolve("/predict"))
              .POST(BodyPublishers.ofString("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}"))))
          .startsWith("200 {\"predictions\":[");
      child.terminate();
      assertThat(child.exitCode()).isEqualTo(SIGTERM);
    }
  }

  private static String ask(HttpRequest.Builder request) throws Exception {
    HttpResponse<String> answer =
        HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
    return answer.statusCode() + " " + answer.body();
  }

  private static ProcessBuilder java(Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        Child.classPath(),
        main.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command);
  }
}
