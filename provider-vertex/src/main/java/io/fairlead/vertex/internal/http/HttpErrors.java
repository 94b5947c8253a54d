package io.fairlead.vertex.internal.http;

import com.google.auth.Retryable;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.HttpFailure;
import io.fairlead.provider.HttpFailure.Stage;
import io.fairlead.provider.RefusedCalls.Refusals;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.provider.ServerMessage;
import io.fairlead.vertex.VertexProvider;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The classification of invocations over HTTPS that failed. */
public final class HttpErrors implements Refusals<HttpFailure> {
  private static final RetryPolicy REFUSED = new RetryPolicy(
      5, Duration.ofMillis(250), Duration.ofSeconds(4), RetryPolicy.DEFAULT.settling());
  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int REQUEST_TIMEOUT = 408;
  private static final int CONFLICT = 409;
  private static final int TOO_LARGE = 413;
  /** By which containers of Hugging Face say that the model failed. */
  private static final int FAILED_DEPENDENCY = 424;

  private static final int TOO_MANY = 429;
  private static final int SERVER_ERROR = 500;
  private static final int UNAVAILABLE = 503;
  private static final int GATEWAY_TIMEOUT = 504;

  /** The credentials that are used, as a phrase. */
  private final String identity;

  /** Creates the classification, with the credentials as a phrase for messages. */
  public HttpErrors(String identity) {
    this.identity = identity;
  }

  @Override
  public Class<HttpFailure> type() {
    return HttpFailure.class;
  }

  /** A container that says 503 may have been at work on the request; Google's front, which says so in its own form, has not. */
  @Override
  public Optional<RetryPolicy> policy(HttpFailure refusal) {
    boolean isRefused = refusal.stage() == Stage.NOT_CONNECTED
        || refusal.status() == TOO_MANY
        || (refusal.status() == UNAVAILABLE && googleStatus(refusal).equals("UNAVAILABLE"));
    return isRefused ? Optional.of(REFUSED) : Optional.empty();
  }

  @Override
  public Optional<Duration> retryAfter(HttpFailure refusal) {
    return refusal.retryAfter().or(() -> GoogleError.of(refusal.text()).retryAfter());
  }

  @Override
  public ServingException failure(String what, HttpFailure failure) {
    ErrorKind kind = kind(failure);
    ServingException.Builder built = ServingException.builder(
            VertexProvider.ID, kind, what + " failed: " + reason(failure) + wayOut(kind, failure))
        .cause(failure);
    retryAfter(failure).ifPresent(built::retryAfter);
    return built.build();
  }

  private static String googleStatus(HttpFailure failure) {
    return GoogleError.of(failure.text()).status();
  }

  private static @Nullable String reason(HttpFailure failure) {
    if (failure.stage() != Stage.ANSWERED) {
      return failure.getMessage();
    }
    GoogleError error = GoogleError.of(failure.text());
    String code = error.status().isEmpty() ? "" : " " + error.status();
    return ServerMessage.quote(error.message()) + " (HTTP " + failure.status() + code + ")";
  }

  private static ErrorKind kind(HttpFailure failure) {
    return switch (failure.stage()) {
      case NOT_SENT ->
        isTransient(failure.getCause()) ? ErrorKind.UNAVAILABLE : ErrorKind.UNAUTHORIZED;
      case NOT_CONNECTED, BROKEN -> ErrorKind.UNAVAILABLE;
      case OVERDUE -> ErrorKind.TIMEOUT;
      case INTERRUPTED, CLOSED -> ErrorKind.CANCELLED;
      case ANSWERED -> answered(failure);
    };
  }

  /** {@return whether credentials may give a token later; without a cause, there was none in time} */
  private static boolean isTransient(@Nullable Throwable cause) {
    return cause == null
        || cause instanceof HttpFailure
        || (cause instanceof Retryable retryable && retryable.isRetryable());
  }

  private static ErrorKind answered(HttpFailure failure) {
    return switch (failure.status()) {
      case UNAUTHORIZED, FORBIDDEN -> ErrorKind.UNAUTHORIZED;
      case NOT_FOUND -> ErrorKind.NOT_FOUND;
      case REQUEST_TIMEOUT, GATEWAY_TIMEOUT -> ErrorKind.TIMEOUT;
      case CONFLICT -> ErrorKind.CONFLICT;
      case TOO_MANY -> ErrorKind.THROTTLED;
      case UNAVAILABLE -> ErrorKind.UNAVAILABLE;
      case TOO_LARGE -> ErrorKind.INVALID;
      case FAILED_DEPENDENCY -> ErrorKind.MODEL_FAILED;
      default -> {
        if (googleStatus(failure).equals("FAILED_PRECONDITION")) {
          yield ErrorKind.CONFLICT;
        }
        yield failure.status() >= SERVER_ERROR ? ErrorKind.MODEL_FAILED : ErrorKind.INVALID;
      }
    };
  }

  private String wayOut(ErrorKind kind, HttpFailure failure) {
    return switch (kind) {
      case UNAUTHORIZED -> ". Tried " + identity + "; docs/vertex.md has the roles that it needs";
      case TIMEOUT, CANCELLED -> ". Whether the model was invoked is not known";
      case UNAVAILABLE ->
        failure.stage() == Stage.NOT_CONNECTED
            ? ". Check the network, and VertexConfig.withHosts if it is used: no host answers there"
            : "";
      case NOT_FOUND ->
        googleStatus(failure).isEmpty() ? ". The container has no such path, or not for POST" : "";
      default -> "";
    };
  }
}
