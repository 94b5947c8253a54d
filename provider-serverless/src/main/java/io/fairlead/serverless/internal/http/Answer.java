package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP response.
 *
 * @param headers the headers other than Content-Length and Content-Type
 * @param error the message of an error; null for other responses
 */
record Answer(
    HttpResponseStatus status,
    String contentType,
    ByteBuf body,
    Map<String, String> headers,
    @Nullable String error) {
  static final String JSON_TYPE = "application/json";

  private static final JsonFactory JSON = new JsonFactory();

  /** Writes the fields of a JSON object. */
  interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  static Answer of(HttpResponseStatus status, String contentType, ByteBuf body) {
    return new Answer(status, contentType, body, Map.of(), null);
  }

  static Answer empty(HttpResponseStatus status) {
    return of(status, "", Unpooled.EMPTY_BUFFER);
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
    return of(status, JSON_TYPE, Unpooled.wrappedBuffer(body.toByteArray()));
  }

  /** {@return an error response, in the form of the Open Inference Protocol} */
  static Answer error(HttpResponseStatus status, String sentence) {
    Answer plain = json(status, json -> json.writeStringField("error", sentence));
    return new Answer(status, JSON_TYPE, plain.body(), Map.of(), sentence);
  }

  Answer with(String header, String value) {
    return with(Map.of(header, value));
  }

  Answer with(Map<String, String> further) {
    Map<String, String> all = new HashMap<>(headers);
    all.putAll(further);
    return new Answer(status, contentType, body, Map.copyOf(all), error);
  }

  /** {@return an error as a server-sent event, which ends one that it comes in the middle of} */
  ByteBuf asEvent() {
    ByteBuf event =
        json(status, json -> ErrorForm.OPENAI.write(json, status, shown(), "")).body();
    return Unpooled.wrappedBuffer(
        Unpooled.copiedBuffer("\n\ndata: ", UTF_8), event, Unpooled.copiedBuffer("\n\n", UTF_8));
  }

  private String shown() {
    return error == null ? status.reasonPhrase() : error;
  }

  /** {@return an error in another form; others unchanged} */
  Answer in(ErrorForm form, String requestId) {
    if (error == null || form == ErrorForm.PLAIN) {
      return this;
    }
    Answer formed = json(status, json -> form.write(json, status, error, requestId));
    return new Answer(status, JSON_TYPE, formed.body(), headers, error);
  }
}
