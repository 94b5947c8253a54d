package io.fairlead.vertex.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.fairlead.platform.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A model's generation config, which is added to the {@code parameters} of JSON requests.
 *
 * <p>It is inserted into the bytes of the body, the rest of which is unchanged, including numbers.
 */
final class GenerationDefaults {
  private static final String PARAMETERS = "parameters";
  private static final Pattern NUMBER_OR_BOOLEAN =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false");
  private static final JsonFactory JSON = new JsonFactory();

  private GenerationDefaults() {}

  /** {@return the body of a request with the parameters that it lacks; a body that is no JSON object is unchanged} */
  static byte[] added(Request request, Map<String, String> config) {
    byte[] body = request.bodyUnsafe();
    if (config.isEmpty() || !isJson(request.contentType())) {
      return body;
    }
    try (JsonParser parser = JSON.createParser(body)) {
      Place place = place(parser, body);
      return place == null ? body : place.with(body, config);
    } catch (IOException e) {
      // The model reports the error in the body.
      return body;
    }
  }

  private static boolean isJson(String contentType) {
    int end = contentType.indexOf(';');
    String type =
        (end < 0 ? contentType : contentType.substring(0, end)).strip().toLowerCase(Locale.ROOT);
    return type.equals("application/json") || type.endsWith("+json");
  }

  /**
   * A position at which entries can be inserted.
   *
   * @param inObject the offset in the body
   * @param isParameters whether it is in the parameters, or else in the whole object
   * @param isEmpty whether the object is empty
   * @param names the names of the existing entries
   */
  private record Place(int inObject, boolean isParameters, boolean isEmpty, Set<String> names) {
    byte[] with(byte[] body, Map<String, String> config) {
      StringJoiner entries = new StringJoiner(",");
      config.forEach((key, value) -> {
        if (!names.contains(key)) {
          entries.add(quoted(key) + ":"
              + (NUMBER_OR_BOOLEAN.matcher(value).matches() ? value : quoted(value)));
        }
      });
      if (entries.length() == 0) {
        return body;
      }
      String added = isParameters ? entries.toString() : quoted(PARAMETERS) + ":{" + entries + "}";
      byte[] bytes = (isEmpty ? added : added + ",").getBytes(UTF_8);
      ByteArrayOutputStream whole = new ByteArrayOutputStream(body.length + bytes.length);
      whole.write(body, 0, inObject);
      whole.writeBytes(bytes);
      whole.write(body, inObject, body.length - inObject);
      return whole.toByteArray();
    }
  }

  private static @Nullable Place place(JsonParser parser, byte[] body) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      return null;
    }
    int begin = afterBrace(parser, body);
    Place place = null;
    boolean isEmpty = true;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      isEmpty = false;
      boolean isParameters = parser.currentName().equals(PARAMETERS);
      JsonToken value = parser.nextToken();
      if (!isParameters) {
        parser.skipChildren();
      } else if (value == JsonToken.START_OBJECT) {
        place = inParameters(parser, afterBrace(parser, body));
      } else {
        return null;
      }
    }
    boolean isWhole = parser.nextToken() == null;
    if (!isWhole || begin < 0) {
      return null;
    }
    return place == null ? new Place(begin, false, isEmpty, Set.of()) : place;
  }

  private static Place inParameters(JsonParser parser, int begin) throws IOException {
    Set<String> names = new HashSet<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      names.add(parser.currentName());
      parser.nextToken();
      parser.skipChildren();
    }
    return new Place(begin, true, names.isEmpty(), names);
  }

  /** {@return the offset after the brace that was just read; negative in an encoding other than UTF-8} */
  private static int afterBrace(JsonParser parser, byte[] body) {
    int at = (int) parser.currentTokenLocation().getByteOffset();
    return at >= 0 && at < body.length && body[at] == '{' ? at + 1 : -1;
  }

  private static String quoted(String text) {
    return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
  }
}
