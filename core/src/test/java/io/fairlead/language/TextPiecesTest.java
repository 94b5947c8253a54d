package io.fairlead.language;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TextPiecesTest {
  private static final String TEXT = "a\uD83D\uDE00b\u00E9\uD83D\uDE01";

  private final List<String> passed = new ArrayList<>();
  private final TextPieces pieces = new TextPieces(passed::add);

  @Test
  void aTextThatIsCutAnywhereHasWholeCharactersInEachPiece() {
    for (int cut = 0; cut <= TEXT.length(); cut++) {
      passed.clear();
      pieces.accept(TEXT.substring(0, cut));
      pieces.accept("");
      pieces.accept(TEXT.substring(cut));
      pieces.end();

      assertThat(String.join("", passed)).isEqualTo(TEXT);
      assertThat(passed).allSatisfy(piece -> {
        assertThat(piece).isNotEmpty();
        assertThat(Character.isHighSurrogate(piece.charAt(piece.length() - 1))).isFalse();
        assertThat(Character.isLowSurrogate(piece.charAt(0))).isFalse();
      });
    }
  }

  @Test
  void halvesWithoutTheOtherAreReplaced() {
    pieces.accept("a\uDE00b\uD83Dc\uD83D");
    pieces.accept("d\uD83D");
    pieces.end();
    pieces.end();

    assertThat(String.join("", passed)).isEqualTo("a\uFFFDb\uFFFDc\uFFFDd\uFFFD");
  }
}
