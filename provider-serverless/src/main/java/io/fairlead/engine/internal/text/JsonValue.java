package io.fairlead.engine.internal.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A value in a small JSON file, which may be missing; null is as missing. */
final class JsonValue {
  static final JsonValue MISSING = new JsonValue(null);

  private final @Nullable Object value;

  private JsonValue(@Nullable Object value) {
    this.value = value;
  }

  /** {@return the value of a file} */
  static JsonValue read(byte[] json) throws IOException {
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      parser.nextToken();
      JsonValue read = read(parser);
      if (parser.nextToken() != null) {
        throw new IOException("it goes on after its end");
      }
      return read;
    }
  }

  private static JsonValue read(JsonParser parser) throws IOException {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.START_ARRAY) {
      List<JsonValue> elements = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        elements.add(read(parser));
      }
      return new JsonValue(elements);
    }
    if (token == JsonToken.START_OBJECT) {
      Map<String, JsonValue> fields = new LinkedHashMap<>();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        fields.put(name, read(parser));
      }
      return new JsonValue(fields);
    }
    if (token == JsonToken.VALUE_STRING) {
      return new JsonValue(parser.getText());
    }
    if (token == JsonToken.VALUE_TRUE || token == JsonToken.VALUE_FALSE) {
      return new JsonValue(parser.getBooleanValue());
    }
    return token != null && token.isNumeric() ? new JsonValue(parser.getDoubleValue()) : MISSING;
  }

  boolean isMissing() {
    return value == null;
  }

  boolean isText() {
    return value instanceof String;
  }

  /** {@return the text; empty if it is none} */
  String text() {
    return value instanceof String text ? text : "";
  }

  OptionalDouble number() {
    return value instanceof Double number ? OptionalDouble.of(number) : OptionalDouble.empty();
  }

  /** {@return the flag; {@code otherwise} if it is none} */
  boolean flag(boolean otherwise) {
    return value instanceof Boolean flag ? flag : otherwise;
  }

  /** {@return the field of an object; missing if it has none} */
  JsonValue at(String field) {
    return value instanceof Map<?, ?> fields && fields.get(field) instanceof JsonValue found
        ? found
        : MISSING;
  }

  /** {@return the names of the fields of an object, in order} */
  Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    if (value instanceof Map<?, ?> fields) {
      fields.keySet().forEach(name -> names.add(String.valueOf(name)));
    }
    return names;
  }

  /** {@return the elements of an array; none if it is not one} */
  List<JsonValue> elements() {
    List<JsonValue> elements = new ArrayList<>();
    if (value instanceof List<?> list) {
      list.forEach(element -> elements.add((JsonValue) element));
    }
    return elements;
  }

  boolean isArray() {
    return value instanceof List<?>;
  }

  boolean isObject() {
    return value instanceof Map<?, ?>;
  }
}
