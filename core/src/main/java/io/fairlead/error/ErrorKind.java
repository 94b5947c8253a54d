package io.fairlead.error;

/**
 * What sort of failure it was, the same on every platform.
 *
 * <p>Adding a kind is a breaking change for those who switch over all of them.
 */
public enum ErrorKind {
  /** The platform refused the request as wrong: change it. */
  INVALID(false),
  /** The credentials are missing, expired, or do not allow it. */
  UNAUTHORIZED(false),
  /** What was asked for is not there. */
  NOT_FOUND(false),
  /** The name is taken by something else. */
  ALREADY_EXISTS(false),
  /** It conflicts with the current state or with an operation in progress: read again and decide. */
  CONFLICT(true),
  /** The platform cannot do this. */
  UNSUPPORTED(false),
  /** A quota or the place's capacity is used up. */
  QUOTA(false),
  /** Too many calls in too short a time. */
  THROTTLED(true),
  /** The deadline passed; the work may still go on. */
  TIMEOUT(true),
  /** The platform did not answer, or said that it cannot at the moment; whether it acted is not known. */
  UNAVAILABLE(true),
  /** The model itself failed: it did not start, or it answered with an error. */
  MODEL_FAILED(false),
  /** Cancelled by the caller, or the platform was closed. */
  CANCELLED(false),
  /** None of these; the cause says more. */
  UNKNOWN(false);

  private final boolean retryable;

  ErrorKind(boolean retryable) {
    this.retryable = retryable;
  }

  /** {@return whether the same call may succeed later, where the platform says nothing more exact} */
  public boolean isRetryable() {
    return retryable;
  }
}
