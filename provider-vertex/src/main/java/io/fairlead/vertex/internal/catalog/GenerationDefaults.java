package io.fairlead.vertex.internal.catalog;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.fairlead.grammar.Container;
import io.fairlead.platform.Request;
import io.fairlead.vertex.VertexArtifact;
import io.fairlead.vertex.VertexArtifact.Placement;
import io.fairlead.vertex.VertexContainer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.regex.Pattern;

/**
 * A model's generation config, which is added to JSON requests where the container reads it.
 *
 * <p>It is inserted into the bytes of the body, the rest of which is unchanged, including numbers.
 */
public final class GenerationDefaults {
  private static final String PARAMETERS = "parameters";
  private static final String INSTANCES = "instances";
  private static final Pattern NUMBER_OR_BOOLEAN =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false");
  private static final JsonFactory JSON = new JsonFactory();

  private GenerationDefaults() {}

  /** {@return where a container reads the parameters, by its options and its image} */
  public static Placement placement(VertexArtifact option, Container container) {
    if (option.placement().isPresent()) {
      return option.placement().get();
    }
    if (container
        .runtime()
        .options()
        .find(VertexContainer.class)
        .filter(VertexContainer::invokeRoutes)
        .isPresent()) {
      return Placement.BODY;
    }
    String image = container.runtime().image().orElse("");
    if (Images.areTextGenerationInference(image)) {
      return Placement.PARAMETERS_OF_INSTANCES;
    }
    return Images.areVllm(image) ? Placement.INSTANCES : Placement.PARAMETERS;
  }

  /** {@return the body of a request with the parameters that it lacks; a body that is no JSON object is unchanged} */
  public static byte[] added(Request request, Map<String, String> config, Placement placement) {
    byte[] body = request.bodyUnsafe();
    if (config.isEmpty() || !isJson(request.contentType())) {
      return body;
    }
    try (JsonParser parser = JSON.createParser(body)) {
      List<Place> places = new ArrayList<>();
      boolean isWhole = switch (placement) {
        case PARAMETERS, BODY ->
          isObject(parser) && place(parser, body, placement == Placement.PARAMETERS, places);
        case PARAMETERS_OF_INSTANCES -> isObject(parser) && instances(parser, body, true, places);
        case INSTANCES -> isObject(parser) && instances(parser, body, false, places);
      };
      return isWhole && parser.nextToken() == null ? with(body, config, places) : body;
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
   * @param isParameters whether it is where the entries are to be, or else in an object that lacks {@code parameters}
   * @param isEmpty whether the object is empty
   * @param names the names of the existing entries
   */
  private record Place(int inObject, boolean isParameters, boolean isEmpty, Set<String> names) {
    byte[] added(Map<String, String> config) {
      StringJoiner entries = new StringJoiner(",");
      config.forEach((key, value) -> {
        if (!names.contains(key)) {
          entries.add(quoted(key) + ":"
              + (NUMBER_OR_BOOLEAN.matcher(value).matches() ? value : quoted(value)));
        }
      });
      if (entries.length() == 0) {
        return new byte[0];
      }
      String added = isParameters ? entries.toString() : quoted(PARAMETERS) + ":{" + entries + "}";
      return (isEmpty ? added : added + ",").getBytes(UTF_8);
    }
  }

  private static byte[] with(byte[] body, Map<String, String> config, List<Place> places) {
    ByteArrayOutputStream whole = new ByteArrayOutputStream(body.length + 64 * places.size());
    int written = 0;
    for (Place place : places) {
      whole.write(body, written, place.inObject() - written);
      whole.writeBytes(place.added(config));
      written = place.inObject();
    }
    whole.write(body, written, body.length - written);
    return whole.size() == body.length ? body : whole.toByteArray();
  }

  private static boolean isObject(JsonParser parser) throws IOException {
    return parser.nextToken() == JsonToken.START_OBJECT;
  }

  /**
   * Reads an object whose brace was just read, and adds the place for its parameters.
   *
   * @param inParameters whether they are in its {@code parameters}, and not in the object itself
   * @return whether the body is UTF-8, of which alone offsets are known
   */
  private static boolean place(
      JsonParser parser, byte[] body, boolean inParameters, List<Place> places) throws IOException {
    int begin = afterBrace(parser, body);
    Place place = null;
    Set<String> names = new HashSet<>();
    boolean isEmpty = true;
    boolean isSaidOtherwise = false;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      isEmpty = false;
      names.add(parser.currentName());
      boolean isParameters = inParameters && parser.currentName().equals(PARAMETERS);
      JsonToken value = parser.nextToken();
      if (!isParameters) {
        parser.skipChildren();
      } else if (value == JsonToken.START_OBJECT) {
        place = inParameters(parser, afterBrace(parser, body));
      } else {
        // The model reports the error in it.
        parser.skipChildren();
        isSaidOtherwise = true;
      }
    }
    if (begin < 0) {
      return false;
    }
    if (isSaidOtherwise) {
      return true;
    }
    if (place == null) {
      place = new Place(begin, !inParameters, isEmpty, inParameters ? Set.of() : names);
    }
    places.add(place);
    return true;
  }

  /** Reads a request whose brace was just read, and adds the place of each of its instances that is an object. */
  private static boolean instances(
      JsonParser parser, byte[] body, boolean inParameters, List<Place> places) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      boolean areInstances = parser.currentName().equals(INSTANCES);
      if (parser.nextToken() != JsonToken.START_ARRAY || !areInstances) {
        parser.skipChildren();
        continue;
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
          parser.skipChildren();
        } else if (!place(parser, body, inParameters, places)) {
          return false;
        }
      }
    }
    return true;
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
