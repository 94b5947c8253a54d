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
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DocSnippetsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Path SOURCE =
      ROOT.resolve("examples/src/test/java/io/fairlead/examples/DocSnippets.java");
  /** The snippets of the clouds, whose classes are not on the class path of every build. */
  private static final Path CLOUDS = ROOT.resolve("examples/src/clouds/java/io/fairlead/examples");

  private static final Path MODELS = ROOT.resolve("examples/src/test/resources");
  private static final int SIGTERM = 128 + 15;

  static Stream<Path> pages() throws IOException {
    try (Stream<Path> files = Files.list(ROOT.resolve("docs"))) {
      return files
          .filter(page -> page.toString().endsWith(".md"))
          // The snippets of these two are compared with tests of their own modules.
          .filter(page -> !page.endsWith("writing-a-provider.md") && !page.endsWith("models.md"))
          // What these show needs Spring or Quarkus, which are on the class path of their own
          // applications alone.
          .filter(page -> !page.endsWith("spring.md") && !page.endsWith("quarkus.md"))
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyPieceOfJavaInThePageIsCompiled(Path page) throws IOException {
    String compiled = squeezed(Files.readString(SOURCE)) + squeezed(clouds());
    List<String> pieces = JAVA.matcher(Files.readString(page))
        .results()
        .map((MatchResult piece) -> piece.group(1))
        .toList();

    assertThat(pieces).allSatisfy(piece -> assertThat(compiled).contains(squeezed(piece)));
  }

  private static String clouds() throws IOException {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.list(CLOUDS)) {
      for (Path file :
          files.filter(one -> one.toString().endsWith("Snippets.java")).toList()) {
        all.append(Files.readString(file));
      }
    }
    return all.toString();
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyLinkToAFileLeadsToOne(Path page) throws IOException {
    List<String> links = Pattern.compile("\\]\\(([^)#:]+)(#[^)]*)?\\)")
        .matcher(Files.readString(page))
        .results()
        .map(link -> link.group(1))
        .toList();

    assertThat(links)
        .allSatisfy(link -> assertThat(page.resolveSibling(link).normalize()).exists());
  }

  @Test
  void everyPieceOfJavaInTheReadmeIsCompiled() throws IOException {
    String compiled = squeezed(Files.readString(SOURCE))
        + squeezed(Files.readString(
            ROOT.resolve("examples/src/main/java/io/fairlead/examples/ReadmeExample.java")));

    assertThat(JAVA.matcher(Files.readString(ROOT.resolve("README.md"))).results())
        .hasSizeGreaterThanOrEqualTo(2)
        .allSatisfy(piece -> assertThat(compiled).contains(squeezed(piece.group(1))));
  }

  @Test
  void everyLinkOfTheReadmeLeadsToAFile() throws IOException {
    everyLinkToAFileLeadsToOne(ROOT.resolve("README.md"));
  }

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

  private static String squeezed(String text) {
    return text.replaceAll("\\s+", "");
  }
}
