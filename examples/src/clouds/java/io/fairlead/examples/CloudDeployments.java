package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands for a file, at the stand-in of one cloud: the same file everywhere, with three keys of its own. */
abstract class CloudDeployments {
  /** The file that all of them start from. */
  static final Path FILE = Path.of("deployments/sagemaker.yaml");

  @TempDir
  Path folder;

  abstract String platform();

  abstract Map<String, String> settings();

  abstract String instanceType();

  abstract String image();

  /** {@return a line of the endpoint, in place of its instance type, that this cloud refuses} */
  abstract String refused();

  /** {@return what is on the cloud that costs or that this library made} */
  abstract List<?> remains();

  /** {@return the remote calls so far} */
  abstract List<String> calls();

  /** What a command wrote, and the code that it ended with. */
  record Ended(int exit, String out, String err) {}

  Ended run(String... arguments) {
    Printed out = Printed.toAFile();
    Printed err = Printed.toAFile();
    int exit = new Deployments(List.of(arguments), out.terminal, err.terminal, environment()).run();
    return new Ended(exit, out.text(), err.text());
  }

  Function<String, String> environment() {
    Map<String, String> variables = new TreeMap<>(Map.of("IMAGE", image()));
    return variables::get;
  }

  /** {@return the path of the file with the three keys of this cloud, and with further lines of the endpoint} */
  String file(String name, String... lines) throws IOException {
    List<String> changed = new ArrayList<>();
    boolean inSettings = false;
    for (String line : Files.readAllLines(FILE)) {
      inSettings = line.startsWith("settings:") || (inSettings && line.startsWith(" "));
      if (line.startsWith("platform:")) {
        changed.add("platform: " + platform());
      } else if (line.startsWith("settings:")) {
        changed.add(line);
        settings().forEach((key, value) -> changed.add("  " + key + ": \"" + value + '"'));
      } else if (line.startsWith("  instance-type:")) {
        changed.add("  instance-type: " + instanceType());
      } else if (!inSettings) {
        changed.add(line);
      }
    }
    changed.addAll(List.of(lines));
    return Files.write(folder.resolve(name), changed).toString();
  }

  @Test
  void theSameFileGoesThereWithThreeKeysChanged() throws IOException {
    String file = file("blue.yaml");

    Ended preview = run("deploy", file, "--preview");
    assertThat(preview.err()).isEmpty();
    assertThat(preview.exit()).isZero();
    assertThat(preview.out()).contains("create ");
    assertThat(remains()).isEmpty();

    Ended deployed = run("deploy", file);
    assertThat(deployed.err()).isEmpty();
    assertThat(deployed.exit()).isZero();
    assertThat(deployed.out())
        .startsWith("Deploying sentiment/blue on " + platform() + "\n")
        .contains("✓ sentiment/blue READY 100%");

    assertThat(run("deploy", file, "--preview").out().lines())
        .filteredOn(line -> !line.startsWith("  warning: "))
        .isNotEmpty()
        .allSatisfy(line -> assertThat(line).startsWith("  keep "));
    List<?> there = List.copyOf(remains());
    assertThat(run("deploy", file).exit()).isZero();
    assertThat(remains()).hasSameSizeAs(there);
    assertThat(run("status", file)).isEqualTo(new Ended(0, "  ✓ sentiment/blue READY 100%\n", ""));
    assertThat(run("list", file)).isEqualTo(new Ended(0, "  sentiment/blue READY 100%\n", ""));

    assertThat(run("undeploy", file, "--preview").out()).contains("delete ");
    assertThat(run("status", file).exit()).isZero();
    Ended gone = run("undeploy", file);
    assertThat(gone.err()).isEmpty();
    assertThat(gone.exit()).isZero();
    assertThat(gone.out()).contains("✓ sentiment/blue is not deployed any more.");
    assertThat(remains()).isEmpty();
    assertThat(run("status", file).exit()).isEqualTo(1);
    assertThat(run("undeploy", file).exit()).isZero();
  }

