package io.fairlead.engine.internal.text;

/** Turns text into the numbers that a model takes, for any number of callers at the same time. */
public interface Tokenizer extends AutoCloseable {
  /** {@return the tokens of a text, cut off at the model's limit and not padded} */
  Tokens encode(String text);

  @Override
  void close();

  /** The tokens of one text: their ids, which are text and not padding (1), and to which segment they belong. */
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
