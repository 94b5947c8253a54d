package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Optional;

/**
 * A platform's answer to a change that it accepted.
 *
 * @param operation the platform's name of the operation that it began, if it has one to ask about
 * @param askAfter how long not to ask how far it is, where the platform says so (a {@code Retry-After})
 */
public record Accepted(Optional<String> operation, Optional<Duration> askAfter) {
  /** Accepted; the resource itself tells how far it is. */
  public static final Accepted VISIBLE = new Accepted(Optional.empty(), Optional.empty());

  public Accepted {
    requireNonNull(operation, "operation");
    requireNonNull(askAfter, "askAfter");
  }

  /** {@return accepted, as an operation that has to be asked how far it is, and alone may know why it failed} */
  public static Accepted as(String operation) {
    return new Accepted(Optional.of(operation), Optional.empty());
  }

  /** {@return the same, not to be asked about before this time has passed} */
  public Accepted askAfter(Duration pause) {
    return new Accepted(operation, Optional.of(pause));
  }
}
