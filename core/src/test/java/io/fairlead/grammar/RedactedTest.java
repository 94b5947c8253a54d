package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedactedTest {
  @ParameterizedTest
  @CsvSource({
    "https://host/model.onnx, https://host/model.onnx",
    "https://host/m?X-Amz-Signature=abc, https://host/m?(not shown)",
    "https://host/m?a=b?c#d, https://host/m?(not shown)",
    "https://user:pass@host:8443/m, https://host:8443/m",
    "https://token@host/m?sig=x, https://host/m?(not shown)",
    "s3://key:secret@my_bucket/m, s3://my_bucket/m",
    "hf:org/name@revision, hf:org/name@revision",
    "hf://org/name@revision, hf://org/name@revision",
    "file:///tmp/model, file:///tmp/model",
    "//user:pass@host/m?sig=x, //host/m?(not shown)",
    "w?sig=x, w?(not shown)",
    "model.onnx, model.onnx",
    "'', ''"
  })
  void aLocationIsShownWithoutQueryUserAndPassword(URI uri, String shown) {
    assertThat(Redacted.uri(uri)).isEqualTo(shown);
    if (uri.isAbsolute()) {
      assertThat(Redacted.text("At " + uri + " now")).isEqualTo("At " + shown + " now");
    }
  }

  @Test
  void everyUrlOfATextIsRedacted() {
    assertThat(
            Redacted.text("GET https://h/a?sig=1 failed, and 'https://u:p@h/b?sig=2' too. What?"))
        .isEqualTo("GET https://h/a?(not shown) failed, and 'https://h/b?(not shown)' too. What?");
  }

  /** A location may have quotes in it, so that they do not end it. */
  @Test
  void quotesDoNotEndALocation() {
    assertThat(Redacted.text("GET s3://b/it's.onnx?sig='1'2, or \"https://it's:p'w@h/m?s=1'2\"."))
        .isEqualTo("GET s3://b/it's.onnx?(not shown), or \"https://h/m?(not shown)\".");
  }

  @Test
  void aPasswordWithAnAtSignIsNotShownInPart() {
    assertThat(Redacted.text("https://user:p@ss@host/m")).isEqualTo("https://host/m");
  }

  @Test
  void redactingAgainChangesNothing() {
    String once = Redacted.text("\"https://u:p@h/a?sig=1\" (https://h/b?x=y)");

    assertThat(Redacted.text(once)).isEqualTo(once).doesNotContain("sig", "x=y", "u:p");
  }

  @Test
  void noValueThatIsSecretIsShown() {
    String said = "Value '{HF_TOKEN=hf_0123456789, PREFIX=hf_0123456789-x, MODE=fast}' is wrong";

    assertThat(Redacted.text(said, List.of("hf_0123456789", "hf_0123456789-x", "fast")))
        .isEqualTo("Value '{HF_TOKEN=(not shown), PREFIX=(not shown), MODE=fast}' is wrong");
  }
}
