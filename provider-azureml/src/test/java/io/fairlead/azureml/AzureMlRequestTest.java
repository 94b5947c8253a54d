package io.fairlead.azureml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.InvalidValueException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AzureMlRequestTest {
  @Test
  void eachPartIsOptional() {
    AzureMlRequest both = AzureMlRequest.path("/v1/chat/completions").withClientRequestId("a-1_Z");

    assertThat(both)
        .isEqualTo(AzureMlRequest.clientRequestId("a-1_Z").withPath("/v1/chat/completions"));
    assertThat(AzureMlRequest.path("/score/").clientRequestId()).isEmpty();
    assertThat(AzureMlRequest.clientRequestId("x".repeat(40)).path()).isEmpty();
    assertThat(both.platform()).isEqualTo("azureml");
    assertThat(new AzureMlRequest(Optional.empty(), Optional.empty()).path()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "/", "v1/chat", "/a/../b", "/a?b=c", "/a b", "//a", "/a#b", "/%zz", "@host/a", "\\a",
        "/a\n"
      })
  void aPathIsOneOfAUrl(String path) {
    assertThatThrownBy(() -> AzureMlRequest.path(path))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageStartingWith("AzureMlRequest: path must be a path other than /");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "order 17", "a.b", "ä", "a\nb", "12345678901234567890123456789012345678901"})
  void anIdIsWhatAzureMlKeepsOfIt(String id) {
    assertThatThrownBy(() -> AzureMlRequest.clientRequestId(id))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageStartingWith(
            "AzureMlRequest: clientRequestId must be 1 to 40 letters, digits, hyphens and underscores");
  }
}
