package io.fairlead.sagemaker.standin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.BiFunction;

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

  static ObjectNode parse(byte[] text) {
    try {
      return text.length == 0 ? object() : (ObjectNode) MAPPER.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] bytes(JsonNode node) {
    try {
      return MAPPER.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void copy(ObjectNode from, ObjectNode to, String... members) {
    for (String member : members) {
      if (from.hasNonNull(member)) {
        to.set(member, from.get(member).deepCopy());
      }
    }
  }

  /** {@return one page of a list, with the token of the next if there is one} */
  static <T> ObjectNode page(
      ObjectNode request,
      String member,
      int limit,
      List<T> all,
      BiFunction<T, ObjectNode, ObjectNode> write) {
    int from = request.hasNonNull("NextToken")
        ? Integer.parseInt(request.get("NextToken").asText().substring("token-".length()))
        : 0;
    int size = Math.min(limit, request.path("MaxResults").asInt(limit));
    ObjectNode answer = object();
    ArrayNode items = answer.putArray(member);
    for (int i = from; i < Math.min(all.size(), from + size); i++) {
      items.add(write.apply(all.get(i), object()));
    }
    if (from + size < all.size()) {
      answer.put("NextToken", "token-" + (from + size));
    }
    return answer;
  }
}
