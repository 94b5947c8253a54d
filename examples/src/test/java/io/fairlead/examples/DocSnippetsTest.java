package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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

  static Stream<Path> pages() throws IOException {
    try (Stream<Path> files = Files.list(ROOT.resolve("docs"))) {
      return files
          .filter(page -> page.toString().endsWith(".md"))
          .filter(page -> !page.endsWith("writing-a-provider.md"))
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyPieceOfJavaInThePageIsCompiled(Path page) throws IOException {
    String compiled = squeezed(Files.readString(SOURCE));
    List<String> pieces = JAVA.matcher(Files.readString(page))
        .results()
        .map((MatchResult piece) -> piece.group(1))
        .toList();

    assertThat(pieces).allSatisfy(piece -> assertThat(compiled).contains(squeezed(piece)));
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
          DocSnippets.operations(local, echo, Scaling.fixed("", 1), new Routing("echo", "blue"))
              .get(0);

      assertThat(local.invoke(endpoint, Request.json("42")).text()).isEqualTo("42");
      assertThat(local.undeploy(endpoint).await(Duration.ofMinutes(1))).isEqualTo(endpoint);
    }
    try (EndpointPlatform local = DocSnippets.local()) {
      assertThat(local.list()).isEmpty();
    }
    List<Endpoint> endpoints = DocSnippets.grammar();
    assertThat(endpoints.get(0)).isEqualTo(endpoints.get(1));
  }

  private static String squeezed(String text) {
    return text.replaceAll("\\s+", "");
  }
}
