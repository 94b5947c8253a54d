package io.fairlead.language;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.InvalidValueException;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpenAiAccessTest {
  private static final URI BASE = URI.create("https://models.example/openai/v1");

  @Test
  void theTokenIsAskedForEachTimeAndNeverShown() {
    AtomicInteger asked = new AtomicInteger();
    OpenAiAccess access = new OpenAiAccess(BASE, () -> "secret-" + asked.incrementAndGet(), "qwen");

    assertThat(access).hasToString("OpenAiAccess[qwen at https://models.example/openai/v1]");
    assertThat(asked).hasValue(0);
    assertThat(access.headers()).isEqualTo(Map.of("Authorization", "Bearer secret-1"));
    assertThat(access.headers()).isEqualTo(Map.of("Authorization", "Bearer secret-2"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/openai/v1", "https://models.example/v1/", "https://models.example/v1?a=b"})
  void aBaseUrlIsOneThatAPathCanFollow(String url) {
    assertThatThrownBy(() -> new OpenAiAccess(URI.create(url), () -> "t", "qwen"))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageStartingWith("OpenAiAccess: baseUrl must be absolute");
  }

  @Test
  void aModelHasAName() {
    assertThatThrownBy(() -> new OpenAiAccess(BASE, () -> "t", " "))
        .hasMessage("OpenAiAccess: model must not be blank");
  }
}
