package io.fairlead.serverless;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.InvalidValueException;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HttpFetcherTest {
  @ParameterizedTest
  @CsvSource({
    "https://a/x, https://b/y,      true",
    "https://a/x, HTTPS://b/y,      true",
    "https://a/x, http://a/x,       false",
    "https://a/x, file:///etc/x,    false",
    "https://a/x, ftp://a/x,        false",
    "http://a/x,  http://a/y,       false",
    "http://a/x,  https://a/y,      false",
  })
  void redirectsAreFollowedFromHttpsToHttpsOnly(URI from, URI to, boolean followed) {
    assertThat(HttpFetcher.isFollowed(from, to)).isEqualTo(followed);
  }

  @Test
  void settingsThatCannotBeAreRefused() {
    assertThatThrownBy(() -> new HttpFetcher().withTimeout(Duration.ZERO))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("timeout");
    assertThatThrownBy(() -> new HttpFetcher().withMaxBytes(0))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("maxBytes");
  }
}
