package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ServingException;
import org.jspecify.annotations.Nullable;

/** The signal that ends a run early, with the reason. */
@SuppressWarnings("serial") // never leaves this package
final class RunEnded extends Exception {
  /** The reason why a run ends early. */
  enum Why {
    /** It failed at a resource. */
    FAILED,
    /** The caller cancelled the operation. */
    CANCELLED,
    /** The platform was closed, or the worker thread was interrupted from outside. */
    CLOSED,
    /** Its limit passed. */
    TIMED_OUT,
    /** A dependency of a step was not found: the pass has to start again. */
    RESTART
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

  static RunEnded restart(String resource, ServingException failure) {
    return new RunEnded(Why.RESTART, resource, failure);
  }

  static RunEnded stopped(Why why) {
    return new RunEnded(why, null, null);
  }

  static RunEnded timedOut() {
    return new RunEnded(Why.TIMED_OUT, null, null);
  }

  boolean isStopped() {
    return why == Why.CANCELLED || why == Why.CLOSED;
  }

  /** {@return the resource at which it failed} */
  String resource() {
    return requireNonNull(resource);
  }

  /** {@return the failure, for the reasons that have one} */
  ServingException failure() {
    return requireNonNull(failure);
  }
}
