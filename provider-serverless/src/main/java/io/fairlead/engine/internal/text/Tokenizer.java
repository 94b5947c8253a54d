package io.fairlead.engine.internal.text;

/** A tokenizer: text to token ids; thread-safe. */
public interface Tokenizer extends AutoCloseable {
  /** {@return the tokens of a text, truncated at the model's limit and not padded} */
  Tokens encode(String text);

  @Override
  void close();

  /** The tokens of one text: their ids, their attention mask (1 for text, 0 for padding), and their segment ids. */
  final class Tokens {
    private final long[] ids;
    private final long[] mask;
    private final long[] types;

    Tokens(long[] ids, long[] mask, long[] types) {
      this.ids = ids;
      this.mask = mask;
      this.types = types;
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
  }
}
