package io.fairlead.sagemaker.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serial;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a service says instead of an answer: a status, a code, and a message that may be missing. */
public final class AwsError extends RuntimeException {
  @Serial
  private static final long serialVersionUID = 1L;

  private final int status;
  private final String code;
  private final LinkedHashMap<String, Object> members = new LinkedHashMap<>();
  private final Map<String, String> headers = new TreeMap<>();
  private boolean codeOnlyInHeader;

  private AwsError(int status, String code, @Nullable String message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** {@return an error of any service} */
  public static AwsError of(int status, String code, @Nullable String message) {
    return new AwsError(status, code, message);
  }

  /** {@return the one error for what is missing, busy, there already or wrong} */
  public static AwsError validation(String message) {
    return new AwsError(400, "ValidationException", message);
  }

  /** {@return too many calls} */
  public static AwsError throttled() {
    return new AwsError(400, "ThrottlingException", "Rate exceeded");
  }

  /** {@return too many calls, said only in the header {@code x-amzn-errortype}} */
  public static AwsError throttledInHeader() {
    AwsError error = new AwsError(400, "ThrottlingException", null);
    error.codeOnlyInHeader = true;
    return error;
  }

  /** {@return a container that answered with an error} */
  public static AwsError model(int originalStatus, String originalMessage, String logStreamArn) {
    AwsError error = new AwsError(
        424,
        "ModelError",
        "Received " + (originalStatus < 500 ? "client" : "server") + " error (" + originalStatus
            + ") from primary with message \"" + originalMessage + "\". See " + logStreamArn
            + " for more information.");
    error.members.put("OriginalStatusCode", originalStatus);
    error.members.put("OriginalMessage", originalMessage);
    error.members.put("LogStreamArn", logStreamArn);
    return error;
  }

  /** {@return a model that is being loaded} */
  public static AwsError modelNotReady() {
    return new AwsError(429, "ModelNotReadyException", "Model is not ready for inference");
  }

  /** {@return a service that cannot at the moment} */
  public static AwsError unavailable() {
    return new AwsError(503, "ServiceUnavailable", "Service Unavailable");
  }

  /** {@return more than a quota has} */
  static AwsError resourceLimit(String instanceType, int limit, int used, int delta) {
    return new AwsError(
        400,
        "ResourceLimitExceeded",
        "The account-level service limit '" + instanceType + " for endpoint usage' is " + limit
            + " Instances, with current utilization of " + used
            + " Instances and a request delta of " + delta
            + " Instances. Please use AWS Service Quotas to request an increase for this quota.");
  }

  /** {@return the same, with a header} */
  public AwsError with(String header, String value) {
    headers.put(header, value);
    return this;
  }

  /** {@return its code} */
  public String code() {
    return code;
  }

  /** {@return it in the protocol of JSON or of S3} */
  Answer answer(String service, String method) {
    Answer answer = body(service, method);
    headers.forEach(answer::with);
    return answer;
  }

  private Answer body(String service, String method) {
    if (service.equals(AlarmService.SERVICE)) {
      return Answer.xml(
          status,
          "<ErrorResponse><Error><Code>" + code + "</Code><Message>"
              + Xml.escape(String.valueOf(getMessage())) + "</Message></Error></ErrorResponse>");
    }
    if (!service.equals("s3")) {
      return json();
    }
    if (method.equals("HEAD")) {
      return Answer.empty(status);
    }
    String message = getMessage() == null ? "" : Xml.escape(getMessage());
    return Answer.xml(
        status, "<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>");
  }

  private Answer json() {
    ObjectNode body = Json.object();
    if (codeOnlyInHeader) {
      body.putNull("message");
      return new Answer(status, "application/json", Json.bytes(body))
          .with("x-amzn-errortype", code);
    }
    body.put("__type", code);
    body.put("message", getMessage());
    for (Map.Entry<String, Object> member : members.entrySet()) {
      body.putPOJO(member.getKey(), member.getValue());
    }
    if (!members.isEmpty()) {
      body.put("Message", getMessage());
      body.remove("message");
    }
    return new Answer(status, "application/x-amz-json-1.1", Json.bytes(body))
        .with("x-amzn-errortype", code);
  }

  byte[] text() {
    return String.valueOf(getMessage()).getBytes(UTF_8);
  }
}
