package io.fairlead.engine.internal.text;

import io.fairlead.engine.TruncatedTexts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the texts of one request have taken so far: memory for their tokens, and tokens.
 *
 * <p>Thread-safe as long as each text is added once.
 */
public final class TextUsage {
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong tokens = new AtomicLong();
  private final int[] leftOut;

  /** Creates the usage of a number of texts, none of which is added yet. */
  public TextUsage(int texts) {
    this.leftOut = new int[texts];
  }

  /**
   * Adds a text, or a pair of texts.
   *
   * @param index its position in the request
   * @param size the size of its tensors in bytes
   * @return the size of all tensors so far
   */
  long add(int index, Tokenizer.Tokens added, long size) {
    tokens.addAndGet(added.ids().length);
    leftOut[index] = added.cutOff();
    return bytes.addAndGet(size);
  }

  /** {@return the number of tokens that the model sees, with those that mark starts and ends} */
  public long tokens() {
    return tokens.get();
  }

  /** {@return the texts that were cut off; empty if none was} */
  public Optional<TruncatedTexts> truncated() {
    List<Integer> indices = new ArrayList<>();
    long sum = 0;
    for (int i = 0; i < leftOut.length; i++) {
      if (leftOut[i] > 0) {
        indices.add(i);
        sum += leftOut[i];
      }
    }
    return indices.isEmpty() ? Optional.empty() : Optional.of(new TruncatedTexts(indices, sum));
  }
}
