package io.fairlead.provider;

import io.fairlead.error.ErrorKind;

/** The kind of an error by the status of an HTTP answer alone, where a platform says no more. */
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
  private static final int GATEWAY_TIMEOUT = 504;

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
}