  @Test
  void aSecondVariantGetsItsShareAndGoesAgain() throws IOException {
    String blue = file("blue.yaml");
    String green = file("green.yaml", "  variant: green", "  traffic: 10");
    assertThat(run("deploy", green).err())
        .isEqualTo(
            "traffic is 10, and sentiment has no other variant that gets the rest: deploy that first, or leave"
                + " traffic out.\n");
    assertThat(remains()).isEmpty();
    run("deploy", blue);

    assertThat(run("deploy", green, "--preview").exit()).isZero();
    Ended deployed = run("deploy", green);
    assertThat(deployed.err()).isEmpty();
    assertThat(deployed.out()).contains("✓ sentiment/green READY 10%");
    String split = "  sentiment/blue READY 90%\n  sentiment/green READY 10%\n";
    assertThat(run("list", blue).out()).isEqualTo(split);
    // Neither changes what is there already.
    run("deploy", green);
    run("deploy", blue);
    assertThat(run("list", blue).out()).isEqualTo(split);

    assertThat(run("deploy", file("red.yaml", "  variant: red", "  traffic: 5")).err())
        .startsWith("traffic is 5, and sentiment has several other variants, blue, green");
    assertThat(run("undeploy", green).exit()).isZero();
    assertThat(run("list", blue).out()).isEqualTo("  sentiment/blue READY 100%\n");
    run("deploy", green);
    Ended all = run("undeploy", green, "--all");
    assertThat(all.exit()).isZero();
    assertThat(all.out()).contains("deleted ", "✓ sentiment is not deployed any more.");
    assertThat(remains()).isEmpty();
  }

  @Test
  void eachLineOfJsonIsAnEventAndTheLastTheResult() throws IOException {
    String file = file("blue.yaml");

    List<JsonNode> deployed = DeploymentsTest.json(run("deploy", file, "--json").out());
    assertThat(deployed.subList(0, deployed.size() - 1)).isNotEmpty().allSatisfy(line -> {
      assertThat(line.get("event").asText()).isEqualTo("progress");
      assertThat(line.get("operation").asText()).isEqualTo("deploy");
      assertThat(line.get("step").asInt()).isBetween(0, line.get("steps").asInt());
      assertThat(line.get("message").asText()).isNotEmpty();
      assertThat(line.get("seconds").isNumber()).isTrue();
    });
    JsonNode result = deployed.get(deployed.size() - 1);
    assertThat(result.get("event").asText()).isEqualTo("result");
    assertThat(result.get("ok").asBoolean()).isTrue();
    assertThat(result.get("platform").asText()).isEqualTo(platform());
    assertThat(result.at("/deployment/state").asText()).isEqualTo("READY");
    assertThat(result.at("/location/id").asText()).isNotEmpty();
    assertThat(DeploymentsTest.json(run("list", file, "--json").out()))
        .singleElement()
        .satisfies(list -> assertThat(list.at("/deployments/0/weight").asInt()).isEqualTo(100));

    run("undeploy", file, "--all", "--json");
    assertThat(remains()).isEmpty();
    List<JsonNode> swept = DeploymentsTest.json(run("sweep", file, "--json").out());
    assertThat(swept.get(swept.size() - 1).get("deleted").isEmpty()).isTrue();
  }

  @Test
  void whatTheCloudRefusesIsAtItsLineBeforeAnyCall() throws IOException {
    Path file = Path.of(file("wrong.yaml"));
    Files.writeString(
        file,
        Files.readString(file).replaceFirst("  instance-type: .*\n", "  " + refused() + "\n"));

    Ended refused = run("deploy", file.toString());

    assertThat(refused.exit()).isEqualTo(2);
    assertThat(refused.err())
        .startsWith("endpoint." + refused().replaceFirst(":.*", "") + " must ")
        .containsPattern(", in " + file + ", line \\d+, column \\d+\n");
    assertThat(calls()).isEmpty();
  }
}
