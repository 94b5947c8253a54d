package io.fairlead.config;

import java.io.Serial;
import java.util.List;

/** The exception for a start at which something could not be deployed. */
public final class StartFailedException extends RuntimeException {
  @Serial
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // What List.copyOf gives is serializable.
  private final List<String> sentences;

  StartFailedException(List<String> sentences, Throwable cause) {
    super(String.join(" ", sentences), cause);
    this.sentences = List.copyOf(sentences);
  }

  /** {@return a sentence for each endpoint and function that could not be deployed} */
  public List<String> sentences() {
    return sentences;
  }
}
