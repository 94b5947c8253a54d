package io.fairlead.json.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.provider.Durations;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The form in which names and scalars of a tree are written. */
enum Form {
  /** As {@link TreeWriter} writes them. */
  JSON("must be a duration in ISO 8601, such as PT1M30S") {
    @Override
    boolean names(String given, String field) {
      return given.equals(field);
    }

    @Override
    JsonNode scalar(JsonNode node, Class<?> type) {
      return node;
    }

    @Override
    JsonNode list(JsonNode node) {
      return node;
    }
  },

  /** As in configuration files: names may have hyphens in place of capitals, and all scalars are text. */
  CONFIGURATION("must be a duration, such as 500ms, 30s, 10m or 2h") {
    @Override
    boolean names(String given, String field) {
      return plain(given).equals(plain(field));
    }

    @Override
    JsonNode scalar(JsonNode node, Class<?> type) {
      if (!node.isTextual()) {
        return node;
      }
      try {
        return parsed(node.textValue().trim(), type, node);
      } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
        return node;
      }
    }

    @Override
    JsonNode list(JsonNode node) {
      if (!node.isTextual()) {
        return node;
      }
      ArrayNode elements = NODES.arrayNode();
      for (String element : node.textValue().split(",", -1)) {
        if (!element.isBlank()) {
          elements.add(element.trim());
        }
      }
      return elements;
    }
  };

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final String durationRule;

  Form(String durationRule) {
    this.durationRule = durationRule;
  }

  /** {@return whether a name in the tree is that of a field} */
  abstract boolean names(String given, String field);

  /** {@return a scalar as JSON has it; the same where it is not one of the type} */
  abstract JsonNode scalar(JsonNode node, Class<?> type);

  /** {@return a list as JSON has it} */
  abstract JsonNode list(JsonNode node);

  String durationRule() {
    return durationRule;
  }

  /** {@return the value of a field; null if there is none} */
  @Nullable
  JsonNode field(JsonNode node, String field) {
    JsonNode exact = node.get(field);
    if (exact != null || this == JSON) {
      return exact;
    }
    return node.properties().stream()
        .filter(each -> names(each.getKey(), field))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(null);
  }

  /** {@return the tree of maps, lists and texts} */
  static JsonNode tree(Object value) {
    if (value instanceof Map<?, ?> map) {
      ObjectNode node = NODES.objectNode();
      map.forEach((name, member) -> node.set(String.valueOf(name), tree(member)));
      return node;
    }
    if (value instanceof Iterable<?> list) {
      ArrayNode node = NODES.arrayNode();
      list.forEach(element -> node.add(tree(element)));
      return node;
    }
    return NODES.textNode(value.toString());
  }

  private static String plain(String name) {
    return name.replace("-", "").toLowerCase(Locale.ROOT);
  }

  private static JsonNode parsed(String text, Class<?> type, JsonNode node) {
    if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
      return NODES.numberNode(Long.parseLong(text));
    }
    if (type == double.class || type == Double.class) {
      return NODES.numberNode(Double.parseDouble(text));
    }
    if (type == boolean.class || type == Boolean.class) {
      return switch (text) {
        case "true" -> NODES.booleanNode(true);
        case "false" -> NODES.booleanNode(false);
        default -> node;
      };
    }
    if (type == Duration.class) {
      return NODES.textNode(Durations.parse(text).toString());
    }
    if (type.isEnum()) {
      for (Object constant : type.getEnumConstants()) {
        if (plain(text).equals(plain(((Enum<?>) constant).name().replace('_', '-')))) {
          return NODES.textNode(((Enum<?>) constant).name());
        }
      }
    }
    return node;
  }
}
