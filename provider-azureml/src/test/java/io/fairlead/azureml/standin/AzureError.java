package io.fairlead.azureml.standin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serial;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a service of Azure says instead of an answer: a status, a code, a message, and details. */
public final class AzureError extends RuntimeException {
  @Serial
  private static final long serialVersionUID = 1L;

  private record Detail(String code, String message) implements Serializable {}

  private final int status;
  private final String code;
  private final ArrayList<Detail> details = new ArrayList<>();
  private final LinkedHashMap<String, String> headers = new LinkedHashMap<>();

  private AzureError(int status, String code, String message) {
    // Without a stack trace: where the stand-in refuses is of no interest, and it refuses often.
    super(message, null, false, false);
    this.status = status;
    this.code = code;
  }

  /** {@return an error of any service} */
  public static AzureError of(int status, String code, String message) {
    return new AzureError(status, code, message);
  }

  /** {@return too many requests, with a Retry-After} */
  public static AzureError throttled(Duration retryAfter) {
    return of(429, "TooManyRequests", "The request is being throttled. Please try again later.")
        .with("Retry-After", String.valueOf(retryAfter.toSeconds()));
  }

  /** {@return an error that names no more than a request that is wrong, whose reason is in its details} */
  static AzureError badRequest(String code, String message) {
    return of(400, "BadRequest", "The request is invalid.").because(code, message);
  }

  /** {@return something that is not there} */
  static AzureError notFound(String what) {
    return of(404, "ResourceNotFound", "The Resource '" + what + "' was not found.");
  }

  /** {@return something that cannot be done now} */
  static AzureError conflict(String message) {
    return of(409, "Conflict", message);
  }

  /** {@return another operation on the same thing} */
  static AzureError busy(String what) {
    return conflict("There is already an operation in progress on " + what
        + ". Please wait until it has completed and try again.");
  }

  /** {@return the same, with one more detail} */
  public AzureError because(String detailCode, String message) {
    details.add(new Detail(detailCode, message));
    return this;
  }

  /** {@return the same, with a header} */
  public AzureError with(String header, String value) {
    headers.put(header, value);
    return this;
  }

  /** {@return its status} */
  public int status() {
    return status;
  }

  /** {@return its code} */
  public String code() {
    return code;
  }

  String message() {
    return String.valueOf(getMessage());
  }

  /** {@return what stands under {@code error} in the documents of ARM} */
  ObjectNode document() {
    ObjectNode error = Json.object();
    error.put("code", code);
    error.put("message", message());
    ArrayNode all = error.putArray("details");
    for (Detail detail : details) {
      all.addObject().put("code", detail.code()).put("message", detail.message());
    }
    ObjectNode info = error.putArray("additionalInfo").addObject();
    info.put("type", "ComponentName");
    info.putObject("info").put("value", "managementfrontend");
    return error;
  }

  /** {@return it in the form of ARM} */
  Answer arm() {
    ObjectNode body = Json.object();
    body.set("error", document());
    return withHeaders(Answer.json(status, body));
  }

  /** {@return it in the form of Blob Storage} */
  Answer blob(String method) {
    Answer answer = method.equals("HEAD")
        ? Answer.empty(status)
        : Answer.xml(
            status,
            "<Error>" + Xml.element("Code", code) + Xml.element("Message", message()) + "</Error>");
    return withHeaders(answer.with("x-ms-error-code", code));
  }

  private Answer withHeaders(Answer answer) {
    for (Map.Entry<String, String> header : headers.entrySet()) {
      answer.with(header.getKey(), header.getValue());
    }
    return answer;
  }
}
