package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import java.net.URI;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ContentNameTest {
  private static final ContentName MIXED = new ContentName(63, false);
  private static final ContentName LOWER = new ContentName(63, true);

  @Test
  void aNameHasAReadablePartAndAHashOfTheContent() {
    assertThat(MIXED.of("Bert/blue", "a", "b"))
        .isEqualTo("fairlead-Bert-blue-" + Fingerprint.of("a", "b"))
        .isNotEqualTo(MIXED.of("Bert/blue", "ab"));
    assertThat(LOWER.of("Bert/blue", "a", "b"))
        .isEqualTo("fairlead-bert-blue-" + Fingerprint.of("a", "b"));
  }

  @ParameterizedTest
  @CsvSource({
    "bert, bert-",
    "__bert__, bert-",
    "a..b//c, a-b-c-",
    "größe, gr-e-",
    "'', ''",
    "///, ''",
    "2024-01, 2024-01-"
  })
  void theReadablePartHasLettersDigitsAndHyphensOnly(String readable, String part) {
    assertThat(MIXED.beginning(readable)).isEqualTo("fairlead-" + part);
    assertThat(LOWER.beginning(readable)).isEqualTo("fairlead-" + part);
  }

  @ParameterizedTest
  @CsvSource({
    "gs://models/bert/, bert",
    "gs://models/bert//, bert",
    "s3://models/bert-v2/model.tar.gz, model-tar-gz",
    "file:///models/my%20model_, my-model",
    "hf://org/name, name",
    "https://example.com/a..b?signature=x, a-b",
    "gs://models/, model",
    "gs://models, model",
    "gs://models/___, model",
    "azureml:bert:1, model"
  })
  void theReadablePartOfAModelIsTheLastOfItsLocation(URI weights, String part) {
    assertThat(ContentName.readablePart(ModelArtifact.of(weights))).isEqualTo(part);
  }

  @Test
  void theReadablePartOfAModelIsItsName() {
    ModelArtifact bert = ModelArtifact.of(URI.create("gs://models/v2/"))
        .withMetadata(ModelMetadata.NONE.withName("Bert"));

    assertThat(ContentName.readablePart(bert)).isEqualTo("Bert");
  }

  @Test
  void aLongFolderGivesAShortName() {
    ModelArtifact deep = ModelArtifact.of(URI.create("gs://models/" + "x".repeat(300) + "/"));
    ModelArtifact cutAtHyphen =
        ModelArtifact.of(URI.create("gs://models/" + "x".repeat(62) + "-y/"));

    assertThat(ContentName.readablePart(deep)).isEqualTo("x".repeat(63));
    assertThat(ContentName.readablePart(cutAtHyphen)).isEqualTo("x".repeat(62));
  }

  @ParameterizedTest
  @ValueSource(ints = {25, 26, 27, 28, 40, 63, 256})
  void noNameIsLongerThanThePlatformTakes(int longest) {
    ContentName names = new ContentName(longest, false);

    for (int length = 0; length < 300; length++) {
      String name = names.of("n".repeat(length), "x");
      assertThat(name).hasSizeLessThanOrEqualTo(longest).matches("[a-z0-9]+(-[a-z0-9]+)*");
      assertThat(names.isMadeHere(name)).isTrue();
    }
    if (longest > 27) {
      assertThat(names.of("n".repeat(300), "x")).hasSize(longest);
    }
  }

  @Test
  void aPartThatIsCutAtAHyphenEndsWithALetter() {
    String name = new ContentName(30, false).of("abc-def", "x");

    assertThat(name).startsWith("fairlead-abc-").doesNotContain("--");
  }

  @Test
  void theDefaultLocaleDoesNotCount() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("tr"));
    try {
      assertThat(LOWER.beginning("INFER")).isEqualTo("fairlead-infer-");
    } finally {
      Locale.setDefault(before);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fairlead-0123456789abcdef",
        "fairlead-bert-0123456789abcdef",
        "fairlead-a-b-c-0123456789abcdef"
      })
  void aNameThatIsMadeHereIsKnownByItsSpelling(String name) {
    assertThat(MIXED.isMadeHere(name)).isTrue();
    assertThat(LOWER.isMadeHere(name)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "fairlead-",
        "fairlead-bert",
        "fairlead-0123456789abcde",
        "fairlead-0123456789abcdeg",
        "fairlead-bert0123456789abcdef",
        "my-fairlead-0123456789abcdef",
        "fairlead-a_b-0123456789abcdef",
        "fairlead-0123456789abcdef-2"
      })
  void anyOtherNameIsNot(String name) {
    assertThat(MIXED.isMadeHere(name)).isFalse();
    assertThat(LOWER.isMadeHere(name)).isFalse();
  }

  @Test
  void capitalsAreOnlyInNamesThatMayHaveThem() {
    String name = MIXED.of("Bert", "x");

    assertThat(MIXED.isMadeHere(name)).isTrue();
    assertThat(LOWER.isMadeHere(name)).isFalse();
  }

  @Test
  void aNameHasRoomForItsHash() {
    assertThatExceptionOfType(InvalidValueException.class)
        .isThrownBy(() -> new ContentName(24, false))
        .withMessageContaining("must be 25 or more");
  }
}
