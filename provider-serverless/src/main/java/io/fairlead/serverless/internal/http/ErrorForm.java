package io.fairlead.serverless.internal.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The form of an error in the body of a response, by route. */
enum ErrorForm {
  /** {@code {"error": "message"}}, of the Open Inference Protocol. */
  PLAIN,

  /** The same with the id of the request, for clouds that pass on the body, and no header. */
  WITH_REQUEST_ID,

  /** {@code {"error": {"message": ..., "type": ..., "param": null, "code": ...}}}, of OpenAI's API. */
  OPENAI,

  /** The same for a path that is none of its routes. */
  OPENAI_WITHOUT_ROUTE;

  private static final int FIRST_SERVER_ERROR = 500;

  /** {@return the form for a route} */
  static ErrorForm of(Target.@Nullable Kind kind, String path) {
    if (kind == null) {
      return path.startsWith("/v1/") && !path.endsWith(":predict") ? OPENAI_WITHOUT_ROUTE : PLAIN;
    }
    if (kind.isOpenAi()) {
      return OPENAI;
    }
    return kind == Target.Kind.INVOCATIONS || kind == Target.Kind.PREDICT ? WITH_REQUEST_ID : PLAIN;
  }

  void write(JsonGenerator json, HttpResponseStatus status, String message, String requestId)
      throws IOException {
    if (this == OPENAI || this == OPENAI_WITHOUT_ROUTE) {
      writeOpenAi(json, status.code(), message);
      return;
    }
    json.writeStringField("error", message);
    if (this == WITH_REQUEST_ID) {
      json.writeStringField(Exchange.ID_KEY, requestId);
    }
  }

  private void writeOpenAi(JsonGenerator json, int status, String message) throws IOException {
    json.writeObjectFieldStart("error");
    json.writeStringField("message", message);
    json.writeStringField("type", type(status));
    json.writeNullField("param");
    json.writeStringField("code", code(status));
    json.writeEndObject();
  }

  private static String type(int status) {
    if (status == HttpResponseStatus.TOO_MANY_REQUESTS.code()) {
      return "requests";
    }
    return status < FIRST_SERVER_ERROR ? "invalid_request_error" : "server_error";
  }

  /** The codes of OpenAI's API, where there is one for what has happened. */
  private @Nullable String code(int status) {
    return switch (status) {
      case 401 -> "invalid_api_key";
      case 404 -> this == OPENAI ? "model_not_found" : "unknown_url";
      case 429 -> "rate_limit_exceeded";
      default -> null;
    };
  }
}
