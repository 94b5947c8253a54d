package io.fairlead.vertex.internal.http;

import java.io.Serial;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request that was not answered, or with an error. */
public final class HttpFailure extends RuntimeException {
  @Serial
  private static final long serialVersionUID = 1L;

  /** How far the request came. */
  enum Stage {
    /** The credentials gave no token, so nothing was sent. */
    NO_TOKEN,
    /** No connection was made, so the model was not invoked. */
    NOT_CONNECTED,
    /** The connection broke. */
    BROKEN,
    /** There was no answer in time. */
    OVERDUE,
    /** The thread was interrupted. */
    INTERRUPTED,
    /** The platform was closed. */
    CLOSED,
    /** The answer was an error. */
    ANSWERED
  }

  private final transient Stage stage;
  private final int status;
  private final String googleStatus;
  private final String deployedModelId;
  private final @Nullable Duration retryAfter;

  private HttpFailure(
      Stage stage,
      int status,
      String googleStatus,
      String message,
      String deployedModelId,
      @Nullable Duration retryAfter,
      @Nullable Throwable cause) {
    super(message, cause);
    this.stage = stage;
    this.status = status;
    this.googleStatus = googleStatus;
    this.deployedModelId = deployedModelId;
    this.retryAfter = retryAfter;
  }

  static HttpFailure of(Stage stage, String message, @Nullable Throwable cause) {
    return new HttpFailure(stage, 0, "", message, "", null, cause);
  }

  /**
   * {@return an answer that is an error}
   *
   * @param googleStatus the status in the body of an error of Google's own, such as {@code UNAVAILABLE}; empty where
   *     the container answered
   */
  static HttpFailure answered(
      int status,
      String googleStatus,
      String message,
      String deployedModelId,
      @Nullable Duration retryAfter) {
    return new HttpFailure(
        Stage.ANSWERED, status, googleStatus, message, deployedModelId, retryAfter, null);
  }

  Stage stage() {
    return stage;
  }

  /** {@return the status code; 0 if there was no answer} */
  int status() {
    return status;
  }

  String googleStatus() {
    return googleStatus;
  }

  /** {@return the id of the deployed model that answered; empty if the answer does not say} */
  public String deployedModelId() {
    return deployedModelId;
  }

  Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  String message() {
    return String.valueOf(getMessage());
  }
}
