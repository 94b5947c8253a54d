package io.fairlead.reconcile;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A kind of resource of a platform, and the calls on it: read, create, update, delete, list.
 *
 * <p>Each method makes the remote calls that it needs, each with its own timeout, and returns once the platform has
 * accepted them: waiting for the effect and repeating a failed call are the {@link Reconciler}'s. (A create that
 * uploads a large file may repeat one part of it.) A failure is a {@link io.fairlead.error.ServingException}: {@code
 * ALREADY_EXISTS} and {@code NOT_FOUND} mean "read again", {@code CONFLICT} "another operation is in progress: read
 * again and decide", and whatever is retryable "it may or may not have happened: read again and decide".
 *
 * <p>An author implements {@link #id}, {@link #read} and those changes that the platform has. Methods are called from
 * several threads, for different names at the same time.
 *
 * @param <T> the type of the desired and the actual state, as far as the two can be compared: a record, whose
 *     components are the fields that a {@link io.fairlead.operation.Plan} names
 */
public interface ResourceKind<T> {
  /** {@return the name of the kind, and the type of the state of its resources} */
  KindName<T> id();

  /** {@return the platform's name of the kind, such as {@code endpoint}} */
  default String name() {
    return id().name();
  }

  /**
   * Reads a resource. The platform's answer is normalized to the form in which it was requested, such as a name with
   * the project's number in place of its id, or a default that was filled in.
   *
   * <p>A resource that is being created is {@code CHANGING}, never absent: where operations in progress are listed
   * apart from objects, they are read before the object, so that none that ends between the two is missed.
   *
   * @param look the look through which to read an object that other resources are facets of
   */
  Observed<T> read(String name, Look look);

  /**
   * Creates a resource and writes the owner's tag on it.
   *
   * <p>It never replaces a resource that was created since the last read. Where the platform has no such call because
   * the resource is a part of a shared object that is written as a whole, the object is read again, the create is
   * refused with {@code ALREADY_EXISTS} if the part exists by now, and the write is conditional on the object's
   * revision, if it has one.
   *
   * @param desired the desired state
   * @param owner the owner tag
   */
  default Accepted create(String name, T desired, OwnerTag owner) {
    throw new UnsupportedOperationException(name() + " " + name + " is not created by itself");
  }

  /**
   * Updates a resource in place.
   *
   * @param current the state that was read last; where the platform replaces the whole object, the fields that stay are
   *     taken from it, and where it has revisions, the update is conditional on this one
   * @param desired the desired state
   */
  default Accepted update(String name, Observed<T> current, T desired) {
    throw new UnsupportedOperationException(name() + " " + name + " is not changed in place");
  }

  /**
   * Deletes a resource.
   *
   * @param current the state that was read last
   * @param going all resources that the same operation deletes, including this one, so that several can be deleted by
   *     one call, such as an endpoint with all of its variants
   */
  default Accepted delete(String name, Observed<T> current, Set<ResourceRef> going) {
    throw new UnsupportedOperationException(name() + " " + name + " is not deleted by itself");
  }

  /**
   * Deletes unused resources that changes of this one have superseded, such as a configuration that another has
   * replaced.
   *
   * <p>Called when a run's changes of the resource have ended, with or without success, and when its deletion has
   * ended. Resources that another process may be about to use stay.
   */
  default void deleteSuperseded(String name) {}

  /**
   * {@return all managed resources of this kind, from all pages, including those that are being created; none for a
   * kind whose resources are settings of others}
   */
  default List<Listed> list(Look look) {
    return List.of();
  }

  /**
   * {@return whether resources of this kind may {@linkplain Listed#uses use} those of another; by default, they may}
   *
   * <p>Before a shared resource is deleted, only the kinds that may use it are listed.
   *
   * @param kind the name of the other kind
   */
  default boolean mayUse(String kind) {
    return true;
  }

  /** {@return the status of the operation that a change {@linkplain Accepted#as started}} */
  default Outcome poll(String operation) {
    return Outcome.succeeded();
  }

  /** {@return whether the actual state is the desired one} */
  default boolean matches(T desired, T actual) {
    return desired.equals(actual);
  }

  /**
   * {@return why {@code actual} cannot be updated in place to {@code desired}, and what to do instead; empty if it can}
   */
  default Optional<String> cannotUpdate(T actual, T desired) {
    return Optional.empty();
  }

  /**
   * {@return why this cannot be created beside the existing resources, and what to do instead; empty if it can}
   *
   * <p>Called if the resource is absent, before anything is changed, and again before it is created.
   */
  default Optional<String> cannotCreate(String name, T desired, Look look) {
    return Optional.empty();
  }

  /**
   * {@return what a change involves beside the changed fields, such as instances that are billed meanwhile, for the
   * {@link io.fairlead.operation.Plan} of it; by default nothing}
   *
   * <p>Called for previews only, if the resource would be created, updated, replaced or deleted.
   *
   * @param current the actual state
   * @param desired the desired state; empty if it would be deleted
   * @param going all resources that the same operation would delete
   */
  default List<String> sideEffects(
      String name, Observed<T> current, Optional<T> desired, Set<ResourceRef> going, Look look) {
    return List.of();
  }

  /**
   * {@return whether the name is derived from the content, so that two resources of one name cannot differ}
   */
  default boolean isNamedByContent() {
    return false;
  }
}
