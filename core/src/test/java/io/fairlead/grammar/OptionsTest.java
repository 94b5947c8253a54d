package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.SampleValues.EarlierOption;
import io.fairlead.grammar.SampleValues.SampleOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OptionsTest {
  private static final SampleOption RED = new SampleOption("red");
  private static final SampleOption BLUE = new SampleOption("blue");
  private static final EarlierOption SEVEN = new EarlierOption(7);

  @Test
  void eachTypeIsThereOnce() {
    assertThatThrownBy(() -> Options.of(RED, SEVEN, BLUE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Options: values must hold each type once (got \"SampleOption\")");
  }

  @Test
  void anOptionTakesThePlaceOfOneOfItsType() {
    assertThat(Options.of(RED, SEVEN).with(BLUE)).isEqualTo(Options.of(BLUE, SEVEN));
    assertThat(Options.NONE.with(RED)).isEqualTo(Options.of(RED));
  }

  @Test
  void theOrderInWhichTheyWereAddedMakesNoDifference() {
    assertThat(Options.of(RED, SEVEN))
        .isEqualTo(Options.of(SEVEN, RED))
        .hasSameHashCodeAs(Options.of(SEVEN, RED))
        .hasToString(Options.of(SEVEN, RED).toString());
    assertThat(Options.of(RED, SEVEN).values()).containsExactly(SEVEN, RED);
  }

  @Test
  void anOptionIsFoundByItsType() {
    Options options = Options.of(RED);

    assertThat(options.find(SampleOption.class)).contains(RED);
    assertThat(options.find(EarlierOption.class)).isEmpty();
  }

  @Test
  void theOptionsOfOnePlatformAreThoseWithItsId() {
    assertThat(Options.of(RED, SEVEN).forPlatform("sample")).containsExactly(RED);
    assertThat(Options.of(RED, SEVEN).forPlatform("other")).isEmpty();
  }

  @Test
  void theValuesAreACopy() {
    List<PlatformOptions> values = new ArrayList<>(List.of(RED));
    Options options = new Options(values);

    values.clear();

    assertThat(options.values()).containsExactly(RED);
    assertThatThrownBy(() -> options.values().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }
}
