package io.fairlead.vertex.internal;

import com.google.api.gax.rpc.ApiException;
import com.google.api.gax.rpc.ErrorDetails;
import com.google.api.gax.rpc.StatusCode.Code;
import com.google.rpc.BadRequest.FieldViolation;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.RefusedCalls.Refusals;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.provider.ServerMessage;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.internal.values.VertexTimes;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The classification of Vertex AI's failures; the only class that knows its codes and messages. */
final class VertexErrors {
  private static final RetryPolicy REFUSED = new RetryPolicy(
      5, Duration.ofMillis(250), Duration.ofSeconds(4), RetryPolicy.DEFAULT.settling());
  /** Matches the errors of operations that got no machines of a type. */
  private static final Predicate<String> OUT_OF_STOCK = Pattern.compile(
          "temporarily unavailable|out of capacity|stock-?out|insufficient|not enough resources|different machine type",
          Pattern.CASE_INSENSITIVE)
      .asPredicate();

  private static final Predicate<String> OVER_QUOTA = Pattern.compile(
          "exceeds? quota|quota exceeded.*(cpus|gpus|accelerators)", Pattern.CASE_INSENSITIVE)
      .asPredicate();
  private static final Predicate<String> NO_SUCH_DEPLOYED_MODEL =
      Pattern.compile("DeployedModel ID\\(s\\).*do(es)? not exist").asPredicate();
  /** Matches failed preconditions that do not pass with time. */
  private static final Predicate<String> FORBIDDEN_BY_POLICY = Pattern.compile(
          "constraint|org(anization)? policy|service account|not been used in project|disabled",
          Pattern.CASE_INSENSITIVE)
      .asPredicate();

  /** Matches those among them that do: Google creates its service accounts when a project first uses a service. */
  private static final Predicate<String> TRANSIENT =
      Pattern.compile("provision|try again|retry", Pattern.CASE_INSENSITIVE).asPredicate();

  /** Matches gRPC's error for an answer that is too large, which has the same code as throttling. */
  private static final Predicate<String> TOO_LARGE =
      Pattern.compile("message exceeds maximum size", Pattern.CASE_INSENSITIVE).asPredicate();

  private static final Predicate<String> NOT_REACHED = Pattern.compile(
          "unable to resolve host|connection refused|network is unreachable|no route to host",
          Pattern.CASE_INSENSITIVE)
      .asPredicate();

  private static final Predicate<String> CLOSED_HERE =
      Pattern.compile("^Channel shutdown").asPredicate();
  private static final Predicate<String> AT_ITS_OWN_HOST =
      Pattern.compile("dedicated dns", Pattern.CASE_INSENSITIVE).asPredicate();
  private static final Predicate<String> WITHOUT_TRAFFIC =
      Pattern.compile("doesn't have traffic_?split", Pattern.CASE_INSENSITIVE).asPredicate();
  /** Matches internal errors of gRPC itself, which are no errors of a model. */
  private static final Predicate<String> BROKEN_CONNECTION = Pattern.compile(
          "RST_STREAM|HTTP/2|http2|unexpected EOS|frame size", Pattern.CASE_INSENSITIVE)
      .asPredicate();

  /** The credentials that are used, as a phrase. */
  private final String identity;

  private final Refusals<ApiException> predictions = new Predictions();

  VertexErrors(String identity) {
    this.identity = identity;
  }

  /** {@return a rejected or unanswered call as a ServingException} */
  ServingException failure(String what, ApiException e) {
    return failure(what, e, ofCall(e.getStatusCode().getCode(), message(e)));
  }

  /** {@return the classification of failed invocations} */
  Refusals<ApiException> ofPredictions() {
    return predictions;
  }

  private final class Predictions implements Refusals<ApiException> {
    @Override
    public Class<ApiException> type() {
      return ApiException.class;
    }

    @Override
    public Optional<RetryPolicy> policy(ApiException refusal) {
      return isRefusedForNow(refusal) ? Optional.of(REFUSED) : Optional.empty();
    }

    @Override
    public Optional<Duration> retryAfter(ApiException refusal) {
      return VertexErrors.retryAfter(refusal);
    }

    @Override
    public ServingException failure(String what, ApiException failure) {
      return predictionFailure(what, failure);
    }
  }

