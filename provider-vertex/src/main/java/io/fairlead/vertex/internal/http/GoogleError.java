package io.fairlead.vertex.internal.http;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.JsonFormat;
import io.fairlead.vertex.internal.values.VertexTimes;
import java.text.ParseException;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * An error in Google's own form, <code>{"error": {"status": ..., "message": ...}}</code>, or the sentence of a
 * container's.
 *
 * <p>Containers that serve language models have several forms: vLLM's are <code>{"error": {"message": ...}}</code> and, in
 * older releases, <code>{"message": ...}</code>; Hugging Face's are <code>{"error": "..."}</code>, and FastAPI's
 * <code>{"detail": "..."}</code>.
 *
 * @param status the status, such as {@code UNAVAILABLE}; empty where the container answered
 * @param message the message; the whole text of an error in another form
 * @param retryAfter the pause that Google asks for in the details of the error
 */
record GoogleError(String status, String message, Optional<Duration> retryAfter) {
  private static final Value NONE = Value.getDefaultInstance();

  static GoogleError of(String text) {
    Struct whole = parsed(text);
    Value said = whole.getFieldsOrDefault("error", NONE);
    Struct error = said.getStructValue();
    String message = Stream.of(
            text(error, "message"),
            said.getStringValue(),
            text(whole, "message"),
            text(whole, "detail"))
        .filter(sentence -> !sentence.isBlank())
        .findFirst()
        .orElse(text);
    return new GoogleError(text(error, "status"), message, retryAfter(error));
  }

  /** An error of a streaming call is in an array. */
  private static Struct parsed(String text) {
    Value.Builder parsed = Value.newBuilder();
    try {
      JsonFormat.parser().merge(text, parsed);
    } catch (InvalidProtocolBufferException e) {
      return Struct.getDefaultInstance();
    }
    return parsed.getListValue().getValuesList().stream()
        .findFirst()
        .map(Value::getStructValue)
        .orElseGet(parsed::getStructValue);
  }

  private static Optional<Duration> retryAfter(Struct error) {
    return error.getFieldsOrDefault("details", NONE).getListValue().getValuesList().stream()
        .map(detail -> text(detail.getStructValue(), "retryDelay"))
        .filter(delay -> !delay.isEmpty())
        .findFirst()
        .flatMap(GoogleError::duration);
  }

  private static Optional<Duration> duration(String delay) {
    try {
      return Optional.of(VertexTimes.duration(Durations.parse(delay)));
    } catch (ParseException e) {
      return Optional.empty();
    }
  }

  private static String text(Struct from, String name) {
    return from.getFieldsOrDefault(name, NONE).getStringValue();
  }
}
