package io.fairlead.azureml.internal.scoring;

import io.fairlead.azureml.AzureMlEndpoint.AuthMode;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Redacted;
import io.fairlead.provider.HttpFailure;
import io.fairlead.provider.HttpFailure.Stage;
import io.fairlead.provider.HttpStatus;
import io.fairlead.provider.ServerMessage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The classification of invocations that failed. */
final class ScoringErrors {
  private static final String MODEL_STATUS = "ms-azureml-model-error-statuscode";
  private static final String MODEL_REASON = "ms-azureml-model-error-reason";
  private static final String ACTIONS =
      "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/";

  private static final int BAD_REQUEST = 400;
  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int REQUEST_TIMEOUT = 408;
  private static final int PRECONDITION_FAILED = 412;
  private static final int TOO_LARGE = 413;
  private static final int MODEL_ERROR = 424;
  private static final int TOO_MANY = 429;
  private static final int SERVER_ERROR = 500;
  private static final int BAD_GATEWAY = 502;
  private static final int GATEWAY_TIMEOUT = 504;

  private ScoringErrors() {}

  /** {@return whether Azure ML refused a request because of its credential, before the model got it} */
  static boolean isCredentialRefused(HttpFailure failure) {
    return failure.status() == UNAUTHORIZED && !isOfModel(failure);
  }

  /** {@return whether the model did not get a request, and may get it later} */
  static boolean isRefusedForNow(HttpFailure failure) {
    return failure.stage() == Stage.NOT_CONNECTED
        || (failure.status() == TOO_MANY && !isOfModel(failure));
  }

  /** {@return whether the container answered, whose status Azure ML passes on in a header} */
  private static boolean isOfModel(HttpFailure failure) {
    return failure.status() == MODEL_ERROR || !failure.header(MODEL_STATUS, "").isEmpty();
  }

  /**
   * {@return the exception for a request that failed}
   *
   * @param what the request, as the beginning of a sentence
   * @param variant the variant that the request was pinned to; null if there is none
   * @param target where the request was sent; null if it was not
   */
  static ServingException exception(
      String what, HttpFailure failure, @Nullable String variant, @Nullable ScoringTarget target) {
    String request = failure.header("x-ms-request-id", failure.header("x-request-id", ""));
    return ServingException.builder(
            AzureMlProvider.ID,
            kind(failure),
            what + " failed: " + reason(failure, target) + ". " + wayOut(failure, variant, target))
        .cause(failure)
        .retryAfter(failure.retryAfter().orElse(null))
        .requestId(request.isEmpty() ? null : request)
        .variant(
            failure.header(Invocation.DEPLOYMENT, "").isEmpty()
                ? variant
                : failure.header(Invocation.DEPLOYMENT, ""))
        .build();
  }

  private static ErrorKind kind(HttpFailure failure) {
    return switch (failure.stage()) {
      case NOT_SENT, OVERDUE -> ErrorKind.TIMEOUT;
      case NOT_CONNECTED, BROKEN -> ErrorKind.UNAVAILABLE;
      case INTERRUPTED, CLOSED -> ErrorKind.CANCELLED;
      case ANSWERED -> isOfModel(failure) ? ofModel(failure) : answered(failure.status());
    };
  }

  /** A server that has too many requests does not serve this one. */
  private static ErrorKind ofModel(HttpFailure failure) {
    return failure.header(MODEL_STATUS, "").equals(String.valueOf(TOO_MANY))
        ? ErrorKind.THROTTLED
        : ErrorKind.MODEL_FAILED;
  }

  private static ErrorKind answered(int status) {
    return switch (status) {
      case BAD_GATEWAY -> ErrorKind.MODEL_FAILED;
      // No request has a condition, so a retry would not help.
      case PRECONDITION_FAILED -> ErrorKind.INVALID;
      default -> status < BAD_REQUEST ? ErrorKind.INVALID : HttpStatus.kind(status);
    };
  }

  private static String reason(HttpFailure failure, @Nullable ScoringTarget target) {
    if (failure.stage() != Stage.ANSWERED) {
      return ServerMessage.quote(String.valueOf(failure.getMessage()));
    }
    // A container may answer with the headers of its request.
    List<String> secrets = target == null ? List.of() : List.of(target.secret());
    String text = ServerMessage.quote(Redacted.text(failure.text(), secrets));
    String status = " (HTTP " + failure.status() + ")";
    if (isOfModel(failure)) {
      return model(failure) + (text.isEmpty() ? "" : ": " + text) + status;
    }
    return (text.isEmpty() ? "Azure ML gives no reason" : text) + status;
  }

  private static String model(HttpFailure failure) {
    String status = failure.header(MODEL_STATUS, "");
    String reason = failure.header(MODEL_REASON, "");
    return "the container answered with "
        + (status.isEmpty() ? "an error" : "status " + ServerMessage.quote(status))
        + (reason.isEmpty() ? "" : ", " + ServerMessage.quote(reason));
  }

  private static String wayOut(
      HttpFailure failure, @Nullable String variant, @Nullable ScoringTarget target) {
    return switch (failure.stage()) {
      case NOT_SENT -> "Nothing was sent. Retry with a longer timeout.";
      case NOT_CONNECTED ->
        "Check the network: public access to the workspace or its endpoint may be disabled.";
      case BROKEN, OVERDUE, INTERRUPTED, CLOSED -> "Whether the model was invoked is not known.";
      case ANSWERED ->
        isOfModel(failure)
            ? "The log of the deployment has the reason; the container gets requests at the path of the scoring "
                + "URI, or that of Request.withPath."
            : wayOut(failure.status(), variant, target);
    };
  }

  private static String wayOut(
      int status, @Nullable String variant, @Nullable ScoringTarget target) {
    return switch (status) {
      case UNAUTHORIZED, FORBIDDEN ->
        target == null ? "Check the credentials." : access(target.scoring().mode());
      case NOT_FOUND ->
        variant == null
            ? "No variant of the endpoint has traffic: route some to one, or pin the request to a variant."
            : "The endpoint has no variant '" + variant
                + "': deploy it, or pin the request to another.";
      case REQUEST_TIMEOUT ->
        "The model was invoked, and took longer than the request timeout of its deployment, which is 5 seconds by "
            + "default: set a longer one.";
      case TOO_LARGE -> "Send less in one request.";
      case TOO_MANY ->
        "The endpoint gets more requests than it takes, which is twice the concurrent requests of all instances: "
            + "retry later, or deploy more instances.";
      case GATEWAY_TIMEOUT -> "Whether the model was invoked is not known.";
      default -> otherwise(status);
    };
  }

  private static String otherwise(int status) {
    if (status >= SERVER_ERROR) {
      return "Whether the model was invoked is not known.";
    }
    return status >= BAD_REQUEST
        ? "Check the request's body and content type."
        : "Redirects are not followed, because they would take the credential to another host.";
  }

  private static String access(AuthMode mode) {
    return switch (mode) {
      case KEY ->
        "The endpoint takes keys, and refused the one that was read just now: it may have been regenerated, or "
            + "access from this network is not allowed.";
      case AML_TOKEN ->
        "The endpoint takes tokens of Azure ML, and refused the one that was read just now: check that access from "
            + "this network is allowed, and this machine's clock.";
      case ENTRA ->
        "The endpoint takes tokens of Microsoft Entra ID, whose identity needs a role with "
            + ACTIONS
            + "score/action, such as AzureML Data Scientist, on the endpoint or its workspace; a new assignment "
            + "takes some minutes.";
    };
  }
}
