package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.examples.ServerlessSettings.Load;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerlessTest {
  private static final String IRIS = "src/test/resources/iris.onnx";

  @TempDir
  Path folder;

  private final Printed printed = Printed.toAFile();

  private static ServerlessSettings quick(Optional<Path> curl) {
    return settings(curl, Duration.ofMillis(20));
  }

  private static ServerlessSettings settings(Optional<Path> curl, Duration burst) {
    return new ServerlessSettings(
        List.of(new Load(1, Duration.ofMillis(20)), new Load(8, burst)),
        Duration.ofMillis(100),
        Duration.ofMillis(1),
        curl);
  }

  private int run(String... arguments) {
    return Serverless.run(List.of(arguments), quick(Optional.empty()), printed.terminal);
  }

  @Test
  void goesFromNoInstanceToSeveralToNoneAndBack() {
    // Longer than the half second whose rate counts.
    ServerlessSettings settings = settings(Optional.empty(), Duration.ofMillis(1200));

    assertThat(Serverless.run(List.of(), settings, printed.terminal)).isZero();

    assertThat(printed.text())
        .containsSubsequence(
            "✓ deploy",
            "curl -s http://127.0.0.1:",
            "/v2/models/minilm/infer -d '{\"inputs\": \"Which food never spoils?\"}'",
            "[[",
            "✓ answer",
            "1 caller",
            "8 callers",
            "✓ idle",
            "cold",
            "warm",
            "  2 ",
            "  1 ",
            "─",
            "1 caller 8",
            "idle",
            "✓ undeploy");
    assertThat(printed.text()).containsPattern("8 callers .*█ +[2-8] instances +\\d+ responses");
    assertThat(printed.lines()).last().asString().contains("nothing left");
    assertThat(printed.text()).doesNotContain("\u001b").doesNotContain("\r");
  }

  @Test
  void servesAModelFileAndAsksItInItsOwnShape() {
    assertThat(run(IRIS)).isZero();

    assertThat(printed.text())
        .contains("iris as a function")
        .contains("/v2/models/iris/infer -d '{\"inputs\":[{")
        .contains("\"shape\":[1,4],\"data\":[1,1,1,1]}]}'")
        .contains("{\"model_name\":\"iris\"");
    assertThat(printed.lines()).last().asString().contains("nothing left");
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the program is a script")
  void asksByTheCommandThatItPrints() throws Exception {
    Path curl = program("printf '%s\\n' \"$@\" >\"$0.arguments\"; echo '[[42]]'");

    assertThat(Serverless.run(List.of(), quick(Optional.of(curl)), printed.terminal))
        .isZero();

    List<String> asked = Files.readAllLines(Path.of(curl + ".arguments"));
    assertThat(printed.text())
        .contains("curl " + String.join(" ", asked.subList(0, 3)) + " '" + asked.get(3) + "'")
        .contains("[[42]]", "by curl");
    assertThat(asked).hasSize(4);
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the program is a script")
  void aCurlThatFailsIsAFailureThatLeavesNothing() throws Exception {
    Path curl = program("exit 7");

    assertThat(Serverless.run(List.of(), quick(Optional.of(curl)), printed.terminal))
        .isEqualTo(1);

    assertThat(printed.text()).contains("✗ curl failed with exit code 7");
    assertThat(printed.lines()).last().asString().contains("nothing left");
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the program is a script")
  void aCurlThatCtrlCEndsIsNoFailureOfCurl() throws Exception {
    Path curl = program("exit 130");

    assertThat(Serverless.run(List.of(), quick(Optional.of(curl)), printed.terminal))
        .isEqualTo(1);

    assertThat(printed.text()).contains("The example was interrupted.").doesNotContain("manual");
  }

  private Path program(String body) throws IOException {
    Path file = Files.writeString(folder.resolve("curl"), "#!/bin/sh\n" + body + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return file;
  }

  @ParameterizedTest
  @ValueSource(ints = {60, 80})
  void fitsTheTerminalButForTheCommand(int columns) {
    Printed watched = Printed.watched(columns);

    assertThat(Serverless.run(List.of(), quick(Optional.empty()), watched.terminal))
        .isZero();

    List<String> seen = Stream.of(watched.text().split("\n"))
        .map(line -> line.substring(line.lastIndexOf('\r') + 1).replaceAll("\u001b\\[\\d*[mK]", ""))
        .filter(line -> !line.contains("curl -s"))
        .toList();
    assertThat(seen).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(columns));
    assertThat(seen).hasSizeLessThanOrEqualTo(50);
    assertThat(watched.text()).contains("running", "no requests");
  }

  @Test
  void aFileThatIsNoModelLeavesNothing() throws IOException {
    Path file = Files.writeString(folder.resolve("notes.onnx"), "buy milk");

    assertThat(run(file.toString())).isEqualTo(1);

    assertThat(printed.text()).contains("✗ ", "notes.onnx");
    assertThat(printed.lines()).last().asString().contains("nothing left");
  }

  @ParameterizedTest
  @CsvSource({
    "--fast, serverless takes a model file or nothing",
    "a.onnx b.onnx, serverless takes a model file or nothing",
    "nowhere.onnx, There is no file nowhere.onnx.",
  })
  void aWrongArgumentIsOneSentence(String arguments, String sentence) {
    assertThat(run(arguments.split(" "))).isEqualTo(2);

    assertThat(printed.lines()).singleElement().asString().contains(sentence);
  }

  @Test
  void helpSaysWhatItDoes() {
    assertThat(run("--help")).isZero();

    assertThat(printed.text()).contains("usage: examples/run serverless", "Ctrl-C");
  }

  @ParameterizedTest
  @CsvSource({
    "iris.onnx, iris",
    "My Model (2).onnx, my-model-2",
    "v1.2.onnx, v1-2",
    "%%%, model",
    "a23456789-b23456789-c23456789-d23456789-e2.onnx, a23456789-b23456789-c23456789-d23456789",
  })
  void aFunctionIsNamedAsItsFile(String file, String name) {
    assertThat(Serverless.name(Path.of("models", file))).isEqualTo(name);
  }

  @Test
  void aQuestionHasAOneInEachPlace() throws IOException {
    String metadata = """
        {"name": "m", "inputs": [
          {"name": "a", "datatype": "FP32", "shape": [-1, 2]},
          {"name": "b", "datatype": "BYTES", "shape": [1]},
          {"name": "c", "datatype": "BOOL", "shape": []}]}""";

    assertThat(Serverless.ones(metadata))
        .isEqualTo("{\"inputs\":["
            + "{\"name\":\"a\",\"datatype\":\"FP32\",\"shape\":[1,2],\"data\":[1,1]},"
            + "{\"name\":\"b\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"1\"]},"
            + "{\"name\":\"c\",\"datatype\":\"BOOL\",\"shape\":[],\"data\":[true]}]}");
  }

  @Test
  void anErrorInPlaceOfMetadataIsTheReason() {
    assertThatThrownBy(() -> Serverless.ones("{\"error\": \"it is no model\"}"))
        .hasMessage("it is no model");
  }

  @Test
  void anEndFromOutsideLeavesNothing() throws Exception {
    try (Child child = Child.java(Serverless.class)) {
      child.awaitOutput("1 caller");
      child.terminate();

      assertThat(child.exitCode()).isEqualTo(128 + 15);
      assertThat(child.out()).contains("interrupted", "nothing left behind");
    }
  }
}
