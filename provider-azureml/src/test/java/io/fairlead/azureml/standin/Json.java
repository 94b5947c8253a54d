package io.fairlead.azureml.standin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;

/** JSON as these services write it. */
final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  static ArrayNode array() {
    return MAPPER.createArrayNode();
  }

  /** {@return an object; an empty one if there is no text} */
  static ObjectNode parse(byte[] text) {
    if (text.length == 0) {
      return object();
    }
    try {
      JsonNode node = MAPPER.readTree(text);
      if (node instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException e) {
      throw AzureError.of(400, "InvalidRequestContent", "The request content was invalid: " + e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    throw AzureError.of(
        400, "InvalidRequestContent", "The request content was invalid and is not an object.");
  }

  static byte[] bytes(JsonNode node) {
    try {
      return MAPPER.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@return the object that a member is, which it becomes if it is none} */
  static ObjectNode within(ObjectNode node, String member) {
    return node.get(member) instanceof ObjectNode object ? object : node.putObject(member);
  }

  /** {@return the text of a member; empty if it is missing or null} */
  static String text(JsonNode node, String member) {
    return node.hasNonNull(member) ? node.get(member).asText() : "";
  }
}
