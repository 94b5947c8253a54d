package io.fairlead.examples;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JshellTest {
  @TempDir
  Path folder;

  private String output(String script, String typed) throws Exception {
    return Jshell.output(script, typed, folder, Map.of());
  }

  /**
   * Types what a section of the page types, and expects what it shows as the answers, in order.
   *
   * @return all output
   */
  private String followThePage(String section, String script) throws Exception {
    String page = Files.readString(Path.of("../docs/jshell.md"));
    String text = page.substring(page.indexOf("\n## " + section + "\n") + 1);
    List<String> blocks = Pattern.compile("```jshell\n(.*?)```", Pattern.DOTALL)
        .matcher(text.substring(0, (text + "\n## ").indexOf("\n## ", 1)))
        .results()
        .map(block -> block.group(1))
        .toList();
    assertThat(blocks).isNotEmpty();
    String prompt = "jshell> ";
    List<String> lines = blocks.stream().flatMap(String::lines).toList();
    String typed = lines.stream()
        .filter(line -> line.startsWith(prompt))
        .map(line -> line.substring(prompt.length()) + "\n")
        .collect(joining());

    String output = output(script, typed + Jshell.END);
    assertThat(unnumbered(output))
        .containsSubsequence(lines.stream()
            .filter(line -> !line.startsWith(prompt))
            .map(line -> unnumbered(line) + "\n")
            .toList());
    return output;
  }

  private static String unnumbered(String answers) {
    return answers.replaceAll("\\$\\d+ ==>", "==>");
  }

  @Test
  void theFirstStepsOfThePageAreAnsweredAsItSays() throws Exception {
    followThePage("First steps", "first-steps");
  }

  @Test
  void theFirstStepsLeaveNothingAndWhatIsTypedIsAnsweredInALineEach() throws Exception {
    String output = output("first-steps", """
        similar("How old is the boat?", "When was the ship built?") > similar("a boat", "taxes")
        container
        blue
        canary
        local.list().get(0)
        ask("hello")
        f
        var scaled = local.scale(green, Scaling.fixed(2))
        scaled.await(limit)
        scaled
        local.preview(p -> p.undeploy(green))
        """ + Jshell.END);

    assertThat(unnumbered(output))
        .containsSubsequence(
            "deploy ask/blue on local: SUCCEEDED",
            "ask/blue READY 90%",
            "ask/green READY 10%",
            "served by blue",
            "Type, with Tab",
            "==> true\n",
            "container ==> Container[classpath:all-minilm-l6-v2-q.onnx]\n",
            "blue ==> Endpoint[ask/blue, classpath:all-minilm-l6-v2-q.onnx, 1 instance]\n",
            "canary ==> Version[ask/green at 10%, classpath:all-minilm-l6-v2-q.onnx, 1 instance]\n",
            "==> ask/blue READY 90%\n",
            "==> Response[",
            "f ==> ModelFunction[ask, classpath:all-minilm-l6-v2-q.onnx]\n",
            "scaled ==> scale ask/green on local: ",
            "==> Endpoint[ask/green, classpath:all-minilm-l6-v2-q.onnx, 2 instances]\n",
            "scaled ==> scale ask/green on local: SUCCEEDED\n",
            "update traffic ask (weights: {blue=90, green=10} -> {blue=100})",
            "delete variant ask/green",
            "undeploy ask/blue on local: SUCCEEDED",
            "left: [] []");
  }

  @Test
  void theCanaryOfThePageIsPromotedOrRolledBackByItsGuard() throws Exception {
    String output = followThePage("A canary", "canary");

    assertThat(output)
        .containsSubsequence(
            "ask/green: at 10%: for 1 s at least",
            "where at most 2% may: passed",
            "ask/green: at 100%: for 1 s at least",
            "Promoted: green.",
            "roll out ask/red on local failed: at 10%, ",
            "Rolled back: ask/red to 0%, its mark on the platform.",
            "left: []")
        .doesNotContain("ask/red: at 50%");
    assertThat(output).containsPattern("red failed +\\d+ {2}#?");
  }

  @Test
  void withoutACloudOnTheClassPathAPlanIsMadeOfNone() throws Exception {
    assertThat(output("plan", Jshell.END)).contains("Nothing was created.");
  }
}
