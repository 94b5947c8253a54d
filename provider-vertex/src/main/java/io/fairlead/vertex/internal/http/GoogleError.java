package io.fairlead.vertex.internal.http;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;

/**
 * An error in Google's own form, <code>{"error": {"status": ..., "message": ...}}</code>.
 *
 * @param status the status, such as {@code UNAVAILABLE}; empty where the container answered
 * @param message the message; the whole text of an error in another form
 */
record GoogleError(String status, String message) {
  static GoogleError of(String text) {
    Struct error = parsed(text);
    String message = field(error, "message");
    return new GoogleError(field(error, "status"), message.isEmpty() ? text : message);
  }

  private static Struct parsed(String text) {
    Struct.Builder parsed = Struct.newBuilder();
    try {
      JsonFormat.parser().merge(text, parsed);
    } catch (InvalidProtocolBufferException e) {
      return Struct.getDefaultInstance();
    }
    return parsed.getFieldsOrDefault("error", Value.getDefaultInstance()).getStructValue();
  }

  private static String field(Struct error, String name) {
    return error.getFieldsOrDefault(name, Value.getDefaultInstance()).getStringValue();
  }
}
