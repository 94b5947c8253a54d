package io.fairlead.error;

import static java.util.Objects.requireNonNull;

import java.io.Serial;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The exception for a failure on a platform.
 *
 * <p>The message is for people: it names the resource, the platform's own reason and what to do. {@link #kind()},
 * {@link #retryable()}, {@link #retryAfter()}, {@link #requestId()} and {@link #variant()} are for programs. The cause
 * is the exception of the platform's client, if there is one; suppressed exceptions are failures of the rollback.
 * Invalid values are found before any remote call and are {@link IllegalArgumentException}s instead.
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

  /** Creates a failure without a cause, retryable as its kind is. */
  public ServingException(String platform, ErrorKind kind, String message) {
    this(builder(platform, kind, message));
  }

  /** Creates a failure with the platform client's exception as its cause, retryable as its kind is. */
  public ServingException(String platform, ErrorKind kind, String message, Throwable cause) {
    this(builder(platform, kind, message).cause(cause));
  }

  /**
   * {@return a builder of a failure, retryable as its kind is}
   *
   * @param platform the id of the platform
   * @param kind the kind
   * @param message the message: resource, reason, and what to do
   */
  public static Builder builder(String platform, ErrorKind kind, String message) {
    return new Builder(platform, kind, message);
  }

  /** {@return the id of the platform, such as {@code sagemaker}} */
  public String platform() {
    return platform;
  }

  /** {@return the kind, which is the same for the same failure on every platform} */
  public ErrorKind kind() {
    return kind;
  }

  /**
   * {@return whether the same call may succeed later without a change; by default as its {@linkplain
   * ErrorKind#isRetryable() kind}}
   *
   * <p>Operations are idempotent and may be called again. An invocation may have reached the model: see {@link
   * io.fairlead.platform.Platform#invoke}.
   */
  public boolean retryable() {
    return retryable;
  }

  /** {@return the pause before a retry that the platform asked for, such as by {@code Retry-After}} */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  /** {@return the platform's id of the failed request, for its support} */
  public Optional<String> requestId() {
    return Optional.ofNullable(requestId);
  }

  /**
   * {@return the variant that failed to answer an invocation, if known: the one that the platform named, or else the
   * one that the request was pinned to}
   */
  public Optional<String> variant() {
    return Optional.ofNullable(variant);
  }

  /**
   * {@return a copy of this exception with another message and cause, such as without what must not be shown; it has a
   * stack trace of its own and no suppressed exceptions}
   */
  public ServingException withMessage(String newMessage, @Nullable Throwable newCause) {
    return builder(platform, kind, newMessage)
        .retryable(retryable)
        .cause(newCause)
        .retryAfter(retryAfter)
        .requestId(requestId)
        .variant(variant)
        .build();
  }

  /** {@return a copy of this exception for a variant, with the same stack trace, cause and suppressed exceptions} */
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

  /** A builder of {@link ServingException}. */
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

    /** Sets whether the call may be retried, where the platform is more exact than the kind's default. */
    public Builder retryable(boolean newRetryable) {
      this.retryable = newRetryable;
      return this;
    }

    /** Sets the cause: the exception of the platform's client. */
    public Builder cause(@Nullable Throwable newCause) {
      this.cause = newCause;
      return this;
    }

    /** Sets the pause before a retry that the platform asked for. */
    public Builder retryAfter(@Nullable Duration newRetryAfter) {
      this.retryAfter = newRetryAfter;
      return this;
    }

    /** Sets the platform's id of the failed request. */
    public Builder requestId(@Nullable String newRequestId) {
      this.requestId = newRequestId;
      return this;
    }

    /** Sets the variant that failed to answer an invocation. */
    public Builder variant(@Nullable String newVariant) {
      this.variant = newVariant;
      return this;
    }

    /** {@return the exception} */
    public ServingException build() {
      return new ServingException(this);
    }
  }
}
