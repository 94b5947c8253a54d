package io.fairlead.operation;

import static java.util.Objects.requireNonNull;

/**
 * The status of an operation at one moment: its state, and its latest event.
 *
 * @param state the state
 * @param detail the latest {@link Progress} as text; in a final state the outcome, such as the message of the failure
 */
public record OperationStatus(State state, String detail) {
  /**
   * The state of an operation: from {@code QUEUED} to {@code RUNNING}, to {@code UNDOING} if it fails or is cancelled,
   * and to one of the last three, which are final.
   */
  public enum State {
    /** Waiting for an earlier operation on the same public name, or for a worker thread. */
    QUEUED,
    /** In progress. */
    RUNNING,
    /** Rolling back, after a failure or a cancellation, what it created and changed. */
    UNDOING,
    /** Ended with a result. */
    SUCCEEDED,
    /** Ended with an error of any kind but {@code CANCELLED}. */
    FAILED,
    /**
     * Ended with an error of kind {@code CANCELLED}: cancelled by the caller and rolled back, or stopped without a
     * rollback because the platform was closed.
     */
    CANCELLED;

    /** {@return whether the operation has ended} */
    public boolean isFinal() {
      return this == SUCCEEDED || this == FAILED || this == CANCELLED;
    }
  }

  public OperationStatus {
    requireNonNull(state, "state");
    requireNonNull(detail, "detail");
  }
}
