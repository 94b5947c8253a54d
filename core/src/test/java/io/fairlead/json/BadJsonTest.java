package io.fairlead.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Problem;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.SampleValues;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.Served;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.grammar.Version;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BadJsonTest {
  private static final String NAME_RULE =
      "must be 1 to 63 letters, digits and hyphens that begin and end with a letter or digit";

  /** An endpoint without options, to spoil in one place. */
  private static final String ENDPOINT = """
      {
        "container": {
          "artifact": {
            "code": "s3://models/code",
            "weights": "s3://models/weights",
            "metadata": {"labels": {}, "options": {}}
          },
          "runtime": {"options": {}},
          "dependencies": {"environment": {"TOKEN": "hunter2"}, "packages": ["numpy"], "options": {}}
        },
        "scaling": {"instanceType": "ml.m5.large", "count": 1, "min": 1, "max": 1, "options": {}},
        "routing": {"name": "bert", "variant": "blue", "options": {}}
      }
      """;

  @Test
  void theEndpointIsRightBeforeItIsSpoilt() {
    assertThat(GrammarJson.read(ENDPOINT, Endpoint.class).name()).isEqualTo("bert");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      "count": 1, | "cuont": 1, "count": 1, | scaling.cuont is not a field of Scaling, which has instanceType, count, min, max, options
      "count": 1, | ``                      | scaling.count is missing
      "count": 1  | "count": "1"            | scaling.count must be a whole number up to 2147483647 (got "1")
      "count": 1  | "count": 1.5            | scaling.count must be a whole number up to 2147483647 (got 1.5)
      "count": 1  | "count": 1.0            | scaling.count must be a whole number up to 2147483647 (got 1.0)
      "count": 1  | "count": 1e0            | scaling.count must be a whole number up to 2147483647 (got 1.0)
      "count": 1  | "count": 2147483648     | scaling.count must be a whole number up to 2147483647 (got 2147483648)
      "count": 1  | "count": null           | scaling.count must be a whole number up to 2147483647 (got null)
      "count": 1  | "count": true           | scaling.count must be a whole number up to 2147483647 (got true)
      "count": 1  | "count": {}             | scaling.count must be a whole number up to 2147483647 (got an object)
      "count": 1  | "count": [1]            | scaling.count must be a whole number up to 2147483647 (got an array)
      "count": 1  | "count": 2              | scaling.count must be from min to max, which are 1 and 1 (got 2)
      "ml.m5.large" | 5                     | scaling.instanceType must be text (got 5)
      "ml.m5.large" | null                  | scaling.instanceType must be text (got null)
      "ml.m5.large" | ["ml"]                | scaling.instanceType must be text (got an array)
      "ml.m5.large" | {"name": "ml"}        | scaling.instanceType must be text (got an object)
      ["numpy"]   | "numpy"                 | container.dependencies.packages must be an array (got text)
      ["numpy"]   | {"0": "numpy"}          | container.dependencies.packages must be an array (got an object)
      ["numpy"]   | null                    | container.dependencies.packages must be an array (got null)
      ["numpy"]   | ["numpy", 1]            | container.dependencies.packages[1] must be text (got 1)
      ["numpy"]   | ["numpy", ["torch"]]    | container.dependencies.packages[1] must be text (got an array)
      ["numpy"]   | [null]                  | container.dependencies.packages[0] must be text (got null)
      ["numpy"]   | [""]                    | container.dependencies.packages must not contain a blank name (got "")
      "s3://models/code" | "models/code"    | container.artifact.code must be a URI with a scheme, such as file:, s3: or gs: (got "models/code")
      "s3://models/code" | "s3://models/a b" | container.artifact.code must be a URI, and has an error at character 14: Illegal character in path
      "s3://models/code" | ["s3://models"]  | container.artifact.code must be a URI (got an array)
      "s3://models/code" | 5                | container.artifact.code must be a URI (got 5)
      "options": {}}\\n}  | "options": []}\\n} | routing.options must be an object with a field platform.Type for each option (got an array)
      "options": {}}\\n}  | "options": {"x": {}}}\\n} | routing.options.x must be named platform.Type
      """)
  void oneMistakeIsOneProblemWithPathRuleAndValue(String right, String wrong, String problem) {
    String json = spoilt(right.replace("\\n", "\n"), wrong.replace("\\n", "\n"));

    assertThatThrownBy(() -> GrammarJson.read(json, Endpoint.class))
        .isInstanceOfSatisfying(
            InvalidValueException.class, e -> assertThat(e.problems()).hasSize(1))
        .hasMessage("Endpoint: " + problem);
  }

  private static String spoilt(String right, String wrong) {
    assertThat(ENDPOINT).containsOnlyOnce(right);
    return ENDPOINT.replace(right, wrong);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      "coldStart":"LAZY" | "coldStart":"lazy"  | coldStart must be one of EAGER, LAZY (got "lazy")
      "coldStart":"LAZY" | "coldStart":1       | coldStart must be one of EAGER, LAZY (got 1)
      "coldStart":"LAZY" | "coldStart":""      | coldStart must be one of EAGER, LAZY (got "")
      "coldStart":"LAZY" | "coldStart":null    | coldStart must be one of EAGER, LAZY (got null)
      "PT1M"             | "1m"                | timeout must be a duration in ISO 8601, such as PT1M30S (got "1m")
      "PT1M"             | 60                  | timeout must be a duration in ISO 8601, such as PT1M30S (got 60)
      "PT1M"             | null                | timeout must be a duration in ISO 8601, such as PT1M30S (got null)
      "PT1M"             | "PT0S"              | timeout must be more than 0 (got 0 s)
      "PT1M"             | "PT9999999999999999H" | timeout must be a duration in ISO 8601, such as PT1M30S (got "PT9999999999999999H")
      1073741824         | "1GB"               | memoryBytes must be a whole number up to 9223372036854775807 (got "1GB")
      1073741824         | 9223372036854775808 | memoryBytes must be a whole number up to 9223372036854775807 (got 9223372036854775808)
      """)
  void enumsDurationsAndBigNumbersAreReadAsStrictly(String right, String wrong, String problem) {
    String json = GrammarJson.write(FunctionLimits.DEFAULT.withMemory("1GB")).replace(right, wrong);

    assertThatThrownBy(() -> GrammarJson.read(json, FunctionLimits.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("FunctionLimits: " + problem);
  }

  @Test
  void aWeightOf101IsRefused() {
    assertThatThrownBy(() -> GrammarJson.read("{\"percent\":101}", TrafficWeight.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("TrafficWeight: percent must be 0 to 100 (got 101)");

    String version = GrammarJson.write(SampleValues.VERSION);
    assertThatThrownBy(() ->
            GrammarJson.read(version.replace("\"percent\":10", "\"percent\":101"), Version.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Version: weight.percent must be 0 to 100 (got 101)");
  }

  @Test
  void aNameOf64CharactersIsRefused() {
    String name = "a".repeat(64);

    assertThatThrownBy(() -> GrammarJson.read(spoilt("\"bert\"", '"' + name + '"'), Endpoint.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Endpoint: routing.name " + NAME_RULE + " (got \"" + name + "\")");
  }

  @Test
  void twoWrongFieldsOfOneRecordAreBothReported() {
    String json = spoilt("\"bert\", \"variant\": \"blue\"", "\"-bert\", \"variant\": \"bl_ue\"");

    assertThatThrownBy(() -> GrammarJson.read(json, Endpoint.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Endpoint: routing.name " + NAME_RULE + " (got \"-bert\"); routing.variant "
            + NAME_RULE + " (got \"bl_ue\")");
  }

  @Test
  void mistakesOfAllSortsInAllPlacesAreReportedAtOnce() {
    String json = spoilt("\"count\": 1,", "\"cuont\": 1,")
        .replace("\"s3://models/weights\"", "\"weights\"")
        .replace("[\"numpy\"]", "[1, 2]")
        .replace("\"blue\"", "\"bl_ue\"");

    InvalidValueException exception = catchThrowableOfType(
        InvalidValueException.class, () -> GrammarJson.read(json, Endpoint.class));

    assertThat(exception.problems())
        .extracting(Problem::field)
        .containsExactly(
            "container.artifact.weights",
            "container.dependencies.packages[0]",
            "container.dependencies.packages[1]",
            "scaling.count",
            "scaling.cuont",
            "routing.variant");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      ``      | nothing
      `  `    | nothing
      null    | null
      []      | an array
      3       | a number
      true    | true or false
      "text"  | text
      """)
  void whatIsNoObjectIsRefused(String json, String got) {
    assertThatThrownBy(() -> GrammarJson.read(json, Endpoint.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "Endpoint: JSON must be an object with the fields of Endpoint (got " + got + ")");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      {"image": "i"                  | Unexpected end-of-input: expected close marker for Object, at image (line 1, column 14)
      {\\n"image" "", "options": {}} | Unexpected character ('"' (code 34)): was expecting a colon to separate field name and value, at image (line 2, column 9)
      {"image": "", "options": {},}  | Unexpected character ('}' (code 125)): was expecting double-quote to start field name, at options (line 1, column 29)
      """)
  void malformedJsonIsToldWithLineAndColumn(String json, String reason) {
    assertThatThrownBy(() -> GrammarJson.read(json.replace("\\n", "\n"), RuntimeSpec.class))
        .isInstanceOf(InvalidValueException.class)
        .hasCauseInstanceOf(JsonProcessingException.class)
        .hasMessage("RuntimeSpec: JSON must be well-formed: " + reason);
  }

  @Test
  void aFieldThatIsThereTwiceIsToldWithItsPath() {
    assertThatThrownBy(() -> GrammarJson.read(
            spoilt("\"count\": 1,", "\"count\": 1, \"count\": 1,"), Endpoint.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("'count', at scaling.count (line 11, column ");
    assertThatThrownBy(() ->
            GrammarJson.read(spoilt("\"TOKEN\"", "\"TOKEN\": \"\", \"TOKEN\""), Endpoint.class))
        .hasMessageContaining("'TOKEN', at container.dependencies.environment.TOKEN (line 9, ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "1", "x", "}", ","})
  void nothingMayFollowTheValue(String trailing) {
    assertThatThrownBy(() -> GrammarJson.read(ENDPOINT + trailing, Endpoint.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageStartingWith("Endpoint: JSON must ")
        .hasMessageContaining("(line 14, column ");
  }

  @Test
  void aValueThatFollowsIsCalledThat() {
    assertThatThrownBy(() -> GrammarJson.read("{} {}", Endpoint.class))
        .hasMessage("Endpoint: JSON must end with the value (line 1, column 4)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"environment\":{\"TOKEN\":4711},\"packages\":[],\"options\":{}}",
        "{\"environment\":\"TOKEN=4711\",\"packages\":[],\"options\":{}}",
        "{\"environment\":[\"TOKEN=4711\"],\"packages\":[],\"options\":{}}",
        "{\"environment\":{\"TO KEN\":\"4711\"},\"packages\":[],\"options\":{}}",
        "{\"environment\":{\"TOKEN\":{\"value\":4711}},\"packages\":[],\"options\":{}}"
      })
  void noValueOfAnEnvironmentIsInAMessage(String json) {
    InvalidValueException exception = catchThrowableOfType(
        InvalidValueException.class, () -> GrammarJson.read(json, Dependencies.class));

    assertThat(exception).hasMessageContaining("environment").hasMessageNotContaining("4711");
    assertThat(exception).hasStackTraceContaining("environment");
    assertThat(org.assertj.core.util.Throwables.getStackTrace(exception)).doesNotContain("4711");
  }

  @Test
  void aUriThatMayHoldASecretIsNotInAMessage() {
    String json =
        "{\"code\":\"https://me:hunter2@h/ x\",\"weights\":\"https://h/?sig=hunter2 \",\"metadata\":{}}";

    assertThatThrownBy(() -> GrammarJson.read(json, ModelArtifact.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("code must be a URI, and has an error at character 22")
        .hasMessageContaining("weights must be a URI, and has an error at character 23")
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void onlyRecordsAreRead() {
    assertThatThrownBy(() -> GrammarJson.read(ENDPOINT, Served.class))
        .isExactlyInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "io.fairlead.grammar.Served cannot be read from JSON: read a record of the grammar, such as "
                + "Endpoint or ModelFunction");
  }

  @Test
  void optionsOfAPlatformThatIsNotOnTheClassPathNameItsModuleAndWhatThereIs() {
    String json =
        "{\"name\":\"bert\",\"variant\":\"blue\",\"options\":{\"mars.RoverOption\":{\"wheels\":6}}}";

    assertThatThrownBy(() -> GrammarJson.read(json, Routing.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "Routing: options.mars.RoverOption is not known: add the module of platform 'mars' to the class"
                + " path, which has the options earlier.EarlierOption, sample.EveryType, sample.RefusingOption, "
                + "sample.SampleOption");
  }

  @Test
  void problemsInsideOptionsHaveTheirPathToo() {
    String json = GrammarJson.write(SampleValues.SCALING)
        .replace("\"number\":7", "\"number\":\"7\"")
        .replace("\"text\":\"red\"", "\"colour\":\"red\"");

    assertThatThrownBy(() -> GrammarJson.read(json, Scaling.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "Scaling: options.earlier.EarlierOption.number must be a whole number up to 2147483647 (got "
                + "\"7\"); options.sample.SampleOption.text is missing; options.sample.SampleOption.colour is not a field "
                + "of SampleOption, which has text");
  }

  @Test
  void anOptionInTheWrongPartIsRefusedTogetherWithWhatElseIsWrong() {
    String json = "{\"name\":0,\"options\":{\"sample.RefusingOption\":{}}}";

    assertThatThrownBy(() -> GrammarJson.read(json, Routing.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("name must be text")
        .hasMessageContaining("variant is missing")
        .hasMessageContaining(
            "options.sample.RefusingOption is not an option of Routing: it belongs to RuntimeSpec; "
                + "options.sample.RefusingOption.number is missing");
  }

  @Test
  void whatAnOptionsConstructorThrowsIsAProblemAndKept() {
    String json = "{\"image\":\"i\",\"options\":{\"sample.RefusingOption\":{\"number\":2}}}";

    assertThatThrownBy(() -> GrammarJson.read(json, RuntimeSpec.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("RuntimeSpec: options.sample.RefusingOption is refused by RefusingOption: "
            + "java.lang.IllegalStateException: the number is not 1")
        .satisfies(e -> assertThat(e.getSuppressed())
            .singleElement()
            .isInstanceOf(IllegalStateException.class));
  }

  @Test
  void optionsComeFromTheThreadsContextClassLoader(@TempDir Path directory) throws IOException {
    String json = GrammarJson.write(SampleValues.ROUTING);

    try (URLClassLoader only = services(directory, TestOptionsProvider.Earlier.class.getName())) {
      assertThatThrownBy(() -> with(only, () -> GrammarJson.read(json, Routing.class)))
          .isInstanceOf(InvalidValueException.class)
          .hasMessage(
              "Routing: options.sample.SampleOption is not known: add the module of platform 'sample' to the"
                  + " class path, which has the options earlier.EarlierOption");
    }
  }

  @Test
  void aProviderOfOptionsThatDoesNotLoadHindersNoOther(@TempDir Path directory) throws IOException {
    String json = "{\"image\":\"i\",\"options\":{\"earlier.EarlierOption\":{\"number\":7}}}";
    String broken = "no.such.Provider\n" + TestOptionsProvider.Broken.class.getName() + "\n";

    try (URLClassLoader loader =
        services(directory, broken + TestOptionsProvider.Earlier.class.getName())) {
      assertThat(with(loader, () -> GrammarJson.read(json, RuntimeSpec.class))
              .options()
              .values())
          .hasSize(1);
    }
  }

  @Test
  void aProviderOfOptionsThatDoesNotLoadIsNamedWhereAnOptionIsNotFound(@TempDir Path directory)
      throws IOException {
    String json = "{\"image\":\"i\",\"options\":{\"sample.SampleOption\":{\"text\":\"red\"}}}";
    String broken = "no.such.Provider\n" + TestOptionsProvider.Broken.class.getName();

    try (URLClassLoader loader = services(directory, broken)) {
      assertThatThrownBy(() -> with(loader, () -> GrammarJson.read(json, RuntimeSpec.class)))
          .isInstanceOf(InvalidValueException.class)
          .hasMessageContaining("which has no options and providers that could not be loaded: ")
          .hasMessageContaining("no.such.Provider")
          .hasMessageContaining("the module is broken")
          .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
    }
  }

  private interface Reading<T> {
    T read();
  }

  private static <T> T with(ClassLoader loader, Reading<T> reading) {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try {
      return reading.read();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /** A class loader that has the classes of the tests, but another list of providers. */
  private static URLClassLoader services(Path directory, String lines) throws IOException {
    Path services = Files.createDirectories(directory.resolve("META-INF/services"));
    Files.writeString(services.resolve("io.fairlead.spi.OptionsProvider"), lines);
    return new OwnServices(directory);
  }

  private static final class OwnServices extends URLClassLoader {
    OwnServices(Path directory) throws MalformedURLException {
      super(new URL[] {directory.toUri().toURL()}, OwnServices.class.getClassLoader());
    }

    @Override
    public java.util.Enumeration<URL> getResources(String name) throws IOException {
      return name.startsWith("META-INF/services/") ? findResources(name) : super.getResources(name);
    }
  }
}
