package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Optional;

/**
 * A platform's answer to a change that it accepted.
 *
 * @param operation the platform's name of the operation that it started, if there is one to poll
 * @param askAfter the minimum time before the first poll, where the platform says so (a {@code Retry-After})
 */
public record Accepted(Optional<String> operation, Optional<Duration> askAfter) {
  /** Accepted; the state of the resource itself shows the progress. */
  public static final Accepted VISIBLE = new Accepted(Optional.empty(), Optional.empty());

  public Accepted {
    requireNonNull(operation, "operation");
    requireNonNull(askAfter, "askAfter");
  }

  /** {@return accepted, as an operation that has to be polled, which alone may know why it failed} */
  public static Accepted as(String operation) {
    return new Accepted(Optional.of(operation), Optional.empty());
  }

  /** {@return a copy that is not to be polled before this time has passed} */
  public Accepted askAfter(Duration pause) {
    return new Accepted(operation, Optional.of(pause));
  }
}
