package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.operation.OperationId;
import io.fairlead.operation.Progress;
import java.io.IOException;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeploymentsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final String ECHO = """
      platform: local
      endpoint:
        name: echo
        model: java:io.fairlead.examples.EchoModel
      """;
  private static final int SIGINT = 2;

  @TempDir
  Path folder;

  private final Printed out = Printed.toAFile();
  private final Printed err = Printed.toAFile();

  private int run(String... arguments) {
    return new Deployments(
            List.of(arguments), out.terminal, err.terminal, Map.<String, String>of()::get)
        .run();
  }

  private String file(String text) throws IOException {
    return Files.writeString(folder.resolve("echo.yaml"), text).toString();
  }

  // ---- what is previewed, and what is not there ----

  @Test
  void aPreviewSaysWhatWouldBeDoneAndDoesNothing() throws IOException {
    String file = file(ECHO);

    assertThat(run("deploy", file, "--preview")).isZero();
    assertThat(out.text()).contains("create variant echo/blue");
    assertThat(run("undeploy", file, "--preview")).isZero();
    assertThat(run("undeploy", file, "--all", "--preview")).isZero();
    assertThat(err.text()).isEmpty();
  }

  @Test
  void aPreviewOfTrafficWithoutAnotherVariantIsRefused() throws IOException {
    assertThat(run("deploy", file(ECHO + "  traffic: 10\n"), "--preview")).isEqualTo(1);

    assertThat(err.text())
        .startsWith("traffic is 10, and echo has no other variant that gets the rest");
  }

  @Test
  void aPreviewAsJsonIsOneLineOfThePlanAndTheResult() throws IOException {
    assertThat(run("deploy", file(ECHO), "--preview", "--json")).isZero();

    List<JsonNode> lines = json(out.text());
    assertThat(lines).hasSize(2);
    assertThat(lines.get(0).get("event").asText()).isEqualTo("plan");
    assertThat(lines.get(0).get("changes")).isNotEmpty().allSatisfy(change -> {
      assertThat(change.get("action").asText()).isEqualTo("CREATE");
      assertThat(change.get("details").isArray()).isTrue();
    });
    assertThat(lines.get(1).toString())
        .startsWith(
            "{\"event\":\"result\",\"command\":\"deploy\",\"platform\":\"local\",\"name\":\"echo\","
                + "\"variant\":\"blue\",\"ok\":true,\"exit\":0,\"seconds\":");
  }

  @Test
  void whatIsNotDeployedIsNotReadyAndIsGoneAlready() throws IOException {
    String file = file(ECHO);

    assertThat(run("status", file)).isEqualTo(1);
    assertThat(err.text())
        .contains("echo/blue is not deployed on local.", "lives in the process of its deploy");
    assertThat(run("undeploy", file)).isZero();
    assertThat(run("undeploy", file, "--all")).isZero();
    assertThat(run("list", file)).isZero();
    assertThat(run("sweep", "--platform", "local", "--older-than", "30m")).isZero();
    assertThat(run("sweep", "--platform", "local", "--preview")).isZero();
    assertThat(out.text())
        .contains(
            "echo/blue is not deployed any more.",
            "Nothing is deployed on local",
            "There are no orphans of that age on local.");
  }

  // ---- mistakes ----

  @Test
  void allMistakesOfAFileAndOfItsSettingsAreSaidAtOnceWithTheirLines() throws IOException {
    String file = file("""
        platform: serverless
        settings:
          prot: 8080
          memory: much
        function:
          name: echo
          modle: ./echo.onnx
          timeout: 30
        """);

    assertThat(run("deploy", file)).isEqualTo(2);
    assertThat(err.lines())
        .hasSize(5)
        .contains(
            "function.modle is not a property: did you mean model?, in " + file
                + ", line 7, column 10",
            "function.timeout must be a duration, such as 500ms, 30s, 10m or 2h (got \"30\"), in "
                + file + ", line 8, column 12",
            "settings.prot is not a setting: did you mean port?, in " + file + ", line 3, column 9")
        .anySatisfy(line -> assertThat(line)
            .startsWith("settings.memory must be a number with B, KB")
            .endsWith("line 4, column 11"));
    assertThat(out.text()).isEmpty();
  }

  @Test
  void whatThePlatformRefusesIsAtItsLine() throws IOException {
    String file = file(ECHO + "  min: 0\n");

    assertThat(run("deploy", file, "--json")).isEqualTo(2);

    JsonNode mistake = json(out.text()).get(0).get("mistakes").get(0);
    assertThat(mistake.get("property").asText()).isEqualTo("endpoint.min");
    assertThat(mistake.get("place").asText()).isEqualTo(file + ", line 5, column 8");
    assertThat(err.text()).isEmpty();
  }

  @Test
  void aVariableThatIsNotSetIsNamed() throws IOException {
    assertThat(run("deploy", file(ECHO.replace("blue", "x") + "  image: ${IMAGE}\n")))
        .isEqualTo(2);

    assertThat(err.text()).contains("refers to the environment variable IMAGE, which is not set");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "deploy                          | deploy needs one file: see",
        "deploy a.yaml b.yaml            | deploy needs one file: see",
        "deploy none.yaml                | There is no such file: none.yaml",
        "deploy a.yaml --all             | '--all' is not an option of deploy: it has --preview, --port,",
        "status a.yaml --preview         | '--preview' is not an option of status",
        "deploy a.yaml --port many       | --port must be 0 to 65535, not 'many'.",
        "deploy a.yaml --port            | --port needs a number",
        "list                            | list needs one file, or --platform ID",
        "list a.yaml --set a=b           | --set goes with --platform",
        "list --platform loca            | --platform must be the id of a platform: did you mean local?",
        "list --platform local --set a=b | settings.a is not a setting",
        "sweep --platform local --older-than soon | --older-than must be a duration",
        "destroy a.yaml                  | The first argument must be deploy"
      })
  void aMistakeInTheArgumentsEndsWithTwo(String arguments, String sentence) {
    assertThat(run(arguments.split(" "))).isEqualTo(2);

    assertThat(err.text()).startsWith(sentence);
    assertThat(out.text()).isEmpty();
  }

  @Test
  void theHelpIsForEachCommand() {
    assertThat(run("sweep", "--help")).isZero();

    assertThat(out.text()).contains("examples/run sweep FILE", "Exit codes: 0 done");
  }

  // ---- serving in this process ----

  @Test
  @EnabledOnOs(
      value = OS.LINUX,
      disabledReason = "env of other systems cannot let a process be interrupted")
  void anEndpointOfThisProcessAnswersUntilItIsInterrupted() throws Exception {
    try (Child child = start("deploy", file(ECHO))) {
      child.awaitOutput("/v2/models/echo");

      assertThat(child.out())
          .contains(
              "✓ echo/blue READY 100%",
              "The platform local is this process: echo answers until Ctrl-C");
      assertThat(ask(url(child.out()))).isEqualTo("200 {\"inputs\":\"hello\"}");
      assertThat(interrupted(child)).isEqualTo(130);
      assertThat(child.err()).isEqualTo("Stopped.\n");
    }
  }

  @Test
  @EnabledOnOs(
      value = OS.LINUX,
      disabledReason = "env of other systems cannot let a process be interrupted")
  void aFunctionOfThisProcessAnswersUntilItIsInterruptedAndSaysSoInJson() throws Exception {
    String file = file(
        ECHO.replace("platform: local", "platform: serverless").replace("endpoint", "function"));
    try (Child child = start("deploy", file, "--json")) {
      child.awaitOutput("\"serving\"");

      assertThat(ask(url(child.out()))).isEqualTo("200 {\"inputs\":\"hello\"}");
      assertThat(interrupted(child)).isEqualTo(130);
      List<JsonNode> lines = json(child.out());
      assertThat(lines)
          .filteredOn(line -> line.get("event").asText().equals("progress"))
          .isNotEmpty();
      JsonNode last = lines.get(lines.size() - 1);
      assertThat(last.get("event").asText()).isEqualTo("result");
      assertThat(last.get("stopped").asText()).isEqualTo("Stopped.");
      assertThat(last.get("exit").asInt()).isEqualTo(130);
      assertThat(last.at("/deployment/state").asText()).isEqualTo("READY");
      assertThat(child.err()).isEmpty();
    }
  }

  @Test
  void theFilesOfTheExamplesForThisProcessAreRight() {
    Path files = ROOT.resolve("examples/deployments");

    assertThat(run("deploy", files.resolve("local.yaml").toString(), "--preview"))
        .isZero();
    assertThat(run("deploy", files.resolve("function.yaml").toString(), "--preview"))
        .isZero();
    assertThat(out.text()).contains("create variant ask/blue", "create function ask");
  }

  @Test
  void aTerminalHasABar() {
    Printed watched = Printed.watched(100);
    watched
        .terminal
        .progressBar("deploy")
        .accept(new Progress(
            new OperationId("x", "1"), Duration.ZERO, 2, 4, "endpoint ask", "creating"));

    assertThat(watched.text())
        .contains("deploy  █████                 [2/4] endpoint ask: creating");
  }

  /** Not as a child that inherits that it cannot be interrupted, as those of a build in the background do. */
  private static Child start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(
        "env",
        "--default-signal=INT",
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Dnative.encoding=UTF-8",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        Child.classPath(),
        Deployments.class.getName()));
    command.addAll(List.of(arguments));
    return Child.start(new ProcessBuilder(command));
  }

  private static int interrupted(Child child) throws Exception {
    new ProcessBuilder("kill", "-" + SIGINT, String.valueOf(child.pid()))
        .start()
        .waitFor();
    return child.exitCode();
  }

  private static URI url(String text) {
    Matcher url = Pattern.compile("http://[^\\s\"]+/v2/models/echo").matcher(text);
    assertThat(url.find()).isTrue();
    return URI.create(url.group());
  }

  private static String ask(URI function) throws Exception {
    HttpResponse<String> answer = HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(function + "/infer"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"inputs\":\"hello\"}"))
                .build(),
            BodyHandlers.ofString());
    return answer.statusCode() + " " + answer.body();
  }

  static List<JsonNode> json(String text) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : text.lines().toList()) {
      lines.add(new ObjectMapper().readTree(line));
    }
    return lines;
  }
}
