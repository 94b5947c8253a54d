package io.fairlead.azureml.internal.arm;

import java.net.URI;
import java.util.Locale;

/**
 * A long-running operation that a call has started.
 *
 * @param style how its state is told
 * @param uri where it is polled
 * @param what the call, as the beginning of a sentence
 */
record StartedOperation(Style style, URI uri, String what) {
  /** How the state of an operation is told. */
  enum Style {
    /** By a document with a status, from the header {@code Azure-AsyncOperation}. */
    DOCUMENT,
    /** By the status code, from the header {@code Location}: 202 while it is running. */
    STATUS_CODE
  }

  /** {@return the operation as one text, which {@link #parse} reads} */
  @Override
  public String toString() {
    return style.name().toLowerCase(Locale.ROOT) + " " + uri + " " + what;
  }

  static StartedOperation parse(String text) {
    String[] parts = text.split(" ", 3);
    return new StartedOperation(
        Style.valueOf(parts[0].toUpperCase(Locale.ROOT)), URI.create(parts[1]), parts[2]);
  }
}
