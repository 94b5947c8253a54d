package io.fairlead.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeOptions;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.SampleValues;
import io.fairlead.grammar.SampleValues.SampleOption;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GrammarJsonTest {
  private static final EveryType EVERY_TYPE = new EveryType(
      "text with \"quotes\", \\ and \u0000 \u00e4 \ud83d\ude00",
      Integer.MIN_VALUE,
      Long.MAX_VALUE,
      0.1,
      true,
      EveryType.Shade.DARK,
      URI.create("https://host.example/a%20b?q=1#f"),
      Duration.ofMillis(90_001),
      List.of("b", "a"),
      Map.of("k", "v"),
      new EveryType.Inner("one"),
      List.of(new EveryType.Inner("two"), new EveryType.Inner("three")),
      Map.of("primes", List.of(2, 3, 5)));

  static Stream<Arguments> values() {
    return Stream.of(
            SampleValues.ENDPOINT,
            SampleValues.FUNCTION,
            SampleValues.STATEFUL,
            SampleValues.VERSION,
            SampleValues.CONTAINER,
            SampleValues.ARTIFACT,
            SampleValues.STATE_MANAGER,
            SampleValues.POLICY,
            FunctionLimits.DEFAULT,
            Dependencies.NONE,
            RuntimeSpec.of("image").with(EVERY_TYPE))
        .map(value -> argumentSet(value.getClass().getSimpleName(), value));
  }

  @ParameterizedTest
  @MethodSource("values")
  void aStoredValueReadBackIsEqual(Object value) {
    assertThat(GrammarJson.<Object>read(GrammarJson.write(value), valueType(value)))
        .isEqualTo(value);
    assertThat(GrammarJson.<Object>read(GrammarJson.writePretty(value), valueType(value)))
        .isEqualTo(value);
  }

  @SuppressWarnings("unchecked")
  private static Class<Object> valueType(Object value) {
    return (Class<Object>) value.getClass();
  }

  @Test
  void optionsThatThereAreNoneOfAreLeftOutAndNeedNotBeThere() {
    Routing routing = new Routing("bert", "blue");

    assertThat(GrammarJson.write(routing)).isEqualTo("{\"name\":\"bert\",\"variant\":\"blue\"}");
    assertThat(GrammarJson.read(
            "{\"name\":\"bert\",\"variant\":\"blue\",\"options\":{}}", Routing.class))
        .isEqualTo(routing);
    assertThat(GrammarJson.read("{\"name\":\"bert\",\"variant\":\"blue\"}", Routing.class))
        .isEqualTo(routing);
  }

  @Test
  void aRecordIsAnObjectOfItsComponentsAndNothingElse() {
    assertThat(GrammarJson.write(SampleValues.SCALING))
        .isEqualTo(
            "{\"instanceType\":\"ml.g5.xlarge\",\"count\":2,\"min\":1,\"max\":4,\"options\":"
                + "{\"earlier.EarlierOption\":{\"number\":7},\"sample.SampleOption\":{\"text\":\"red\"}}}");
  }

  @Test
  void numbersDurationsAndEnumsAreWrittenAsTheirAuthorWouldWriteThem() {
    assertThat(GrammarJson.write(FunctionLimits.DEFAULT.withMemory("1GB")))
        .isEqualTo("{\"memoryBytes\":1073741824,\"timeout\":\"PT1M\",\"coldStart\":\"LAZY\","
            + "\"maxConcurrent\":100,\"idleTimeout\":\"PT10M\"}");
    assertThat(GrammarJson.write(EVERY_TYPE)).contains("\"shade\":\"DARK\"");
  }

  @Test
  void anIndentedValueHasTheSameLineEndsEverywhere() {
    assertThat(GrammarJson.writePretty(RuntimeSpec.of("image").with(new SampleOption("red"))))
        .isEqualTo("""
            {
              "image" : "image",
              "options" : {
                "sample.SampleOption" : {
                  "text" : "red"
                }
              }
            }""");
  }

  @Test
  void mapsAreSortedSoThatEqualValuesGiveEqualText() {
    Dependencies dependencies = Dependencies.environment(Map.of("B", "2", "C", "3", "A", "1"));
    Map<String, String> backwards = new TreeMap<>(java.util.Comparator.reverseOrder());
    backwards.putAll(dependencies.environment());

    assertThat(GrammarJson.write(dependencies))
        .contains("{\"A\":\"1\",\"B\":\"2\",\"C\":\"3\"}")
        .isEqualTo(GrammarJson.write(Dependencies.environment(backwards)));
    assertThat(GrammarJson.write(withMap(backwards)))
        .contains("{\"A\":\"1\",\"B\":\"2\",\"C\":\"3\"}");
  }

  private static EveryType withMap(Map<String, String> map) {
    return new EveryType(
        EVERY_TYPE.text(),
        EVERY_TYPE.number(),
        EVERY_TYPE.bigNumber(),
        EVERY_TYPE.fraction(),
        EVERY_TYPE.flag(),
        EVERY_TYPE.shade(),
        EVERY_TYPE.uri(),
        EVERY_TYPE.duration(),
        EVERY_TYPE.list(),
        map,
        EVERY_TYPE.inner(),
        EVERY_TYPE.inners(),
        EVERY_TYPE.lists());
  }

  @Test
  void theTextDoesNotDependOnTheLocale() {
    Locale before = Locale.getDefault();
    String english = GrammarJson.write(SampleValues.ENDPOINT);
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));

      assertThat(GrammarJson.write(SampleValues.ENDPOINT)).isEqualTo(english);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void theOrderOfFieldsDoesNotMatterToReading() {
    assertThat(GrammarJson.read("{\"options\":{},\"image\":\"i\"}", RuntimeSpec.class))
        .isEqualTo(RuntimeSpec.of("i"));
  }

  @Test
  void theEnvironmentsValuesAreInTheJsonBecauseItHasToReadBackEqual() {
    assertThat(GrammarJson.write(SampleValues.ENDPOINT)).contains("\"API_TOKEN\":\"hunter2\"");
  }

  public record WithOptional(Optional<String> text, Optional<Integer> number) {}

  @Test
  void whatIsAbsentIsLeftOut() {
    WithOptional one = new WithOptional(Optional.of("a"), Optional.empty());
    WithOptional none = new WithOptional(Optional.empty(), Optional.empty());

    assertThat(GrammarJson.write(one)).isEqualTo("{\"text\":\"a\"}");
    assertThat(GrammarJson.read("{\"text\":\"a\"}", WithOptional.class)).isEqualTo(one);
    assertThat(GrammarJson.write(none)).isEqualTo("{}");
    assertThat(GrammarJson.read("{}", WithOptional.class)).isEqualTo(none);
    assertThatThrownBy(
            () -> GrammarJson.read("{\"text\":null,\"number\":\"1\"}", WithOptional.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("WithOptional: text must be text (got null); "
            + "number must be a whole number up to 2147483647 (got \"1\")");
  }

  public record WithOptionals(List<Optional<String>> texts) {}

  public record WithNull(List<String> list) {}

  public record WithNumber(double number) {}

  @Test
  void whatHasNoJsonIsRefusedWithItsPlace() {
    assertThatThrownBy(() -> GrammarJson.write(new WithOptionals(List.of(Optional.of("a")))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "WithOptionals.texts cannot be written as JSON, because it is of class java.util.Optional: there are");
    assertThatThrownBy(() -> GrammarJson.write(new WithNull(null)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("WithNull.list cannot be written as JSON, because it is null: ");
    assertThatThrownBy(() -> GrammarJson.write(new WithNumber(Double.NaN)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("WithNumber.number cannot be written as JSON")
        .hasMessageContaining("finite numbers");
  }

  @Test
  void aRecordOnTheClassPathNeedNotBePublic() {
    String json = GrammarJson.write(SampleValues.NOT_PUBLIC);

    assertThat(json).isEqualTo("{\"text\":\"private\"}");
    assertThat(GrammarJson.<Object>read(json, valueType(SampleValues.NOT_PUBLIC)))
        .isEqualTo(SampleValues.NOT_PUBLIC);
  }

  /** Called as another option of the same platform is. */
  static final class Elsewhere {
    public record SampleOption(String text) implements RuntimeOptions {
      @Override
      public String platform() {
        return "sample";
      }
    }
  }

  @Test
  void twoTypesOfOptionsWithOneNameAreRefusedBecauseOneWouldBeLost() {
    Options<RuntimeOptions> options =
        Options.of(new SampleOption("a"), new Elsewhere.SampleOption("b"));

    assertThatThrownBy(() -> GrammarJson.write(new RuntimeSpec(Optional.empty(), options)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "RuntimeSpec.options cannot be written as JSON, because two types of options are called "
                + "sample.SampleOption");
  }
}
