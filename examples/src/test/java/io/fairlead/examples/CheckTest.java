package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckTest {
  private final Printed out = Printed.toAFile();
  private final Printed err = Printed.toAFile();

  private int run(String... arguments) {
    return Check.run(List.of(arguments), out.terminal, err.terminal);
  }

  @Test
  void thePlatformsOfThisJvmCanBeUsedAndNeedNoCredentials() {
    assertThat(run("local")).isZero();

    assertThat(out.lines())
        .satisfiesExactly(
            line -> assertThat(line).isEqualTo("local: ok"),
            line -> assertThat(line).contains("module", "yes", "LocalProvider"),
            line -> assertThat(line).contains("settings", "yes"),
            line -> assertThat(line).contains("credentials", "not needed"),
            line -> assertThat(line).contains("answer", "not needed"));
    assertThat(err.text()).isEmpty();
  }

  @Test
  void allProblemsOfTheSettingsAreShownAndTheExitCodeIsOne() {
    assertThat(run("serverless", "--set", "port=eighty", "--set", "memory=lots", "--set", "prt=1"))
        .isEqualTo(1);

    assertThat(out.text())
        .contains(
            "serverless: not ok",
            "port must be",
            "memory must be",
            "prt is not a setting",
            "not asked");
  }

  @Test
  void withoutAnIdAllThatAreThereAreCheckedAndTheOthersNamed() {
    assertThat(Check.all(Set.of("local", "serverless", "stateful"), out.terminal))
        .isZero();

    assertThat(out.text())
        .contains(
            "local: ok",
            "serverless: ok",
            "stateful: ok",
            "vertex: its module is not here; examples/run check vertex has it");
  }

  @Test
  void oneThatCannotBeUsedIsEnoughForAnExitCodeOfOne() {
    assertThat(Check.all(Set.of("local", "nowhere"), out.terminal)).isEqualTo(1);

    assertThat(out.text()).contains("local: ok", "nowhere: not ok", "Add the module that has it");
  }

  @ParameterizedTest
  @CsvSource({
    "--set a=b, the id of the platform before it",
    "local --set port, key=value",
    "local --set a=b --set a=c, given twice",
    "local other, is not an option",
    "--limit, is not an option"
  })
  void aWrongCommandLineIsToldAndTheExitCodeIsTwo(String line, String problem) {
    assertThat(run(line.split(" "))).isEqualTo(2);

    assertThat(err.text()).contains(problem, "usage: examples/run check");
    assertThat(out.text()).isEmpty();
  }

  @Test
  void helpIsShown() {
    assertThat(run("--help")).isZero();

    assertThat(out.text()).contains("usage: examples/run check [ID]", "Ends with 0");
  }
}
