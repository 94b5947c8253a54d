package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.SampleValues.SampleOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoutingTest {
  private static final String RULE =
      "must be 1 to 63 letters, digits and hyphens that begin and end with a letter or digit";
  private static final String OF_63 = "a".repeat(63);
  private static final String OF_64 = "a".repeat(64);

  @ParameterizedTest
  @ValueSource(strings = {"a", "Z", "7", "bert", "hf-ep-1", "a--b", "4-2"})
  void aNameIsOfLettersDigitsAndHyphensInside(String name) {
    assertThat(new Routing(name, "blue").name()).isEqualTo(name);
    assertThat(new Routing("bert", name).variant()).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", " ", "-a", "a-", "-", "my_model", "a b", "bert ", "modèle", "a.b", "a/b", "a\n"
      })
  void anyOtherNameIsRefusedWithItsRuleAndItself(String name) {
    assertThatThrownBy(() -> new Routing(name, "blue"))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Routing: name " + RULE + " (got \"" + name + "\")");
    assertThatThrownBy(() -> new Routing("bert", name))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Routing: variant " + RULE + " (got \"" + name + "\")");
  }

  @Test
  void aNameHasAtMost63CharactersHyphensIncluded() {
    assertThat(new Routing(OF_63, OF_63).path()).hasSize(63 + 1 + 63);
    assertThat(new Routing("a" + "-".repeat(61) + "b", "blue").name()).hasSize(63);
    for (String name : List.of(OF_64, "a" + "-".repeat(62) + "b")) {
      assertThatThrownBy(() -> new Routing(name, "blue"))
          .hasMessage("Routing: name " + RULE + " (got \"" + name + "\")");
    }
  }

  @Test
  void aVeryLongNameIsRefusedAtOnceAndNotRepeatedInFull() {
    String hyphens = "a" + "-".repeat(100_000);

    assertThatThrownBy(() -> new Routing(hyphens, "blue"))
        .hasMessage(
            "Routing: name " + RULE + " (got \"a" + "-".repeat(99) + "... (100001 characters)\")");
  }

  @Test
  void bothNamesAreReportedAtOnce() {
    assertThatThrownBy(() -> new Routing("-bert", "bl_ue"))
        .isInstanceOfSatisfying(
            InvalidValueException.class,
            e -> assertThat(e.problems())
                .containsExactly(
                    new Problem("name", RULE, "\"-bert\""),
                    new Problem("variant", RULE, "\"bl_ue\"")));
  }

  @Test
  void thePathIsNameAndVariant() {
    assertThat(new Routing("bert", "blue").path()).isEqualTo("bert/blue");
  }

  @Test
  void anOptionIsAddedToACopy() {
    Routing plain = new Routing("bert", "blue");

    Routing routing = plain.with(new SampleOption("red"));

    assertThat(routing).isEqualTo(new Routing("bert", "blue", Options.of(new SampleOption("red"))));
    assertThat(plain.options()).isEqualTo(Options.none());
  }
}
