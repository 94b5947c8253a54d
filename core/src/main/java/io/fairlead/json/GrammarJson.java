package io.fairlead.json;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.databind.JsonNode;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problem;
import io.fairlead.json.internal.JsonTrees;
import io.fairlead.json.internal.TreeReader;
import io.fairlead.json.internal.TreeWriter;
import java.util.List;

/**
 * The JSON format of values of the grammar, which are read back equal.
 *
 * <p>A record is an object with a field for each component; options are an object with a field for each, named {@code
 * platform.Type}. Absent values are left out: an empty {@link java.util.Optional}, and options where there are none.
 * Reading is strict and reports all problems together: an unknown or missing field, a wrong type, a value that breaks a
 * rule of the grammar, an option in a part of the grammar that it does not belong to. Options need the {@link
 * io.fairlead.spi.OptionsProvider} of their platform's module on the class path.
 *
 * <p>The JSON has the values of environment variables in plain text; messages and {@link Object#toString()} do not.
 */
public final class GrammarJson {
  private GrammarJson() {}

  /** {@return the value as JSON on one line; the same value gives the same text everywhere} */
  public static String write(Object value) {
    return JsonTrees.write(TreeWriter.write(requireNonNull(value, "value")));
  }

  /** {@return the value as indented JSON; the same value gives the same text everywhere} */
  public static String writePretty(Object value) {
    return JsonTrees.writePretty(TreeWriter.write(requireNonNull(value, "value")));
  }

  /**
   * Reads a value of the grammar, with option types from the thread's context class loader and from this library's own.
   *
   * @param json the JSON
   * @param type the type of the value, such as {@code Endpoint.class}
   * @throws InvalidValueException if it is invalid; it names each invalid field by its path, with the rule and the
   *     value
   */
  public static <T> T read(String json, Class<T> type) {
    requireNonNull(json, "json");
    requireNonNull(type, "type");
    return TreeReader.readJson(parse(json, type), type);
  }

  private static JsonNode parse(String json, Class<?> type) {
    try {
      return JsonTrees.readStrictly(json);
    } catch (JsonProcessingException e) {
      throw new InvalidValueException(
          type.getSimpleName(), List.of(new Problem("JSON", rule(e), "")), e);
    }
  }

  private static String rule(JsonProcessingException e) {
    if (e instanceof JsonTrees.TrailingContentException) {
      return e.getOriginalMessage() + place(e);
    }
    String reason = e.getOriginalMessage().lines().findFirst().orElse("");
    int start = reason.indexOf(" (start marker at ");
    reason = start < 0 ? reason : reason.substring(0, start);
    return "must be well-formed: " + reason + place(e);
  }

  private static String place(JsonProcessingException e) {
    String field =
        e.getProcessor() instanceof JsonParser parser ? path(parser.getParsingContext()) : "";
    JsonLocation location = e.getLocation();
    return (field.isEmpty() ? "" : ", at " + field)
        + (location == null
            ? ""
            : " (line " + location.getLineNr() + ", column " + location.getColumnNr() + ")");
  }

  private static String path(JsonStreamContext context) {
    if (context.getParent() == null) {
      return "";
    }
    String parent = path(context.getParent());
    if (context.inArray()) {
      return parent + "[" + context.getCurrentIndex() + "]";
    }
    String name = context.getCurrentName();
    return name == null ? parent : parent.isEmpty() ? name : parent + "." + name;
  }
}
