package io.fairlead.serverless.internal.http;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.provider.HttpStatus;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The mapping from exceptions to HTTP error responses. */
final class Failed {
  private Failed() {}

  /** {@return the response to a request that failed with this exception} */
  static Answer answer(String function, Throwable thrown) {
    Throwable cause = thrown;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof InvalidValueException e) {
      boolean type = e.problems().stream().allMatch(it -> it.field().equals("contentType"));
      return Answer.error(
          type ? HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE : HttpResponseStatus.BAD_REQUEST,
          String.valueOf(e.getMessage()));
    }
    if (cause instanceof CancellationException
        || (cause instanceof ServingException e && e.kind() == ErrorKind.CANCELLED)) {
      // The client is still there: it was not the one to cancel.
      return closing();
    }
    if (cause instanceof ServingException e) {
      Answer answer = Answer.error(
          HttpResponseStatus.valueOf(HttpStatus.of(e.kind())), String.valueOf(e.getMessage()));
      OptionalLong retryAfter = HttpStatus.retryAfterSeconds(e);
      return retryAfter.isPresent()
          ? answer.with("retry-after", String.valueOf(retryAfter.getAsLong()))
          : answer;
    }
    log().warn("Function {} failed", function, cause);
    return Answer.error(
        HttpResponseStatus.INTERNAL_SERVER_ERROR,
        "Function '" + function + "' failed with " + cause.getClass().getSimpleName()
            + ": see the server's log.");
  }

  /** {@return the response to a request that is not served because the platform is being closed} */
  static Answer closing() {
    return Answer.error(
            HttpResponseStatus.SERVICE_UNAVAILABLE,
            "This server is shutting down and serves no further requests: retry in a moment, at another instance or"
                + " after the restart.")
        .with("retry-after", "1");
  }

  private static Logger log() {
    return LoggerFactory.getLogger(Failed.class);
  }
}
