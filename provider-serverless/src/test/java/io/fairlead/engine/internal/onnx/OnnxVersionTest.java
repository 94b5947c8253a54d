package io.fairlead.engine.internal.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class OnnxVersionTest {
  private final Failures failures = new Failures("local");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.24",
        "1.24.0",
        "1.24.1",
        "1.26.0",
        "1.100.2",
        "2.0.0",
        "1.27.0-dev",
        "1.26.0+cpu",
        "10.1"
      })
  void aRecentVersionRuns(String version) {
    assertThatCode(() -> OnnxVersion.check(version, failures)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.23.2",
        "1.20.0",
        "1.3.0",
        "1.2",
        "0.30.0",
        "",
        "1",
        "1.",
        "unknown",
        "v1.26.0",
        "1.26a",
        "1.9999999999.0"
      })
  void anEarlierOneIsRefusedWithTheOneThatIsNeeded(String version) {
    assertThatThrownBy(() -> OnnxVersion.check(version, failures))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED))
        .hasMessageStartingWith(
            "ONNX Runtime " + version + " does not run models here, because 1.24 is the first")
        .hasMessageContaining(
            "set the version of com.microsoft.onnxruntime:onnxruntime to 1.24 or later");
  }

  @Test
  void theVersionOfTheJarIsThatOfItsLibrary() {
    assertThat(OnnxVersion.ofJar())
        .contains(OnnxLibrary.environment(Models.cacheFolder()).getVersion());
  }
}
