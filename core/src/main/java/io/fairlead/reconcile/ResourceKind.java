package io.fairlead.reconcile;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One kind of resource that a platform has, and the calls on it: read, create, update, delete, list.
 *
 * <p>Each method makes its remote calls, each with a deadline of its own, and does not wait or retry; the {@link
 * Reconciler} does. A failure is a {@link io.fairlead.error.ServingException}: {@code ALREADY_EXISTS} and {@code
 * NOT_FOUND} mean "read again", {@code CONFLICT} "another operation is in progress: read again and decide", and whatever
 * is retryable "it may or may not have happened: read again and decide".
 *
 * <p>An author implements {@link #id}, {@link #read} and those changes that the platform has; the others refuse.
 *
 * @param <T> what a resource should be and is, as far as the two can be compared: a record, whose components are the
 *     fields that a {@link io.fairlead.operation.Plan} names
 */
public interface ResourceKind<T> {
  /** {@return the name of the kind, and the type of what its resources are} */
  KindName<T> id();

  /** {@return what the platform calls it, such as {@code endpoint}} */
  default String name() {
    return id().name();
  }

  /**
   * Reads a resource. What the platform answers is brought into the form in which it was asked for: a name with a
   * project's number in place of its id, say, or a default that was filled in.
   *
   * <p>What is on its way is {@code CHANGING}, never absent: where the platform tells of operations apart, they are read
   * before the object, so that none that ends between the two is missed.
   *
   * @param look what to ask through for an object that other resources are facets of, too
   */
  Observed<T> read(String name, Look look);

  /**
   * Creates a resource and writes the owner's tag on it.
   *
   * <p>It never replaces what came since the resource was read. Where the platform has no such call because the resource is
   * a part of a shared object that is written whole, the object is read again, the write is refused with {@code
   * ALREADY_EXISTS} if the part is there by now, and is conditional on the object's revision where it has one.
   *
   * @param desired what it should be
   * @param owner what tells that it is managed by this library
   */
  default Accepted create(String name, T desired, OwnerTag owner) {
    throw new UnsupportedOperationException(name() + " " + name + " is not created by itself");
  }

  /**
   * Changes a resource in place.
   *
   * @param current what was read last; where the platform replaces the whole object, what is not to change is taken from
   *     it, and where it has revisions, the change is conditional on its
   * @param desired what it should be
   */
  default Accepted update(String name, Observed<T> current, T desired) {
    throw new UnsupportedOperationException(name() + " " + name + " is not changed in place");
  }

  /**
   * Deletes a resource.
   *
   * @param current what was read last
   * @param going all that the same operation deletes, this resource among them, so that a platform can delete several
   *     by one call: an endpoint with all of its variants, say
   */
  default Accepted delete(String name, Observed<T> current, Set<ResourceRef> going) {
    throw new UnsupportedOperationException(name() + " " + name + " is not deleted by itself");
  }

  /**
   * Deletes what changes of a resource have superseded and nothing uses, such as the configuration that another has
   * replaced.
   *
   * <p>Called when a run's changes of the resource have ended, however they ended, and whenever it was to go and is gone.
   * What another process may be about to use is left alone.
   */
  default void deleteSuperseded(String name) {}

  /**
   * {@return all managed resources of this kind, of all pages, those among them that are on their way; none for a kind
   * whose resources are settings of others}
   */
  default List<Listed> list(Look look) {
    return List.of();
  }

  /** {@return how far the operation is that a change {@linkplain Accepted#as began}} */
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
   * {@return why this cannot be created beside what is there, and what to do instead; empty if it can}
   *
   * <p>Asked where the resource is absent, before anything is changed, and again before it is created.
   */
  default Optional<String> cannotCreate(String name, T desired, Look look) {
    return Optional.empty();
  }

  /**
   * {@return whether the name is derived from the content, so that two resources of one name cannot differ}
   */
  default boolean isNamedByContent() {
    return false;
  }
}
