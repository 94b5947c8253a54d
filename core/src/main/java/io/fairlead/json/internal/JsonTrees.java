package io.fairlead.json.internal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.PrettyPrinter;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A reader and writer of trees of JSON that needs no object mapper.
 *
 * <p>A mapper's first use loads some three hundred classes that trees do not need. Trees are those that {@code
 * ObjectMapper.readTree} makes: whole numbers have the smallest type that they fit, and fractions are doubles.
 */
public final class JsonTrees {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final JsonFactory FACTORY = new JsonFactory();

  private JsonTrees() {}

  /** Content after a document. */
  public static final class TrailingContentException extends JsonProcessingException {
    private static final long serialVersionUID = 1;

    private TrailingContentException(JsonParser parser) {
      super("must end with the value", parser.currentTokenLocation());
    }
  }

  /**
   * {@return a document, in which each object has a member once and after which there is nothing; missing, if there is none}
   *
   * @throws JsonProcessingException if it is not well-formed
   * @throws TrailingContentException if something follows
   */
  public static JsonNode readStrictly(String json) throws JsonProcessingException {
    try (JsonParser parser = FACTORY.createParser(json)) {
      parser.enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
      JsonNode root = first(parser);
      if (parser.nextToken() != null) {
        throw new TrailingContentException(parser);
      }
      return root;
    } catch (JsonProcessingException e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * {@return the document at the beginning of a body; of a member that is there more than once the last; missing, if there is
   * none}
   *
   * @throws IOException if it is not well-formed
   */
  public static JsonNode read(byte[] body) throws IOException {
    try (JsonParser parser = FACTORY.createParser(body)) {
      return first(parser);
    }
  }

  private static JsonNode first(JsonParser parser) throws IOException {
    JsonToken token = parser.nextToken();
    return token == null ? MissingNode.getInstance() : node(token, parser);
  }

  // As deep as the parser allows, which is 1,000 by Jackson's default.
  private static JsonNode node(JsonToken token, JsonParser parser) throws IOException {
    return switch (token) {
      case START_OBJECT -> {
        ObjectNode object = NODES.objectNode();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String name = parser.currentName();
          object.set(name, node(parser.nextToken(), parser));
        }
        yield object;
      }
      case START_ARRAY -> {
        ArrayNode array = NODES.arrayNode();
        for (JsonToken next = parser.nextToken();
            next != JsonToken.END_ARRAY;
            next = parser.nextToken()) {
          array.add(node(next, parser));
        }
        yield array;
      }
      case VALUE_STRING -> NODES.textNode(parser.getText());
      case VALUE_NUMBER_INT ->
        switch (parser.getNumberType()) {
          case INT -> NODES.numberNode(parser.getIntValue());
          case LONG -> NODES.numberNode(parser.getLongValue());
          default -> NODES.numberNode(parser.getBigIntegerValue());
        };
      case VALUE_NUMBER_FLOAT -> NODES.numberNode(parser.getDoubleValue());
      case VALUE_TRUE -> NODES.booleanNode(true);
      case VALUE_FALSE -> NODES.booleanNode(false);
      case VALUE_NULL -> NODES.nullNode();
      default -> throw new IllegalStateException("a document of JSON has no " + token);
    };
  }

  /** {@return a tree on one line} */
  public static String write(JsonNode tree) {
    return text(tree, null);
  }

  /** {@return a tree in lines, indented by two spaces} */
  public static String writePretty(JsonNode tree) {
    DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
    return text(
        tree, new DefaultPrettyPrinter().withObjectIndenter(indenter).withArrayIndenter(indenter));
  }

  private static String text(JsonNode tree, @Nullable PrettyPrinter printer) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      if (printer != null) {
        json.setPrettyPrinter(printer);
      }
      write(tree, json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  private static void write(JsonNode tree, JsonGenerator json) throws IOException {
    switch (tree.getNodeType()) {
      case OBJECT -> {
        json.writeStartObject();
        for (Map.Entry<String, JsonNode> member : tree.properties()) {
          json.writeFieldName(member.getKey());
          write(member.getValue(), json);
        }
        json.writeEndObject();
      }
      case ARRAY -> {
        json.writeStartArray();
        for (JsonNode element : tree) {
          write(element, json);
        }
        json.writeEndArray();
      }
      case STRING -> json.writeString(tree.textValue());
      case BOOLEAN -> json.writeBoolean(tree.booleanValue());
      case NUMBER -> {
        switch (tree.numberType()) {
          case INT -> json.writeNumber(tree.intValue());
          case LONG -> json.writeNumber(tree.longValue());
          case DOUBLE -> json.writeNumber(tree.doubleValue());
          default -> throw new IllegalStateException("no value is written as " + tree.numberType());
        }
      }
      default -> throw new IllegalStateException("no value is written as " + tree.getNodeType());
    }
  }

  /** {@return a generator of a document of JSON} */
  public static JsonGenerator generator(OutputStream out) throws IOException {
    return FACTORY.createGenerator(out);
  }
}
