package io.fairlead.provider;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.time.Duration;
import java.util.OptionalLong;

/**
 * The kinds of errors as statuses of HTTP answers: what a platform's status means, where the platform says no more, and
 * what a server answers with.
 */
public final class HttpStatus {
  private static final int BAD_REQUEST = 400;
  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int REQUEST_TIMEOUT = 408;
  private static final int CONFLICT = 409;
  private static final int PRECONDITION_FAILED = 412;
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int SERVER_ERROR = 500;
  private static final int NOT_IMPLEMENTED = 501;
  private static final int BAD_GATEWAY = 502;
  private static final int SERVICE_UNAVAILABLE = 503;
  private static final int GATEWAY_TIMEOUT = 504;

  private static final Duration DEFAULT_RETRY_AFTER = Duration.ofSeconds(1);

  private HttpStatus() {}

  /** {@return the kind of an error; UNKNOWN if the status is not one of an error} */
  public static ErrorKind kind(int status) {
    return switch (status) {
      case UNAUTHORIZED, FORBIDDEN -> ErrorKind.UNAUTHORIZED;
      case NOT_FOUND -> ErrorKind.NOT_FOUND;
      case REQUEST_TIMEOUT, GATEWAY_TIMEOUT -> ErrorKind.TIMEOUT;
      case CONFLICT, PRECONDITION_FAILED -> ErrorKind.CONFLICT;
      case TOO_MANY_REQUESTS -> ErrorKind.THROTTLED;
      default -> {
        if (status >= SERVER_ERROR) {
          yield ErrorKind.UNAVAILABLE;
        }
        yield status >= BAD_REQUEST ? ErrorKind.INVALID : ErrorKind.UNKNOWN;
      }
    };
  }

  /**
   * {@return the status of a server's answer to a request that failed so}
   *
   * <p>Missing credentials are those of the server, and nothing that the client could change: they are a 502.
   */
  public static int of(ErrorKind kind) {
    return switch (kind) {
      case INVALID -> BAD_REQUEST;
      case NOT_FOUND -> NOT_FOUND;
      case ALREADY_EXISTS, CONFLICT -> CONFLICT;
      case THROTTLED -> TOO_MANY_REQUESTS;
      case MODEL_FAILED, UNKNOWN -> SERVER_ERROR;
      case UNSUPPORTED -> NOT_IMPLEMENTED;
      case UNAUTHORIZED -> BAD_GATEWAY;
      case QUOTA, UNAVAILABLE, CANCELLED -> SERVICE_UNAVAILABLE;
      case TIMEOUT -> GATEWAY_TIMEOUT;
    };
  }

  /** {@return the seconds of the header {@code Retry-After}; empty if a retry as such does not help} */
  public static OptionalLong retryAfterSeconds(ServingException failure) {
    return switch (failure.kind()) {
      case THROTTLED, QUOTA, UNAVAILABLE, CANCELLED ->
        OptionalLong.of(Math.max(
            1, failure.retryAfter().orElse(DEFAULT_RETRY_AFTER).plusMillis(999).toSeconds()));
      default -> OptionalLong.empty();
    };
  }
}
