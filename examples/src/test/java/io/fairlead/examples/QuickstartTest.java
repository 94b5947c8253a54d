package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.grammar.ModelArtifact;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuickstartTest {
  private static final ModelArtifact MINILM =
      ModelArtifact.of(URI.create("classpath:all-minilm-l6-v2-q.onnx")).named("minilm");

  private static final String PREVIEWS =
      "The same on each platform here, as a preview, which only reads:";

  @Test
  void goesThroughTheWholeGrammarAndLeavesNothing() {
    Printed printed = Printed.toAFile();

    int exitCode = new Quickstart(printed.terminal, MINILM).run(List.of());

    assertThat(exitCode).isZero();
    assertThat(printed.text())
        .contains("✓ package   minilm", "✓ deploy    ask/blue", "✓ deploy    ask/green")
        .containsPattern("▸ +0\\.\\d\\d +█{14}  Honey from the pharaohs' tombs")
        .containsPattern("First answer .* after the start of this process")
        .containsPattern("blue +180 +█{12}▋\n")
        .containsPattern("green +20 +█▍\n")
        .containsPattern("p50 \\d+\\.\\d ms +p95 \\d+\\.\\d ms +p99 \\d+\\.\\d ms")
        .contains("✓ scale")
        .containsPattern("local +create model model-\\w+, endpoint ask, variant ask/blue")
        .containsPattern("elsewhere +needs more: .*region must be given")
        .contains("✓ undeploy  ask/green", "✓ undeploy  ask/blue");
    assertThat(printed.text())
        .containsSubsequence(
            "The same model as a function",
            "✓ deploy    ask",
            "✓ invoke    cold",
            "✓ invoke    warm",
            "✓ idle      to zero",
            "✓ invoke    cold",
            "answer   Honey from the pharaohs' tombs",
            "✓ undeploy  ask",
            "Where next");
    assertThat(printed.lines()).last().asString().contains("nothing left");
    assertThat(printed.text()).doesNotContain("\u001b").doesNotContain("\r");
  }

  @Test
  void printsWhatThePictureShows() throws IOException {
    Printed printed = Printed.toAFile();

    new Quickstart(printed.terminal, MINILM).run(List.of());

    assertThat(steady(printed.lines()))
        .isEqualTo(steady(Files.readAllLines(Pages.ROOT.resolve("docs/pictures/quickstart.out"))));
  }

  /** {@return the lines without progress, previews, times, and bars of times, which differ from run to run} */
  private static List<String> steady(List<String> lines) {
    List<String> steady = new ArrayList<>();
    boolean isPreview = false;
    for (String line : lines) {
      isPreview = line.equals(PREVIEWS) || (isPreview && !line.isBlank());
      if (!isPreview && !line.startsWith("      [")) {
        steady.add(line.replaceAll("( +<)? +\\d+(\\.\\d+)? m?s\\b( +[█▏▎▍▌▋▊▉]+)?", " TIME"));
      }
    }
    return steady;
  }

  @Test
  void theDefaultAnswerSharesNoWordWithTheQuestion() {
    Printed printed = Printed.toAFile();

    new Quickstart(printed.terminal, MINILM).run(List.of());

    List<String> lines = printed.lines();
    int best = lines.indexOf(
        lines.stream().filter(line -> line.contains("▸")).findFirst().orElseThrow());
    assertThat(words(lines.get(best))).doesNotContainAnyElementsOf(words(lines.get(best - 1)));
  }

  private static List<String> words(String line) {
    return List.of(
        line.toLowerCase(Locale.ROOT).replaceAll("[^a-z]+", " ").strip().split(" "));
  }

  @Test
  void searchesTheSentencesOfTheCommandLine() {
    Printed printed = Printed.inAscii();

    int exitCode = new Quickstart(printed.terminal, MINILM)
        .run(List.of(
            "Where do I leave the car?",
            "Breakfast is served until ten.",
            "Parking is behind the hotel.",
            "The pool opens at noon."));

    assertThat(exitCode).isZero();
    assertThat(printed.text())
        .containsPattern("> +0\\.\\d\\d +#{14}  Parking is behind the hotel\\.")
        .doesNotContain("Honey");
    assertThat(printed.text()).matches("\\p{ASCII}*");
  }

  @ParameterizedTest
  @CsvSource({"60, 54", "80, 48"})
  void fitsTheTerminal(int columns, int lines) {
    Printed printed = Printed.watched(columns);

    int exitCode = new Quickstart(printed.terminal, MINILM).run(List.of());

    assertThat(exitCode).isZero();
    List<String> seen =
        Stream.of(printed.text().split("\n")).map(QuickstartTest::seen).toList();
    assertThat(seen).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(columns));
    assertThat(withoutClouds(seen)).hasSizeLessThanOrEqualTo(lines);
    assertThat(printed.text()).contains("\u001b[1m", "invoking ask 100/200");
  }

  /** {@return the lines but for the previews of clouds, which are on the class path of tests alone} */
  private static List<String> withoutClouds(List<String> lines) {
    List<String> rest = new ArrayList<>();
    boolean ofCloud = false;
    for (String line : lines) {
      ofCloud = line.contains("  needs more: ") || (ofCloud && line.startsWith("          "));
      if (!ofCloud) {
        rest.add(line);
      }
    }
    return rest;
  }

  /** {@return a line as it stays: after the last thing that replaced what was there, without colours} */
  private static String seen(String line) {
    return line.substring(line.lastIndexOf('\r') + 1).replaceAll("\u001b\\[[0-9;]*[A-Za-z]", "");
  }

  @Test
  void aModelThatDoesNotStartLeavesNothing() {
    Printed printed = Printed.toAFile();

    int exitCode = new Quickstart(
            printed.terminal, ModelArtifact.of(URI.create(Models.location(Models.Stillborn.class))))
        .run(List.of());

    assertThat(exitCode).isEqualTo(1);
    assertThat(printed.text()).contains("the weights are for another model");
    assertThat(printed.lines()).last().asString().contains("nothing left");
  }

  @Test
  void aModelThatFailsLeavesNothing() {
    Printed printed = Printed.toAFile();

    int exitCode = new Quickstart(
            printed.terminal, ModelArtifact.of(URI.create(Models.location(Models.Failing.class))))
        .run(List.of());

    assertThat(exitCode).isEqualTo(1);
    assertThat(printed.text()).contains("the second layer is not a number");
    assertThat(printed.lines()).last().asString().contains("nothing left");
  }

  @Test
  void aModelThatAnswersSomethingElseIsAnError() {
    Printed printed = Printed.toAFile();

    int exitCode = new Quickstart(
            printed.terminal, ModelArtifact.of(URI.create(Models.location(EchoModel.class))))
        .run(List.of());

    assertThat(exitCode).isEqualTo(1);
    assertThat(printed.text()).contains("Response: body must be an array");
  }

  @Test
  void anOptionIsAnsweredWithTheUsage() {
    Printed printed = Printed.toAFile();

    int exitCode = new Quickstart(printed.terminal, MINILM).run(List.of("--question"));

    assertThat(exitCode).isEqualTo(2);
    assertThat(printed.lines()).singleElement().asString().contains("examples/run quickstart");
  }

  @Test
  void endsTheProcessWithItsExitCode() throws Exception {
    try (Child child = Child.java(Quickstart.class)) {
      assertThat(child.exitCode()).isZero();
      assertThat(child.out()).contains("nothing left");
      assertThat(child.err()).isEmpty();
    }
  }
}
