package io.fairlead.azureml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.InvalidValueException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AzureMlRequestTest {
  @Test
  void anIdIsKept() {
    assertThat(new AzureMlRequest("a-1_Z").clientRequestId()).isEqualTo("a-1_Z");
    assertThat(new AzureMlRequest("x".repeat(40)).platform()).isEqualTo("azureml");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "order 17", "a.b", "ä", "a\nb", "12345678901234567890123456789012345678901"})
  void anIdIsWhatAzureMlKeepsOfIt(String id) {
    assertThatThrownBy(() -> new AzureMlRequest(id))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageStartingWith(
            "AzureMlRequest: clientRequestId must be 1 to 40 letters, digits, hyphens and underscores");
  }
}
