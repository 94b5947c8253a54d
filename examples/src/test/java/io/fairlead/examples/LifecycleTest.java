package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LifecycleTest {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final Printed out = Printed.toAFile();
  private final Printed err = Printed.toAFile();

  private int run(String... arguments) {
    return Lifecycle.run(List.of(arguments), out.terminal, err.terminal);
  }

  @Test
  void goesThroughAllStepsOnLocal() {
    assertThat(run()).isZero();

    assertThat(out.text())
        .containsSubsequence(
            "✓ package",
            "✓ deploy blue",
            "answered by blue",
            "✓ deploy green",
            "answered by green",
            "✓ route 90/10",
            "listed as blue 90, green 10",
            "✓ invoke 90/10",
            "answered by blue 90, green 10",
            "✓ invoke 50/50",
            "answered by blue 50, green 50",
            "✓ invoke 0/100",
            "answered by green 100",
            "✓ scale green",
            "✓ undeploy blue",
            "✓ undeploy green",
            "nothing left behind");
    assertThat(err.text()).isEmpty();
  }

  @Test
  void jsonIsOneDocumentOnStandardOutput() throws Exception {
    assertThat(run("--json", "--platform", "local", "--set", "name=bert", "--set", "pinned=false"))
        .isZero();

    JsonNode document = JSON.readTree(out.text());
    assertThat(document.path("platform").asText()).isEqualTo("local");
    assertThat(document.path("name").asText()).isEqualTo("bert");
    assertThat(document.path("ok").asBoolean()).isTrue();
    assertThat(document.path("steps").findValuesAsText("name"))
        .containsExactly(
            "package",
            "deploy blue",
            "deploy green",
            "route 90/10",
            "invoke 90/10",
            "route 50/50",
            "invoke 50/50",
            "route 0/100",
            "invoke 0/100",
            "scale green",
            "undeploy blue",
            "undeploy green");
    JsonNode invoked = document.path("steps").get(4);
    assertThat(invoked.path("counts").toString()).isEqualTo("{\"blue\":90,\"green\":10}");
    assertThat(invoked.path("weights").toString()).isEqualTo("{\"blue\":90,\"green\":10}");
    assertThat(invoked.path("seconds").isNumber()).isTrue();
    assertThat(document.path("inventory")).isEmpty();
    assertThat(document.path("inventory").isArray()).isTrue();
    assertThat(document.has("error")).isFalse();
    assertThat(err.text()).contains("✓ undeploy green");
  }

  @Test
  void servesARealModel() {
    assertThat(
            run("--set", "artifact=classpath:all-minilm-l6-v2-q.onnx", "--set", "invocations=20"))
        .isZero();

    assertThat(out.text()).contains("answered by blue 18, green 2");
  }

  @Test
  void helpListsTheSettings() {
    assertThat(run("--help")).isZero();

    assertThat(out.text()).contains("--platform ID", "instance-type", "invocations");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
      --foo                                     | '--foo' is not an option of lifecycle
      --platform                                | --platform needs an id
      --set                                     | --set needs key=value after it.
      --set=a=b                                 | '--set=a=b' is not an option
      --set payload                             | not 'payload'
      --set name=a --set name=b                 | --set name is given twice
      --platform nowhere                        | No provider has the platform 'nowhere'
      --set name=a_b                            | name must be 1 to 63 letters, digits and hyphens
      --set invocations=0                       | invocations must be a whole number, 1 or more (got "0")
      --set timeout=soon --set region=x         | region is not a setting
      --platform elsewhere                      | artifact must be given
      --platform elsewhere --set artifact=a     | region must be given: it is where to serve
      """)
  void aWrongArgumentIsOneSentenceBeforeAnythingIsDone(String arguments, String sentence) {
    assertThat(run(arguments.split(" "))).isEqualTo(2);

    assertThat(err.lines()).singleElement().asString().contains(sentence);
    assertThat(out.text()).isEmpty();
  }

  @Test
  void allMissingSettingsAreInOneSentence() {
    assertThat(run("--platform", "elsewhere")).isEqualTo(2);

    assertThat(err.lines())
        .singleElement()
        .asString()
        .contains("region must be given", "artifact must be given");
  }

  @Test
  void aWrongArgumentIsInTheJsonToo() throws Exception {
    assertThat(run("--json", "--platform", "nowhere")).isEqualTo(2);

    JsonNode document = JSON.readTree(out.text());
    assertThat(document.path("ok").asBoolean()).isFalse();
    assertThat(document.at("/error/kind").asText()).isEqualTo("NOT_FOUND");
    assertThat(document.at("/error/message").asText()).contains("nowhere");
  }

  @Test
  void aModelThatDoesNotStartLeavesNothing() throws Exception {
    assertThat(run("--json", "--set", "artifact=" + Models.location(Models.Stillborn.class)))
        .isEqualTo(1);

    JsonNode document = JSON.readTree(out.text());
    assertThat(document.at("/error/kind").asText()).isEqualTo("MODEL_FAILED");
    assertThat(document.at("/error/message").asText())
        .contains("the weights are for another model");
    assertThat(document.path("inventory")).isEmpty();
    assertThat(err.text())
        .contains("✗ deploy blue", "✓ undeploy green", "✓ undeploy blue", "nothing left behind");
  }

  @Test
  void aModelThatFailsLeavesNothing() {
    assertThat(run("--set", "artifact=" + Models.location(Models.Failing.class)))
        .isEqualTo(1);

    assertThat(out.text()).contains("✗ invoke blue", "nothing left behind");
    assertThat(err.lines()).singleElement().asString().contains("the second layer is not a number");
  }

  @Test
  void aFailureWhenGreenHasAllRequestsLeavesNothing() {
    assertThat(run("--set", "artifact=" + Models.location(Models.Tiring.class))).isEqualTo(1);

    assertThat(out.text())
        .containsSubsequence(
            "✗ invoke 0/100", "✓ undeploy blue", "✓ undeploy green", "nothing left behind");
    assertThat(err.text()).contains("it has answered enough");
  }

  @Test
  void anEndFromOutsideLeavesNothing() throws Exception {
    try (Child child = Child.java(
        Lifecycle.class,
        "--set",
        "artifact=" + Models.location(Models.Slow.class),
        "--set",
        "invocations=100000")) {
      child.awaitOutput("route 90/10");
      child.terminate();

      assertThat(child.exitCode()).isNotZero();
      assertThat(child.out())
          .containsSubsequence(
              "✗ invoke 90/10", "✓ undeploy green", "✓ undeploy blue", "nothing left behind");
      assertThat(child.err()).contains("interrupted");
    }
  }

  @Test
  void aPlatformThatCannotPinIsNotAtFault() {
    assertThat(runElsewhere("cannot pin")).isZero();

    assertThat(out.text()).contains("✓ invoke blue", "cannot pin a request to a variant");
  }

  @Test
  void anUnfairSplitIsAFailureAfterAllSteps() {
    assertThat(runElsewhere("always blue")).isEqualTo(1);

    assertThat(out.text())
        .containsSubsequence("✗ invoke 90/10", "✓ undeploy green", "nothing left behind");
    assertThat(err.lines()).singleElement().asString().contains("had an unexpected result");
  }

  @Test
  void whatIsLeftIsAFailureAndNamed() {
    assertThat(runElsewhere("leaves a disk")).isEqualTo(1);

    assertThat(out.text()).contains("✗ inventory", "left: disk d-1");
    assertThat(err.text()).contains("Resources are left behind: disk d-1.");
  }

  private int runElsewhere(String habit) {
    return run(
        "--platform",
        "elsewhere",
        "--set",
        "region=here",
        "--set",
        "habit=" + habit,
        "--set",
        "artifact=" + Models.location(EchoModel.class));
  }
}
