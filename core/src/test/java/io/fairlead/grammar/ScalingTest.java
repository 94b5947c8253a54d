package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.SampleValues.SampleOption;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScalingTest {
  @Test
  void aFixedNumberIsItsOwnLeastAndMost() {
    assertThat(Scaling.fixed("ml.m5.large", 3))
        .isEqualTo(new Scaling(Optional.of("ml.m5.large"), 3, 3, 3, Options.none()));
    assertThat(Scaling.fixed("ml.m5.large", 3).isAutomatic()).isFalse();
  }

  @Test
  void anAutomaticNumberBeginsWithTheLeastButWithOne() {
    assertThat(Scaling.between("ml.m5.large", 0, 4))
        .isEqualTo(new Scaling(Optional.of("ml.m5.large"), 1, 0, 4, Options.none()));
    assertThat(Scaling.between("ml.m5.large", 0, 4).isAutomatic()).isTrue();
    assertThat(Scaling.between("ml.m5.large", 4, 4).isAutomatic()).isFalse();
  }

  @Test
  void theNumberToBeginWithIsReplacedInACopy() {
    assertThat(Scaling.between("ml.m5.large", 1, 4).withCount(3))
        .isEqualTo(new Scaling(Optional.of("ml.m5.large"), 3, 1, 4, Options.none()));
  }

  @Test
  void thereMayBeNothingToChooseOfAnInstanceType() {
    assertThat(Scaling.fixed(1).instanceType()).isEmpty();
    assertThat(Scaling.between(0, 4))
        .isEqualTo(new Scaling(Optional.empty(), 1, 0, 4, Options.none()));
    assertThatThrownBy(() -> Scaling.fixed("", 1))
        .hasMessageContaining("instanceType must not be empty");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      m l  | 1  | 1  | 1  | instanceType must not be empty or contain spaces; where there is none to choose, leave it out (got "m l")
      ml   | -1 | -1 | 1  | min must be 0 or more (got -1)
      ml   | 0  | 0  | 0  | max must be 1 or more (got 0)
      ml   | 1  | 2  | 1  | min must not be more than max, which is 1 (got 2)
      ml   | 0  | 1  | 4  | count must be from min to max, which are 1 and 4 (got 0)
      ml   | 5  | 1  | 4  | count must be from min to max, which are 1 and 4 (got 5)
      """)
  void eachRuleIsNamedWithItsValue(
      String instanceType, int count, int min, int max, String problem) {
    assertThatThrownBy(
            () -> new Scaling(Optional.of(instanceType), count, min, max, Options.none()))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Scaling: " + problem);
  }

  @Test
  void aFixedNumberOfNoInstancesIsRefused() {
    assertThatThrownBy(() -> Scaling.fixed("ml", 0)).hasMessageContaining("max must be 1 or more");
  }

  @Test
  void allProblemsAreReportedAtOnce() {
    assertThatThrownBy(() -> new Scaling(Optional.of("m l"), 9, -1, 0, Options.none()))
        .isInstanceOfSatisfying(
            InvalidValueException.class,
            e -> assertThat(e.problems())
                .extracting(Problem::field)
                .containsExactly("instanceType", "min", "max", "count"));
  }

  @Test
  void anOptionIsAddedToACopy() {
    Scaling scaling = Scaling.fixed("ml", 1).with(new SampleOption("red"));

    assertThat(scaling)
        .isEqualTo(new Scaling(Optional.of("ml"), 1, 1, 1, Options.of(new SampleOption("red"))));
  }
}
