package io.fairlead.operation;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * A progress event of an operation, such as {@code [2/4] endpoint bert: creating}.
 *
 * @param operation the operation
 * @param elapsed the time since the operation was called, the time in the queue included, by a monotonic clock
 * @param step the number of the resource in the operation, from 1; 0 for an event about the whole operation
 * @param steps the number of resources in the operation; 0 for an event about the whole operation
 * @param resource the kind and name of the resource, such as {@code endpoint bert}; empty for an event about the whole
 *     operation
 * @param message what happened, in a few words, for people; programs use {@link OperationStatus.State} and {@link
 *     io.fairlead.error.ErrorKind}
 */
public record Progress(
    OperationId operation, Duration elapsed, int step, int steps, String resource, String message) {
  public Progress {
    requireNonNull(operation, "operation");
    requireNonNull(elapsed, "elapsed");
    requireNonNull(resource, "resource");
    requireNonNull(message, "message");
  }

  /** {@return the event as one line of text} */
  @Override
  public String toString() {
    return (step > 0 ? "[" + step + "/" + steps + "] " : "")
        + (resource.isEmpty() ? "" : resource + ": ")
        + message;
  }
}
