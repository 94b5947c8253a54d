package io.fairlead.reconcile;

import java.util.List;
import java.util.Optional;

/**
 * One kind of resource that a platform has, and the five calls on it: read, create, update, delete, list.
 *
 * <p>Each method makes its remote calls, each with a deadline of its own, and does not wait or retry; the {@link
 * Reconciler} does. A failure is a {@link io.fairlead.error.ServingException}: {@code ALREADY_EXISTS} and {@code
 * NOT_FOUND} mean "read again", {@code CONFLICT} "somebody else is at it: read again and decide", and whatever is
 * retryable "it may or may not have happened: read again and decide".
 *
 * @param <T> what a resource should be and is, as far as the two can be compared: a record, whose components are the
 *     fields that a {@link io.fairlead.operation.Plan} names
 */
public interface ResourceKind<T> {
  /** {@return what the platform calls it, such as {@code endpoint}} */
  String name();

  /**
   * Looks at a resource. What the platform answers is brought into the form in which it was asked for: a name with a
   * project's number in place of its id, say, or a default that was filled in.
   */
  Observed<T> read(String name);

  /**
   * Makes a resource and writes the mark on it.
   *
   * @param desired what it should be
   * @param mark what tells that it is ours
   */
  Started create(String name, T desired, Mark mark);

  /**
   * Changes a resource in place.
   *
   * @param current what was read last; where the platform replaces the whole object, what is not to change is taken from
   *     it, and where it has revisions, the change is conditional on its
   * @param desired what it should be
   */
  Started update(String name, Observed<T> current, T desired);

  /** Deletes a resource. */
  Started delete(String name, Observed<T> current);

  /**
   * Removes what changes of a resource have left behind and nothing uses, such as the configuration that another has
   * replaced.
   *
   * <p>Called when a run's changes of the resource have ended, however they ended, and whenever it was to go and is gone.
   * What another process may be about to use is left alone.
   */
  default void tidy(String name) {}

  /** {@return all resources of this kind that carry our mark, all pages; none for a kind that is part of another} */
  List<Listed> list();

  /** {@return how far the operation is that a change {@linkplain Started#as began}} */
  default Outcome poll(String operation) {
    return Outcome.succeeded();
  }

  /** {@return whether what is there is what should be} */
  default boolean matches(T desired, T actual) {
    return desired.equals(actual);
  }

  /** {@return why {@code actual} cannot be changed in place to {@code desired}, and what to do instead; empty if it can} */
  default Optional<String> cannotUpdate(T actual, T desired) {
    return Optional.empty();
  }

  /**
   * {@return whether the name is derived from the content, so that two resources of one name cannot differ}
   */
  default boolean isNamedByContent() {
    return false;
  }
}
