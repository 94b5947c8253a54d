package io.fairlead.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problem;
import io.fairlead.grammar.Problems;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlatformConfigTest {
  @Test
  void everyKindOfSettingIsRead() {
    PlatformConfig config = config(Map.of(
        "region", "eu-central-1",
        "wait", "90s",
        "tries", "3",
        "public", "false",
        "endpoint", "http://127.0.0.1:8080"));

    assertThat(config.text("region")).contains("eu-central-1");
    assertThat(config.duration("wait")).contains(Duration.ofSeconds(90));
    assertThat(config.integer("tries")).contains(3);
    assertThat(config.flag("public")).contains(false);
    assertThat(config.uri("endpoint")).contains(URI.create("http://127.0.0.1:8080"));
    assertThatCode(config::done).doesNotThrowAnyException();
  }

  @Test
  void aKeyMayHaveHyphensInPlaceOfCapitals() {
    PlatformConfig config = config(Map.of("call-timeout", "90s", "a-1", "x", "instanceType", "t"));

    assertThat(config.duration("callTimeout")).contains(Duration.ofSeconds(90));
    assertThat(config.text("a1")).contains("x");
    assertThat(config.text("instance-type")).contains("t");
    assertThatCode(config::done).doesNotThrowAnyException();
  }

  @Test
  void aKeyInBothFormsIsRefused() {
    PlatformConfig config = config(Map.of("call-timeout", "90s", "callTimeout", "80s"));
    config.duration("callTimeout");

    assertThatThrownBy(config::done)
        .hasMessage("configuration of platform 'moon': callTimeout must be given once: it is there "
            + "with hyphens and with capitals");
  }

  @Test
  void allProblemsOfOneSettingAreToldButOfOneThatCouldNotBeReadOnlyThat() {
    PlatformConfig config = config(Map.of("tags", "a,b", "wait", "soon"));
    config.text("tags");
    config.duration("wait");
    config.built(Map.of(), () -> {
      Problems.in("Settings")
          .check(false, "tags", "must not have a")
          .check(false, "tags", "must not have b")
          .check(false, "wait", "must be long")
          .throwIfAny();
      return "";
    });

    assertThatThrownBy(config::done)
        .hasMessageContaining("tags must not have a; tags must not have b")
        .hasMessageContaining("wait must be a duration above 0")
        .hasMessageNotContaining("must be long");
  }

  @Test
  void whatIsNotGivenIsEmpty() {
    PlatformConfig config = config(Map.of());

    assertThat(config.text("a")).isEmpty();
    assertThat(config.duration("b")).isEmpty();
    assertThat(config.integer("c")).isEmpty();
    assertThat(config.flag("d")).isEmpty();
    assertThat(config.uri("e")).isEmpty();
    assertThatCode(config::done).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({
    "500ms, PT0.5S",
    "90s, PT1M30S",
    "10m, PT10M",
    "2h, PT2H",
    "2 H, PT2H",
    "1d, PT24H",
    "' 10m ', PT10M",
    "PT1M30S, PT1M30S",
    "pt1m, PT1M",
    "P1D, PT24H"
  })
  void aDurationIsANumberWithAUnitOrIso8601(String text, String duration) {
    assertThat(config(Map.of("wait", text)).duration("wait")).contains(Duration.parse(duration));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "10",
        "s",
        "-5s",
        "0s",
        "PT0S",
        "PT-1S",
        "1.5h",
        "10 minutes",
        "soon",
        "P",
        "9223372036854775807h",
        "99999999999999999999s",
        "PT9999999999999999999S"
      })
  void anyOtherDurationIsRefused(String text) {
    PlatformConfig config = config(Map.of("wait", text));

    assertThat(config.duration("wait")).isEmpty();
    assertThatThrownBy(config::done)
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "configuration of platform 'moon': wait must be a duration above 0, such as 90s, 10m or 2h (got \""
                + text + "\")");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "many", "1.5", "1 000", "2147483648"})
  void aWholeNumberIsOne(String text) {
    PlatformConfig config = config(Map.of("tries", text));

    assertThat(config.integer("tries")).isEmpty();
    assertThatThrownBy(config::done)
        .hasMessage("configuration of platform 'moon': tries must be a whole number (got \"" + text
            + "\")");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "yes", "TRUE", "1", " true"})
  void aFlagIsTrueOrFalse(String text) {
    PlatformConfig config = config(Map.of("public", text));

    assertThat(config.flag("public")).isEmpty();
    assertThatThrownBy(config::done)
        .hasMessage("configuration of platform 'moon': public must be true or false (got \"" + text
            + "\")");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "localhost", "//host/path", "http://a b"})
  void aUriHasAScheme(String text) {
    PlatformConfig config = config(Map.of("endpoint", text));

    assertThat(config.uri("endpoint")).isEmpty();
    assertThatThrownBy(config::done)
        .hasMessage("configuration of platform 'moon': endpoint must be a URI with a scheme (got \""
            + text + "\")");
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://me:hunter2@a b", "//me:hunter2@host", "host/?sig=hunter2"})
  void aWrongUriThatMayHoldASecretIsNotShown(String text) {
    PlatformConfig config = config(Map.of("endpoint", text));

    assertThat(config.uri("endpoint")).isEmpty();
    assertThatThrownBy(config::done)
        .hasMessage("configuration of platform 'moon': endpoint must be a URI with a scheme");
  }

  @Test
  void aProvidersOwnSettingIsReadByItsOwnFunction() {
    PlatformConfig config = config(Map.of("locale", "de-DE", "count", "x"));

    assertThat(config.parsed("locale", "must be a language", Locale::forLanguageTag))
        .contains(Locale.GERMANY);
    assertThat(config.parsed("count", "must be a number", Long::valueOf)).isEmpty();
    assertThatThrownBy(config::done)
        .hasMessage("configuration of platform 'moon': count must be a number (got \"x\")");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  "})
  void aRequiredSettingIsNotBlank(String text) {
    PlatformConfig config = config(Map.of("role", text));

    assertThat(config.requiredText("role", "the role to run as")).isEmpty();
    assertThatThrownBy(config::done)
        .hasMessage(
            "configuration of platform 'moon': role must be given: it is the role to run as");
  }

  @Test
  void aRequiredSettingThatIsThereIsItself() {
    PlatformConfig config = config(Map.of("role", "admin"));

    assertThat(config.requiredText("role", "the role to run as")).isEqualTo("admin");
    assertThatCode(config::done).doesNotThrowAnyException();
  }

  @Test
  void everythingThatIsWrongMissingOrUnknownIsReportedAtOnce() {
    PlatformConfig config = config(Map.of("wiat", "90s", "tries", "many", "zone", "hunter2"));
    config.requiredText("role", "the role to run as");
    config.integer("tries");
    config.duration("wait");

    assertThatThrownBy(config::done)
        .isInstanceOfSatisfying(
            InvalidValueException.class,
            e -> assertThat(e.problems())
                .extracting(Problem::field)
                .containsExactly("role", "tries", "wiat", "zone"))
        .hasMessage(
            "configuration of platform 'moon': role must be given: it is the role to run as; "
                + "tries must be a whole number (got \"many\"); "
                + "wiat is not a setting; there are: role, tries, wait; "
                + "zone is not a setting; there are: role, tries, wait")
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void aPlatformWithoutSettingsSaysSo() {
    assertThatThrownBy(config(Map.of("a", "1"))::done)
        .hasMessage("configuration of platform 'moon': a is not a setting; there are none");
  }

  @Test
  void theSettingsAreACopy() {
    Map<String, String> settings = new HashMap<>(Map.of("a", "1"));
    PlatformConfig config = config(settings);

    settings.put("a", "2");

    assertThat(config.text("a")).contains("1");
  }

  @Test
  void itsTextFormHasNoValues() {
    assertThat(config(Map.of("key", "hunter2", "a", "1"))).hasToString("PlatformConfig[a, key]");
  }

  private static PlatformConfig config(Map<String, String> settings) {
    return new PlatformConfig("moon", settings, PlatformConfigTest.class.getClassLoader());
  }
}
