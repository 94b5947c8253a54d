package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ServingException;
import org.jspecify.annotations.Nullable;

/** Ends the work of a run before it is done, and says why. */
@SuppressWarnings("serial") // never leaves this package
final class RunEnded extends Exception {
  /** Why a run ends early. */
  enum Why {
    /** It failed at a resource. */
    FAILED,
    /** The caller cancelled the operation. */
    CANCELLED,
    /** The platform was closed, or the worker's thread was interrupted from outside. */
    CLOSED,
    /** Its time is over. */
    OUT_OF_TIME,
    /** Something that a step depends on was not there: the pass has to begin anew. */
    BEGIN_ANEW
  }

  final Why why;
  private final @Nullable String resource;
  private final @Nullable ServingException failure;

  private RunEnded(Why why, @Nullable String resource, @Nullable ServingException failure) {
    super(why.name(), failure, false, false);
    this.why = why;
    this.resource = resource;
    this.failure = failure;
  }

  static RunEnded failed(String resource, ServingException failure) {
    return new RunEnded(Why.FAILED, resource, failure);
  }

  static RunEnded beginAnew(String resource, ServingException failure) {
    return new RunEnded(Why.BEGIN_ANEW, resource, failure);
  }

  static RunEnded stopped(Why why) {
    return new RunEnded(why, null, null);
  }

  static RunEnded outOfTime() {
    return new RunEnded(Why.OUT_OF_TIME, null, null);
  }

  boolean isStopped() {
    return why == Why.CANCELLED || why == Why.CLOSED;
  }

  /** {@return the resource at which it failed} */
  String resource() {
    return requireNonNull(resource);
  }

  /** {@return the failure, if there is one} */
  ServingException failure() {
    return requireNonNull(failure);
  }
}
