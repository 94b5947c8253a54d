package io.fairlead.error;

/**
 * The kind of a {@link ServingException}, the same on every platform.
 *
 * <p>{@code CONFLICT}, {@code THROTTLED}, {@code TIMEOUT} and {@code UNAVAILABLE} are retryable by default; a provider
 * may override that for one failure, so programs ask {@link ServingException#retryable()}. Adding a kind is a breaking
 * change for an exhaustive switch.
 */
public enum ErrorKind {
  /**
   * The platform rejected the request as invalid, or the model's files are not a model: change what the message names.
   */
  INVALID(false),
  /** The credentials are missing or expired, or lack a permission. */
  UNAUTHORIZED(false),
  /** The resource does not exist, or no provider has the platform's id. */
  NOT_FOUND(false),
  /** The name is taken by a resource that is not managed by Fairlead; that resource is never changed. */
  ALREADY_EXISTS(false),
  /**
   * The request conflicts with the current state, or with an operation in progress. The message says which; a conflict
   * that does not pass by itself is not retryable.
   */
  CONFLICT(true),
  /** The platform, or what is on the class path, does not support this. */
  UNSUPPORTED(false),
  /** A quota is exceeded, or the region or machine has no capacity left. */
  QUOTA(false),
  /** Too many requests; the platform rejected the call before it had any effect. */
  THROTTLED(true),
  /** A limit passed before there was an answer; the work may go on, and may succeed. */
  TIMEOUT(true),
  /** The platform did not answer or is temporarily unavailable; the call may or may not have had its effect. */
  UNAVAILABLE(true),
  /** The model failed: its container did not start, it answered with an error, or a guard of a rollout refuses it. */
  MODEL_FAILED(false),
  /** The operation was cancelled, the platform is closed, or the thread was interrupted. */
  CANCELLED(false),
  /** None of the other kinds; see the message and the cause. */
  UNKNOWN(false);

  private final boolean retryable;

  ErrorKind(boolean retryable) {
    this.retryable = retryable;
  }

  /** {@return the default of {@link ServingException#retryable()} for failures of this kind} */
  public boolean isRetryable() {
    return retryable;
  }
}
