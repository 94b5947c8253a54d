package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.SampleValues.EarlierOption;
import io.fairlead.grammar.SampleValues.SampleOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OptionsTest {
  private static final SampleOption RED = new SampleOption("red");
  private static final SampleOption BLUE = new SampleOption("blue");
  private static final EarlierOption SEVEN = new EarlierOption(7);

  @Test
  void eachTypeIsThereOnce() {
    assertThatThrownBy(() -> Options.<RuntimeOptions>of(RED, SEVEN, BLUE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Options: values must hold each type once (got \"SampleOption\")");
  }

  @Test
  void anOptionTakesThePlaceOfOneOfItsType() {
    assertThat(Options.<RuntimeOptions>of(RED, SEVEN).with(BLUE))
        .isEqualTo(Options.of(BLUE, SEVEN));
    assertThat(Options.<RuntimeOptions>none().with(RED)).isEqualTo(Options.of(RED));
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
    Options<RuntimeOptions> options = Options.of(RED);

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
    List<RuntimeOptions> values = new ArrayList<>(List.of(RED));
    Options<RuntimeOptions> options = new Options<>(values);

    values.clear();

    assertThat(options.values()).containsExactly(RED);
    assertThatThrownBy(() -> options.values().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  private record ForScaling(String platform) implements ScalingOptions {}

  private record ForTwo(String platform) implements RoutingOptions, ArtifactOptions {}

  @Test
  void aTypeBelongsToThePartsWhoseInterfacesItHas() {
    assertThat(Options.partOf(ForScaling.class)).isEqualTo("Scaling");
    assertThat(Options.partOf(ForTwo.class)).isEqualTo("ModelMetadata or Routing");
    assertThat(Options.partOf(RuntimeOptions.class)).isEqualTo("RuntimeSpec");
  }

  @ParameterizedTest
  @MethodSource("parts")
  @SuppressWarnings({"unchecked", "rawtypes"}) // The way past the compiler.
  void whatGetsPastTheCompilerIsRefusedWithThePartThatItBelongsTo(
      String part, Consumer<Options> make) {
    Options wrong =
        new Options(List.of(part.equals("Scaling") ? new ForTwo("mars") : new ForScaling("mars")));

    assertThatThrownBy(() -> make.accept(wrong))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            part.equals("Scaling")
                ? "Scaling: options must be options of Scaling: ForTwo belongs to ModelMetadata or Routing"
                    + " (got \"ForTwo\")"
                : part + ": options must be options of " + part
                    + ": ForScaling belongs to Scaling (got \"ForScaling\")");
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // The way past the compiler.
  static Stream<Arguments> parts() {
    return Stream.of(
        part("RuntimeSpec", options -> new RuntimeSpec(Optional.empty(), options)),
        part("Scaling", options -> new Scaling(Optional.empty(), 1, 1, 1, options)),
        part("Routing", options -> new Routing("bert", "blue", options)),
        part("Dependencies", options -> new Dependencies(Map.of(), List.of(), options)),
        part(
            "ModelMetadata",
            options -> new ModelMetadata(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                options)));
  }

  @SuppressWarnings("rawtypes") // The way past the compiler.
  private static Arguments part(String name, Consumer<Options> make) {
    return Arguments.argumentSet(name, name, make);
  }
}