  /** {@return a failed invocation as a ServingException; an internal error is the model's} */
  ServingException predictionFailure(String what, ApiException e) {
    Code code = e.getStatusCode().getCode();
    boolean isModels = code == Code.INTERNAL && !BROKEN_CONNECTION.test(message(e));
    return failure(what, e, isModels ? ErrorKind.MODEL_FAILED : ofCall(code, message(e)));
  }

  private ServingException failure(String what, ApiException e, ErrorKind kind) {
    Code code = e.getStatusCode().getCode();
    String message = message(e);
    ServingException.Builder failure = ServingException.builder(
            VertexProvider.ID,
            kind,
            what + " failed: " + reason(code.name(), message) + wayOut(kind, code.name(), message))
        .cause(e);
    if (code == Code.FAILED_PRECONDITION
        && FORBIDDEN_BY_POLICY.test(message)
        && !TRANSIENT.test(message)) {
      failure.retryable(false);
    }
    retryAfter(e).ifPresent(failure::retryAfter);
    return failure.build();
  }

  /**
   * {@return the error of a failed operation}
   *
   * @param isDeployment whether it starts containers
   * @param stage the stage that a deployment was in; may be empty
   */
  ServingException failure(
      String what, com.google.rpc.Status error, boolean isDeployment, String stage) {
    Code code = code(error.getCode());
    ErrorKind kind = isDeployment
        ? ofDeployment(code, error.getMessage())
        : ofOperation(code, error.getMessage());
    String at = stage.isEmpty() ? "" : " at stage " + stage;
    return ServingException.builder(
            VertexProvider.ID,
            kind,
            what + " failed" + at + ": " + reason(code.name(), error.getMessage())
                + wayOut(kind, code.name(), error.getMessage()))
        .build();
  }

  /**
   * {@return whether the service rejected a call before it had any effect, so that a retry may succeed}
   *
   * <p>After a broken connection it is unknown whether the request had an effect, unless it was never established.
   */
  static boolean isRefusedForNow(ApiException e) {
    Code code = e.getStatusCode().getCode();
    return (code == Code.UNAVAILABLE && (isSaidByTheService(e) || NOT_REACHED.test(message(e))))
        || (code == Code.RESOURCE_EXHAUSTED && ofCall(code, message(e)) == ErrorKind.THROTTLED);
  }

  /** A status that the client itself creates for a broken connection has no trailers. */
  private static boolean isSaidByTheService(ApiException e) {
    if (!(e.getCause() instanceof StatusRuntimeException answer)) {
      return false;
    }
    Metadata trailers = answer.getTrailers();
    return trailers != null && !trailers.keys().isEmpty();
  }

  /** {@return whether a dedicated endpoint was invoked at the region's host} */
  static boolean isAtItsOwnHost(ApiException e) {
    return e.getStatusCode().getCode() == Code.FAILED_PRECONDITION
        && AT_ITS_OWN_HOST.test(message(e));
  }

  static Optional<Duration> retryAfter(ApiException e) {
    ErrorDetails details = e.getErrorDetails();
    if (details == null || details.getRetryInfo() == null) {
      return Optional.empty();
    }
    return Optional.of(VertexTimes.duration(details.getRetryInfo().getRetryDelay()));
  }

  /** {@return the service's message, without the names of the SDK's classes, and with every field violation} */
  static String message(ApiException e) {
    String message = e.getCause() instanceof StatusRuntimeException answer
        ? description(answer.getStatus())
        : e.getMessage();
    List<String> violations = new ArrayList<>();
    ErrorDetails details = e.getErrorDetails();
    if (details != null && details.getBadRequest() != null) {
      for (FieldViolation violation : details.getBadRequest().getFieldViolationsList()) {
        violations.add(violation.getField() + ": " + violation.getDescription());
      }
    }
    return violations.isEmpty() ? orEmpty(message) : String.join("; ", violations);
  }

  /**
   * {@return the description of a status, with the cause of a broken connection, which gRPC describes as "io
   * exception" only}
   */
  private static @Nullable String description(io.grpc.Status status) {
    Throwable cause = status.getCause();
    return cause == null || cause.getMessage() == null
        ? status.getDescription()
        : status.getDescription() + ": " + cause.getMessage();
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text.strip();
  }

  private static String reason(String code, String message) {
    return message.isEmpty() ? code : ServerMessage.quote(message) + " (" + code + ")";
  }

