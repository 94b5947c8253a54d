package io.fairlead.serverless.engine;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Makes the failures of one platform, and words what they have in common. */
final class Failures {
  private final String platform;

  Failures(String platform) {
    this.platform = platform;
  }

  ServingException failure(ErrorKind kind, String message) {
    return failure(kind, message, null);
  }

  ServingException failure(ErrorKind kind, String message, @Nullable Throwable cause) {
    return ServingException.builder(platform, kind, message).cause(cause).build();
  }

  ServingException closed() {
    return ServingException.builder(
            platform,
            ErrorKind.UNAVAILABLE,
            "Platform '" + platform + "' was closed and runs no models any more: open it again")
        .retryable(false)
        .build();
  }

  /** What a throwable says of itself, for the end of a sentence. */
  static String reason(Throwable thrown) {
    String message = thrown.getMessage();
    return message == null || message.isBlank()
        ? thrown.getClass().getSimpleName()
        : message.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  /** A location without its query, where signed URLs carry their signature. */
  static String shown(URI uri) {
    String text = uri.toString();
    int query = text.indexOf('?');
    return query < 0 ? text : text.substring(0, query);
  }

  static String shown(Duration duration) {
    return duration.toMillis() % 1000 == 0 || duration.toMillis() == 0
        ? duration.toSeconds() + " s"
        : duration.toMillis() + " ms";
  }
}
