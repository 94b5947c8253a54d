package io.fairlead.language;

import static java.util.Objects.requireNonNull;

import java.util.function.Consumer;

/**
 * Passes on a text in well-formed pieces, wherever it is cut: both halves of a surrogate pair, such as that of an emoji,
 * come in one piece, and a half without the other becomes U+FFFD, as JSON in UTF-8 has no form for it.
 */
public final class TextPieces implements Consumer<String> {
  private static final char REPLACEMENT = '\uFFFD';

  private final Consumer<? super String> consumer;
  private char held;

  /**
   * Creates the passing on of one text.
   *
   * @param consumer receives each piece, which is never empty
   */
  public TextPieces(Consumer<? super String> consumer) {
    this.consumer = requireNonNull(consumer, "consumer");
  }

  @Override
  public void accept(String piece) {
    String whole = held == 0 ? piece : held + piece;
    int length = whole.length();
    boolean isCut = length > 0 && Character.isHighSurrogate(whole.charAt(length - 1));
    held = isCut ? whole.charAt(length - 1) : 0;
    pass(isCut ? whole.substring(0, length - 1) : whole);
  }

  /** Ends the text: passes on what was held back. */
  public void end() {
    if (held != 0) {
      held = 0;
      consumer.accept(String.valueOf(REPLACEMENT));
    }
  }

  private void pass(String piece) {
    if (!piece.isEmpty()) {
      consumer.accept(wellFormed(piece));
    }
  }

  private static String wellFormed(String text) {
    StringBuilder mended = null;
    for (int i = 0; i < text.length(); i++) {
      char letter = text.charAt(i);
      if (!Character.isSurrogate(letter)) {
        continue;
      }
      if (i + 1 < text.length() && Character.isSurrogatePair(letter, text.charAt(i + 1))) {
        i++;
      } else {
        mended = mended == null ? new StringBuilder(text) : mended;
        mended.setCharAt(i, REPLACEMENT);
      }
    }
    return mended == null ? text : mended.toString();
  }
}
