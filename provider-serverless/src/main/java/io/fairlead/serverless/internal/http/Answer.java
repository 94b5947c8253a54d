package io.fairlead.serverless.internal.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/**
 * An HTTP response.
 *
 * @param headers the headers other than Content-Length and Content-Type
 */
record Answer(
    HttpResponseStatus status, String contentType, ByteBuf body, Map<String, String> headers) {
  static final String JSON_TYPE = "application/json";

  private static final JsonFactory JSON = new JsonFactory();

  /** Writes the fields of a JSON object. */
  interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  static Answer empty(HttpResponseStatus status) {
    return new Answer(status, "", Unpooled.EMPTY_BUFFER, Map.of());
  }

  /** {@return a response with a JSON object} */
  static Answer json(HttpResponseStatus status, Fields fields) {
    return value(status, json -> {
      json.writeStartObject();
      fields.write(json);
      json.writeEndObject();
    });
  }

  /** {@return a response with any JSON value} */
  static Answer value(HttpResponseStatus status, Fields value) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(body)) {
      value.write(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Answer(status, JSON_TYPE, Unpooled.wrappedBuffer(body.toByteArray()), Map.of());
  }

  /** {@return an error response, in the form of the Open Inference Protocol} */
  static Answer error(HttpResponseStatus status, String sentence) {
    return json(status, json -> json.writeStringField("error", sentence));
  }

  Answer with(String header, String value) {
    return new Answer(status, contentType, body, Map.of(header, value));
  }
}
