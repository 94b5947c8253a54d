package io.fairlead.reconcile;

import java.util.Optional;

/**
 * A platform's answer to a change that it accepted.
 *
 * @param operation the platform's name of the work that it began, if it has one to ask about
 */
public record Started(Optional<String> operation) {
  /** Accepted; the resource itself tells how far it is. */
  public static final Started ACCEPTED = new Started(Optional.empty());

  /** {@return accepted, as an operation that has to be asked how far it is, and alone may know why it failed} */
  public static Started as(String operation) {
    return new Started(Optional.of(operation));
  }
}
