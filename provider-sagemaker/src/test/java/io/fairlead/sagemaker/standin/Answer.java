package io.fairlead.sagemaker.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;

/** What goes back over the wire. */
final class Answer {
  private final int status;
  private final Map<String, String> headers = new LinkedHashMap<>();
  private final byte[] body;

  Answer(int status, String contentType, byte[] body) {
    this.status = status;
    this.body = body;
    headers.put("Content-Type", contentType);
  }

  static Answer json(JsonNode node) {
    return new Answer(200, "application/x-amz-json-1.1", Json.bytes(node));
  }

  static Answer xml(int status, String text) {
    return new Answer(
        status,
        "application/xml",
        ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + text).getBytes(UTF_8));
  }

  static Answer empty(int status) {
    return new Answer(status, "application/xml", new byte[0]);
  }

  Answer with(String header, String value) {
    headers.put(header, value);
    return this;
  }

  int status() {
    return status;
  }

  Map<String, String> headers() {
    return headers;
  }

  byte[] body() {
    return body;
  }
}
