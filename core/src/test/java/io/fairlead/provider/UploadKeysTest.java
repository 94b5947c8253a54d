package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.InvalidValueException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UploadKeysTest {
  private static final String HASH = "0123456789abcdef".repeat(4);
  private static final String HALF = HASH.substring(0, 32);
  private static final UploadKeys HALVES = new UploadKeys("fairlead/", 32);

  @Test
  void aKeyHasAsManyDigitsOfTheHashAsItIsGiven() {
    assertThat(new UploadKeys("fairlead/", 64).of(HASH)).isEqualTo("fairlead/" + HASH);
    assertThat(HALVES.of(HASH)).isEqualTo("fairlead/" + HALF);
    assertThat(HALVES.isKey(HALVES.of(HASH))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"weights.bin", "sub/config.json", "two\nlines", "/"})
  void whateverIsInAFolderBelongsToItsKey(String file) {
    assertThat(HALVES.ofObject("fairlead/" + HALF + "/" + file)).contains("fairlead/" + HALF);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "fairlead/",
        "fairlead/0123456789abcdef0123456789abcdef",
        "fairlead/0123456789abcdef0123456789abcdef/",
        "fairlead/0123456789abcdef0123456789abcdef0/a",
        "fairlead/0123456789ABCDEF0123456789ABCDEF/a",
        "fairlead/0123456789abcdef/a",
        "other/fairlead/0123456789abcdef0123456789abcdef/a",
        "elsewhere/0123456789abcdef0123456789abcdef/a"
      })
  void otherObjectsBelongToNone(String name) {
    assertThat(HALVES.ofObject(name)).isEmpty();
  }

  @Test
  void aPrefixIsAFolderAndTheDigitsTellContentsApart() {
    assertThatThrownBy(() -> new UploadKeys("fairlead", 31))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("UploadKeys: prefix must end with / (got \"fairlead\"); digits must be from 32"
            + " to 64 (got 31)");
  }
}
