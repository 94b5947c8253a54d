package io.fairlead.engine.internal.text;

import java.util.Arrays;

/** A tokenizer: text to token ids; thread-safe. */
public interface Tokenizer extends AutoCloseable {
  /** {@return the tokens of a text, truncated at the limit and not padded} */
  Tokens encode(String text);

  /**
   * {@return the tokens of a pair of texts, truncated together at the limit and not padded}
   *
   * @throws io.fairlead.error.ServingException if the tokenizer says that only one of the two is truncated, and that is
   *     not enough
   */
  Tokens encode(String text, String second);

  /** {@return a text with the same tokens that may be shorter} */
  default String squeezed(String text) {
    return text;
  }

  /** {@return the maximum number of tokens, with those that mark the start and the end} */
  int limit();

  @Override
  void close();

  /** The tokens of one text, or of a pair: their ids, their attention mask (1 for text, 0 for padding), and their segment ids. */
  final class Tokens {
    private final long[] ids;
    private final long[] mask;
    private final long[] types;
    private final int marksAtEnd;
    private final int cutOff;

    /**
     * Creates the tokens of a text.
     *
     * @param marksAtEnd the number of tokens at the end that are not of the text, such as [SEP]
     * @param cutOff the number of tokens of the text that are above the limit
     */
    Tokens(long[] ids, long[] mask, long[] types, int marksAtEnd, int cutOff) {
      this.ids = ids;
      this.mask = mask;
      this.types = types;
      this.marksAtEnd = marksAtEnd;
      this.cutOff = cutOff;
    }

    long[] ids() {
      return ids;
    }

    long[] mask() {
      return mask;
    }

    long[] types() {
      return types;
    }

    int marksAtEnd() {
      return marksAtEnd;
    }

    int cutOff() {
      return cutOff;
    }

    boolean sameIds(Tokens other) {
      return Arrays.equals(ids, other.ids);
    }
  }
}
