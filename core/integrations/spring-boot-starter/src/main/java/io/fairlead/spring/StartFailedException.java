package io.fairlead.spring;

import java.io.Serial;
import java.util.List;

/** The exception for a start at which something could not be deployed. */
final class StartFailedException extends RuntimeException {
  @Serial
  private static final long serialVersionUID = 1L;

  private final transient List<String> sentences;

  StartFailedException(List<String> sentences, Throwable cause) {
    super(String.join(" ", sentences), cause);
    this.sentences = List.copyOf(sentences);
  }

  /** {@return a sentence for each endpoint and function that could not be deployed} */
  List<String> sentences() {
    return sentences;
  }
}
