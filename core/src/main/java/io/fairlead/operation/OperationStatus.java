package io.fairlead.operation;

import static java.util.Objects.requireNonNull;

/**
 * How far an operation is.
 *
 * @param state the state
 * @param detail the latest progress, or why it failed, as a sentence
 */
public record OperationStatus(State state, String detail) {
  /** The states of an operation. The last three are final. */
  public enum State {
    /** Waiting for an earlier operation on the same name. */
    QUEUED,
    /** At work. */
    RUNNING,
    /** Failed or cancelled, and taking back what it made. */
    UNDOING,
    /** Done. */
    SUCCEEDED,
    /** Ended with an error. */
    FAILED,
    /** Cancelled by the caller, or stopped where it was because the platform was closed. */
    CANCELLED;

    public boolean isFinal() {
      return this == SUCCEEDED || this == FAILED || this == CANCELLED;
    }
  }

  public OperationStatus {
    requireNonNull(state, "state");
    requireNonNull(detail, "detail");
  }
}
