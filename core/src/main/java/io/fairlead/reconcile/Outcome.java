package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ServingException;
import java.time.Duration;
import java.util.Optional;

/**
 * The status of a platform's operation, as it was polled.
 *
 * @param state the state
 * @param stage the stage that it is in, in the platform's words; may be empty
 * @param error why it failed; if it is retryable, the change is retried within the operation's limit
 * @param askAfter the minimum time before the next poll, where the platform says so (a {@code Retry-After})
 */
public record Outcome(
    State state, String stage, Optional<ServingException> error, Optional<Duration> askAfter) {
  /** The state of a platform's operation. */
  public enum State {
    RUNNING,
    SUCCEEDED,
    FAILED
  }

  public Outcome {
    requireNonNull(state, "state");
    requireNonNull(stage, "stage");
    requireNonNull(askAfter, "askAfter");
    if ((state == State.FAILED) != error.isPresent()) {
      throw new IllegalArgumentException(
          "an outcome must have an error if and only if it is FAILED");
    }
  }

  public static Outcome running(String stage) {
    return new Outcome(State.RUNNING, stage, Optional.empty(), Optional.empty());
  }

  public static Outcome succeeded() {
    return new Outcome(State.SUCCEEDED, "", Optional.empty(), Optional.empty());
  }

  public static Outcome failed(ServingException error) {
    return new Outcome(State.FAILED, "", Optional.of(error), Optional.empty());
  }

  /** {@return a copy that is not to be polled again before this time has passed} */
  public Outcome askAfter(Duration pause) {
    return new Outcome(state, stage, error, Optional.of(pause));
  }
}
