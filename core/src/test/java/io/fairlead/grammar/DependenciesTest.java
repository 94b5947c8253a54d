package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.SampleValues.SampleOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DependenciesTest {
  @Test
  void theEnvironmentsValuesAreNotShown() {
    assertThat(Dependencies.environment(Map.of("B", "hunter2", "A", "hunter3"))
            .withPackages("numpy")
            .toString())
        .isEqualTo("Dependencies[environment [A, B] (values not shown), packages [numpy]]");
  }

  @Test
  void theEnvironmentIsACopySortedByName() {
    Map<String, String> environment = new HashMap<>(Map.of("B", "2", "C", "3", "A", "1"));
    Dependencies dependencies = Dependencies.environment(environment);

    environment.put("D", "4");

    assertThat(dependencies.environment())
        .containsExactly(Map.entry("A", "1"), Map.entry("B", "2"), Map.entry("C", "3"));
    assertThatThrownBy(() -> dependencies.environment().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void thePackagesAreACopyInTheirOrder() {
    List<String> packages = new ArrayList<>(List.of("torch", "numpy"));
    Dependencies dependencies = new Dependencies(Map.of(), packages, Options.none());

    packages.clear();

    assertThat(dependencies.packages()).containsExactly("torch", "numpy");
    assertThatThrownBy(() -> dependencies.packages().add("x"))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1A", "A-B", "A B", "A=B", "Ä"})
  void aVariablesNameIsLettersDigitsAndUnderscores(String name) {
    assertThatThrownBy(() -> Dependencies.environment(Map.of(name, "hunter2")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "Dependencies: environment must have names of letters, digits and _ that do not begin with a"
                + " digit (got \"" + name + "\")")
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void everyWrongNameIsReportedAtOnce() {
    assertThatThrownBy(
            () -> new Dependencies(Map.of("1", "", "A", "", "2", ""), List.of(" "), Options.none()))
        .isInstanceOfSatisfying(
            InvalidValueException.class,
            e -> assertThat(e.problems())
                .extracting(Problem::value)
                .containsExactly("\"1\"", "\"2\"", "\" \""));
  }

  @Test
  void withersChangeOnePartAndKeepTheOthers() {
    SampleOption option = new SampleOption("red");

    assertThat(Dependencies.environment(Map.of("A", "1")).with(option).withPackages("numpy"))
        .isEqualTo(new Dependencies(Map.of("A", "1"), List.of("numpy"), Options.of(option)));
    assertThat(Dependencies.NONE).isEqualTo(new Dependencies(Map.of(), List.of(), Options.none()));
  }
}
