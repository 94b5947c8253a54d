package io.fairlead.operation;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * One thing that happened in an operation.
 *
 * @param operation the operation
 * @param elapsed the time since it began
 * @param step the number of the step, from 1; 0 before the first
 * @param steps how many steps there are
 * @param resource what the step is about, such as {@code endpoint bert}; empty if about the whole
 * @param message what happened, in a few words
 */
public record Progress(
    OperationId operation, Duration elapsed, int step, int steps, String resource, String message) {
  public Progress {
    requireNonNull(operation, "operation");
    requireNonNull(elapsed, "elapsed");
    requireNonNull(resource, "resource");
    requireNonNull(message, "message");
  }

  /** {@return the event as a line for people} */
  @Override
  public String toString() {
    return (step > 0 ? "[" + step + "/" + steps + "] " : "")
        + (resource.isEmpty() ? "" : resource + ": ")
        + message;
  }
}
