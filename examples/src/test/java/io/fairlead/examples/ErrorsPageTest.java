package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.fairlead.error.ErrorKind;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** docs/errors.md has each kind of error and what to do, and the messages that it quotes are those of the library. */
class ErrorsPageTest {
  private static final String PAGE = Pages.text(Path.of("docs/errors.md"));
  private static final Pattern KIND =
      Pattern.compile("^\\| `([A-Z_]+)` \\| ([^|]+) \\| ([^|]+) \\|$", Pattern.MULTILINE);
  private static final Duration LIMIT = Duration.ofMinutes(1);

  @Test
  void eachKindIsExplainedWithWhatToDo() {
    List<MatchResult> rows = KIND.matcher(PAGE).results().toList();

    assertThat(rows)
        .extracting(row -> row.group(1))
        .containsExactlyElementsOf(Stream.of(ErrorKind.values()).map(Enum::name).toList());
    assertThat(rows).allSatisfy(row -> {
      assertThat(row.group(2)).isNotBlank();
      assertThat(row.group(3)).as("what to do at " + row.group(1)).hasSizeGreaterThan(10);
    });
  }

  @Test
  void theMessagesOfThePageAreThoseOfTheLibrary() throws Exception {
    String table = PAGE.substring(PAGE.indexOf("| message | why |"));
    List<String> quoted = Pattern.compile("^\\| `([^`]+)` \\|", Pattern.MULTILINE)
        .matcher(table)
        .results()
        .map(row -> row.group(1))
        .toList();
    try (URLClassLoader bare =
            new URLClassLoader(new URL[0], ClassLoader.getPlatformClassLoader());
        EndpointPlatform local = Platforms.open("local", EndpointPlatform.class)) {
      Endpoint iris = local
          .deploy(
              container(ModelArtifact.of(Path.of("src/test/resources/iris.onnx"))),
              Scaling.fixed(1),
              new Routing("iris", "blue"))
          .await(LIMIT);
      List<String> messages = Stream.<ThrowingCallable>of(
              () -> Platforms.open("sagemaker", EndpointPlatform.class, Map.of(), bare),
              () -> Platforms.open("serverless", EndpointPlatform.class),
              () -> Platforms.open("local", EndpointPlatform.class, Map.of("cach", "x")),
              () -> deploy(local, ModelArtifact.of(URI.create("classpath:none.onnx"))),
              () -> deploy(local, ModelArtifact.of(Path.of("none.onnx"))),
              () -> local.invoke(iris, Request.json("{\"instances\": [[1, 2]]}")),
              () -> local.invoke(iris, Request.texts("hello")))
          .map(mistake -> catchThrowable(mistake).getMessage())
          .toList();

      assertThat(quoted).hasSameSizeAs(messages);
      for (int i = 0; i < messages.size(); i++) {
        assertThat(messages.get(i)).contains(quoted.get(i));
      }
    }
  }

  private static void deploy(EndpointPlatform local, ModelArtifact model) {
    local
        .deploy(container(model), Scaling.fixed(1), new Routing("none", "blue"))
        .await(LIMIT);
  }

  private static Container container(ModelArtifact model) {
    return new Container(model, RuntimeSpec.NONE, Dependencies.NONE);
  }
}
