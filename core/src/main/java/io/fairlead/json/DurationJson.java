package io.fairlead.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;
import java.time.Duration;
import java.time.format.DateTimeParseException;

/** Durations in ISO 8601, such as {@code PT1M30S}. */
final class DurationJson {
  private DurationJson() {}

  @SuppressWarnings("serial") // Jackson's parent is serializable, and nobody serializes this
  static final class Writer extends StdSerializer<Duration> {
    Writer() {
      super(Duration.class);
    }

    @Override
    public void serialize(Duration value, JsonGenerator generator, SerializerProvider provider)
        throws IOException {
      generator.writeString(value.toString());
    }
  }

  @SuppressWarnings("serial") // Jackson's parent is serializable, and nobody serializes this
  static final class Reader extends StdDeserializer<Duration> {
    Reader() {
      super(Duration.class);
    }

    @Override
    public Duration deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      if (parser.currentToken() != JsonToken.VALUE_STRING) {
        return (Duration) context.handleUnexpectedToken(Duration.class, parser);
      }
      try {
        return Duration.parse(parser.getText());
      } catch (DateTimeParseException e) {
        return (Duration) context.handleWeirdStringValue(
            Duration.class, parser.getText(), "must be a duration in ISO 8601, such as PT1M30S");
      }
    }
  }
}
