package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServerMessageTest {
  @ParameterizedTest
  @CsvSource({
    "'Quota exceeded.', 'Quota exceeded'",
    "'See a.b: c. \n', 'See a.b: c'",
    "'No: ', 'No'",
    "'...', ''",
    "'', ''"
  })
  void aTextIsQuotedWithoutTheEndOfItsSentence(String text, String quoted) {
    assertThat(ServerMessage.quote(text)).isEqualTo(quoted);
  }

  @Test
  void aLongTextIsTruncated() {
    assertThat(ServerMessage.quote("a".repeat(500))).isEqualTo("a".repeat(500));
    assertThat(ServerMessage.quote("a".repeat(501)))
        .isEqualTo("a".repeat(500) + "... (501 characters)");
  }
}
