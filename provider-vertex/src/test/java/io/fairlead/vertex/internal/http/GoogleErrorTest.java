package io.fairlead.vertex.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors over HTTP: Google's own, and those of containers. */
class GoogleErrorTest {
  private static final String THROTTLED = """
      {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Quota exceeded.", "details": [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"}]}}""";

  @Test
  void thePauseThatGoogleAsksForIsInTheDetails() {
    GoogleError error = GoogleError.of(THROTTLED);

    assertThat(error.status()).isEqualTo("RESOURCE_EXHAUSTED");
    assertThat(error.message()).isEqualTo("Quota exceeded.");
    assertThat(error.retryAfter()).contains(Duration.ofMillis(1500));
  }

  @Test
  void theErrorOfAStreamingCallIsInAnArray() {
    assertThat(GoogleError.of("[" + THROTTLED + "]")).isEqualTo(GoogleError.of(THROTTLED));
  }

  @Test
  void aPauseThatIsNoneIsNotKept() {
    assertThat(GoogleError.of(THROTTLED.replace("1.5s", "soon")).retryAfter()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "no JSON", "[]", "7", "{}", "{\"error\":{}}", "{\"detail\":[{\"loc\":1}]}"})
  void whatHasNoSentenceIsToldAsAWhole(String text) {
    assertThat(GoogleError.of(text).message()).isEqualTo(text);
    assertThat(GoogleError.of(text).status()).isEmpty();
  }
}
