package io.fairlead.examples;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.platform.EndpointPlatform;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SourceCodeAnalysis;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the Tab key offers after the startup script. */
class JshellCompletionTest {
  /** The members that every object has. */
  private static final Set<String> OF_OBJECT = Arrays.stream(Object.class.getMethods())
      .map(method -> method.getName() + "(")
      .collect(toSet());

  private static JShell shell;

  @BeforeAll
  static void open() throws IOException {
    shell = JShell.builder().executionEngine("local").build();
    for (String part : Child.classPath().split(java.io.File.pathSeparator, -1)) {
      shell.addToClasspath(part);
    }
    for (String name :
        new String[] {"java.net", "java.nio.file", "java.util", "java.util.concurrent"}) {
      evaluate("import " + name + ".*;");
    }
    evaluate(Files.readString(Path.of("jshell/fairlead.jsh")));
    evaluate("EndpointPlatform local = null; ServerlessPlatform functions = null;"
        + " CachingPlatform stateful = null; Endpoint blue = null; Response answer = null;"
        + " Operation<Endpoint> operation = null;");
  }

  /** As the tool does it: a line at a time, until there is a snippet. */
  private static void evaluate(String source) {
    SourceCodeAnalysis analysis = shell.sourceCodeAnalysis();
    String pending = "";
    for (String line : source.lines().toList()) {
      pending += line + "\n";
      SourceCodeAnalysis.CompletionInfo next = analysis.analyzeCompletion(pending);
      while (next.completeness().isComplete()) {
        String snippet = next.source();
        assertThat(shell.eval(snippet))
            .allSatisfy(
                event -> assertThat(event.status()).as(snippet).isEqualTo(Snippet.Status.VALID));
        pending = next.remaining();
        next = analysis.analyzeCompletion(pending);
      }
    }
    assertThat(pending).isBlank();
  }

  @AfterAll
  static void close() {
    shell.close();
  }

  private static Set<String> completed(String typed) {
    return shell
        .sourceCodeAnalysis()
        .completionSuggestions(typed, typed.length(), new int[1])
        .stream()
        .map(suggestion -> suggestion.continuation().replaceAll("\\(\\)?$", "("))
        .collect(toSet());
  }

  @Test
  void afterAPlatformTheWholeApiComesAndNothingElse() {
    Set<String> api = Arrays.stream(EndpointPlatform.class.getMethods())
        .map(Method::getName)
        .map(name -> name + "(")
        .collect(toSet());

    assertThat(completed("local."))
        .containsAll(api)
        .allMatch(name -> api.contains(name) || OF_OBJECT.contains(name));
    assertThat(completed("local.de")).containsExactlyInAnyOrder("deploy(", "describe(");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sho              | show(",
        "exp              | explain(",
        "char             | chart(",
        "cosi             | cosine(",
        "lim              | limit",
        "functions.met    | metrics(",
        "stateful.cacheF  | cacheForward(",
        "answer.vec       | vectors(",
        "operation.aw     | await(",
        "Scaling.fi       | fixed(",
        "Request.te       | texts(",
        "blue.a           | at(",
        "Duration.ofMin   | ofMinutes(",
        "GrammarJson.writeP | writePretty("
      })
  void whatBeginsSoIsFound(String typed, String name) {
    assertThat(completed(typed)).contains(name);
  }

  @ParameterizedTest
  @CsvSource({
    "Platforms",
    "ModelArtifact",
    "FunctionLimits",
    "ServingException",
    "Plan",
    "CachingPolicy",
    "StatePolicy",
    "LocalConfig",
    "ServerlessConfig",
    "Stateful",
    "URI",
    "Path",
    "ZonedDateTime"
  })
  void typesAreFoundByTheirBeginning(String type) {
    String typed = type.substring(0, type.length() - 1);

    assertThat(new TreeSet<>(completed(typed))).anyMatch(name -> name.startsWith(type));
  }
}
