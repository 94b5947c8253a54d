package io.fairlead.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.io.Serial;
import java.net.ConnectException;
import java.net.http.HttpHeaders;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A request over HTTP that was not answered, or with an error. */
public final class HttpFailure extends RuntimeException {
  @Serial
  private static final long serialVersionUID = 1L;

  private static final Pattern SECONDS = Pattern.compile("[0-9]{1,6}");

  /** How far the request came. */
  public enum Stage {
    /** It was not sent, because something that it needs was missing, such as a token. */
    NOT_SENT,
    /** No connection was made, so nothing was sent. */
    NOT_CONNECTED,
    /** The connection broke. */
    BROKEN,
    /** There was no answer in time. */
    OVERDUE,
    /** The thread was interrupted. */
    INTERRUPTED,
    /** The calls were closed. */
    CLOSED,
    /** The answer was an error. */
    ANSWERED
  }

  private final Stage stage;
  private final int status;
  private final transient @Nullable HttpHeaders headers;
  private final String text;

  private HttpFailure(
      Stage stage,
      int status,
      @Nullable HttpHeaders headers,
      String text,
      String message,
      @Nullable Throwable cause) {
    super(message, cause);
    this.stage = stage;
    this.status = status;
    this.headers = headers;
    this.text = text;
  }

  static HttpFailure of(Stage stage, String message, @Nullable Throwable cause) {
    return new HttpFailure(stage, 0, null, "", message, cause);
  }

  /** {@return the failure of a request that cannot be sent, because something that it needs is missing, such as a token} */
  public static HttpFailure notSent(String message, @Nullable Throwable cause) {
    return of(Stage.NOT_SENT, requireNonNull(message, "message"), cause);
  }

  /** {@return an answer that is an error, with as much of its body as is kept} */
  static HttpFailure answered(int status, HttpHeaders headers, byte[] body) {
    String text = new String(body, UTF_8).strip();
    return new HttpFailure(Stage.ANSWERED, status, headers, text, "HTTP " + status, null);
  }

  /** {@return the failure of a connection} */
  static HttpFailure broken(@Nullable Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    if (cause instanceof HttpTimeoutException) {
      return of(Stage.OVERDUE, "no answer in time", cause);
    }
    boolean isUnreached =
        cause instanceof ConnectException || cause instanceof UnresolvedAddressException;
    return of(isUnreached ? Stage.NOT_CONNECTED : Stage.BROKEN, String.valueOf(cause), cause);
  }

  public Stage stage() {
    return stage;
  }

  /** {@return the status code; 0 if there was no answer} */
  public int status() {
    return status;
  }

  /**
   * {@return the first value of a header of the answer}
   *
   * @param absent what is returned if there is none
   */
  public String header(String name, String absent) {
    return headers == null ? absent : HttpAnswer.first(headers, name, absent);
  }

  /** {@return the body of the answer, stripped, as UTF-8; truncated after 64 KiB, and empty if there was no answer} */
  public String text() {
    return text;
  }

  /** {@return the pause that the answer asks for in {@code Retry-After}, if in seconds} */
  public Optional<Duration> retryAfter() {
    return Optional.of(header("Retry-After", ""))
        .filter(seconds -> SECONDS.matcher(seconds).matches())
        .map(seconds -> Duration.ofSeconds(Long.parseLong(seconds)));
  }
}
