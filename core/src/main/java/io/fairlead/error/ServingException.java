package io.fairlead.error;

import static java.util.Objects.requireNonNull;

import java.io.Serial;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A failure on a platform: which, of what kind, why, and what to do.
 *
 * <p>The message is a sentence with the resource, the platform's own reason and the way out. What the platform threw is
 * the cause. Mistakes that are seen before anything was done are {@link IllegalArgumentException}s instead.
 */
public final class ServingException extends RuntimeException {
  @Serial
  private static final long serialVersionUID = 1L;

  private final String platform;
  private final ErrorKind kind;
  private final boolean retryable;
  private final @Nullable Duration retryAfter;
  private final @Nullable String requestId;
  private final @Nullable String variant;

  private ServingException(Builder builder) {
    super(builder.message, builder.cause);
    this.platform = builder.platform;
    this.kind = builder.kind;
    this.retryable = builder.retryable;
    this.retryAfter = builder.retryAfter;
    this.requestId = builder.requestId;
    this.variant = builder.variant;
  }

  /** Makes a failure whose kind tells whether it may be retried. */
  public ServingException(String platform, ErrorKind kind, String message) {
    this(builder(platform, kind, message));
  }

  /** Makes a failure with the platform's own exception as its cause. */
  public ServingException(String platform, ErrorKind kind, String message, Throwable cause) {
    this(builder(platform, kind, message).cause(cause));
  }

  public static Builder builder(String platform, ErrorKind kind, String message) {
    return new Builder(platform, kind, message);
  }

  /** {@return the id of the platform, such as {@code sagemaker}} */
  public String platform() {
    return platform;
  }

  public ErrorKind kind() {
    return kind;
  }

  /** {@return whether the same call may succeed later} */
  public boolean retryable() {
    return retryable;
  }

  /** {@return how long the platform asked to wait before the next try} */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  /** {@return the platform's id of the request that failed, to name to its support} */
  public Optional<String> requestId() {
    return Optional.ofNullable(requestId);
  }

  /**
   * {@return the variant that failed to answer a request, where it is known: the one that the request was pinned to, or the
   * one that the platform named}
   */
  public Optional<String> variant() {
    return Optional.ofNullable(variant);
  }

  /** {@return the same failure of a variant, with the same stack trace and suppressed exceptions} */
  public ServingException withVariant(String newVariant) {
    ServingException copy = builder(platform, kind, String.valueOf(getMessage()))
        .retryable(retryable)
        .cause(getCause())
        .retryAfter(retryAfter)
        .requestId(requestId)
        .variant(requireNonNull(newVariant, "variant"))
        .build();
    copy.setStackTrace(getStackTrace());
    for (Throwable other : getSuppressed()) {
      copy.addSuppressed(other);
    }
    return copy;
  }

  /** The parts of a failure; kind and message are always there. */
  public static final class Builder {
    private final String platform;
    private final ErrorKind kind;
    private final String message;
    private boolean retryable;
    private @Nullable Throwable cause;
    private @Nullable Duration retryAfter;
    private @Nullable String requestId;
    private @Nullable String variant;

    private Builder(String platform, ErrorKind kind, String message) {
      this.platform = requireNonNull(platform, "platform");
      this.kind = requireNonNull(kind, "kind");
      this.message = requireNonNull(message, "message");
      this.retryable = kind.isRetryable();
    }

    /** Overrides what the kind says by default: the platform's own word is more exact. */
    public Builder retryable(boolean newRetryable) {
      this.retryable = newRetryable;
      return this;
    }

    public Builder cause(@Nullable Throwable newCause) {
      this.cause = newCause;
      return this;
    }

    public Builder retryAfter(@Nullable Duration newRetryAfter) {
      this.retryAfter = newRetryAfter;
      return this;
    }

    public Builder requestId(@Nullable String newRequestId) {
      this.requestId = newRequestId;
      return this;
    }

    /** Names the variant that failed to answer a request. */
    public Builder variant(@Nullable String newVariant) {
      this.variant = newVariant;
      return this;
    }

    public ServingException build() {
      return new ServingException(this);
    }
  }
}