  private static ErrorKind ofCall(Code code, String message) {
    return switch (code) {
      case INVALID_ARGUMENT ->
        NO_SUCH_DEPLOYED_MODEL.test(message) ? ErrorKind.NOT_FOUND : ErrorKind.INVALID;
      case OUT_OF_RANGE -> ErrorKind.INVALID;
      case UNAUTHENTICATED, PERMISSION_DENIED -> ErrorKind.UNAUTHORIZED;
      case NOT_FOUND -> ErrorKind.NOT_FOUND;
      case ALREADY_EXISTS -> ErrorKind.ALREADY_EXISTS;
      case FAILED_PRECONDITION, ABORTED -> ErrorKind.CONFLICT;
      case UNIMPLEMENTED -> ErrorKind.UNSUPPORTED;
      case RESOURCE_EXHAUSTED -> exhausted(message);
      case DEADLINE_EXCEEDED -> ErrorKind.TIMEOUT;
      case UNAVAILABLE -> CLOSED_HERE.test(message) ? ErrorKind.CANCELLED : ErrorKind.UNAVAILABLE;
      case INTERNAL -> ErrorKind.UNAVAILABLE;
      case CANCELLED -> ErrorKind.CANCELLED;
      default -> ErrorKind.UNKNOWN;
    };
  }

  private static ErrorKind exhausted(String message) {
    if (TOO_LARGE.test(message)) {
      return ErrorKind.INVALID;
    }
    return OVER_QUOTA.test(message) || OUT_OF_STOCK.test(message)
        ? ErrorKind.QUOTA
        : ErrorKind.THROTTLED;
  }

  private static ErrorKind ofOperation(Code code, String message) {
    return switch (code) {
      case RESOURCE_EXHAUSTED -> ErrorKind.QUOTA;
      case FAILED_PRECONDITION, DEADLINE_EXCEEDED, ABORTED, UNKNOWN ->
        OUT_OF_STOCK.test(message) ? ErrorKind.QUOTA : ofCall(code, message);
      default -> ofCall(code, message);
    };
  }

  private static ErrorKind ofDeployment(Code code, String message) {
    return switch (code) {
      // The deployment ran and failed: the cause is the container, and a retry would not help.
      case FAILED_PRECONDITION, DEADLINE_EXCEEDED, ABORTED, UNKNOWN ->
        OUT_OF_STOCK.test(message) ? ErrorKind.QUOTA : ErrorKind.MODEL_FAILED;
      case NOT_FOUND -> ErrorKind.INVALID;
      default -> ofOperation(code, message);
    };
  }

  private static Code code(int number) {
    for (Code code : Code.values()) {
      if (code.name().equals(io.grpc.Status.fromCodeValue(number).getCode().name())) {
        return code;
      }
    }
    return Code.UNKNOWN;
  }

  private String wayOut(ErrorKind kind, String code, String message) {
    return switch (kind) {
      case UNAUTHORIZED -> ". Tried " + identity + "; docs/vertex.md has the roles that it needs";
      case QUOTA ->
        OUT_OF_STOCK.test(message)
            ? ". Google has no such machine available there now: retry later, or choose another machine type, "
                + "accelerator or region"
            : ". Request more under IAM & Admin, Quotas (custom model serving), or choose another machine "
                + "type or region";
      case INVALID ->
        TOO_LARGE.test(message)
            ? ". The answer is larger than the transport takes: use a streaming answer, or a transport that takes more"
            : "";
      case TIMEOUT -> ". Whether it was done is not known";
      case UNAVAILABLE ->
        NOT_REACHED.test(message)
            ? ". Check the location, the endpoint and the network: no host answers there"
            : "";
      case MODEL_FAILED ->
        switch (code) {
          case "DEADLINE_EXCEEDED" ->
            ". The container was not ready in time: raise VertexContainer.deploymentTimeout, or find out why "
                + "it is slow";
          case "INTERNAL" -> ". The endpoint's log in Cloud Logging says more";
          default -> "";
        };
      case CONFLICT ->
        WITHOUT_TRAFFIC.test(message) ? ". No variant there has requests: route them to one" : "";
      case CANCELLED ->
        CLOSED_HERE.test(message) ? ". The platform was closed meanwhile: open it again" : "";
      default -> "";
    };
  }
}
