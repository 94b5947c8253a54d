package io.fairlead.json.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.spi.Settings;
import io.fairlead.spi.SettingsType;
import java.lang.reflect.RecordComponent;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A writer of values as a tree of JSON, the inverse of {@link TreeReader}. */
public final class TreeWriter {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private TreeWriter() {}

  /** {@return the tree of a value} */
  public static JsonNode write(Object value) {
    return write(value, value.getClass().getSimpleName());
  }

  private static JsonNode write(@Nullable Object value, String place) {
    if (value instanceof String || value instanceof URI || value instanceof Duration) {
      return NODES.textNode(value.toString());
    }
    if (value instanceof Enum<?> constant) {
      return NODES.textNode(constant.name());
    }
    if (value instanceof Integer number) {
      return NODES.numberNode(number.intValue());
    }
    if (value instanceof Long number) {
      return NODES.numberNode(number.longValue());
    }
    if (value instanceof Double number && Double.isFinite(number)) {
      return NODES.numberNode(number.doubleValue());
    }
    if (value instanceof Boolean flag) {
      return NODES.booleanNode(flag);
    }
    if (value instanceof List<?> list) {
      ArrayNode array = NODES.arrayNode();
      list.forEach(element -> array.add(write(element, place)));
      return array;
    }
    if (value instanceof Map<?, ?> map) {
      return map(map, place);
    }
    if (value instanceof Options<?> options) {
      return options(options, place);
    }
    if (value instanceof Record) {
      return record(value);
    }
    if (value instanceof Settings<?> settings) {
      return settings(settings);
    }
    throw new IllegalArgumentException(place + " cannot be written as JSON, because it is "
        + (value == null ? "null" : "of " + value.getClass())
        + ": there are records, lists, maps with text as keys, text, URIs, durations, enums, whole and finite"
        + " numbers, true and false");
  }

  private static ObjectNode map(Map<?, ?> map, String place) {
    Map<String, @Nullable Object> sorted = new TreeMap<>();
    map.forEach((key, value) -> sorted.put(String.valueOf(key), value));
    ObjectNode object = NODES.objectNode();
    sorted.forEach((key, value) -> object.set(key, write(value, place)));
    return object;
  }

  private static ObjectNode options(Options<?> options, String place) {
    ObjectNode object = NODES.objectNode();
    for (PlatformOptions option : options.values()) {
      String name = OptionTypes.name(option.platform(), option.getClass());
      if (object.replace(name, write(option, place)) != null) {
        throw new IllegalArgumentException(
            place + " cannot be written as JSON, because two types of options are called " + name);
      }
    }
    return object;
  }

  private static boolean isAbsent(@Nullable Object part) {
    return part instanceof Options<?> options
        ? options.values().isEmpty()
        : part instanceof Optional<?> optional && optional.isEmpty();
  }

  private static ObjectNode record(Object value) {
    ObjectNode object = NODES.objectNode();
    String type = value.getClass().getSimpleName();
    for (RecordComponent component : Records.components(value.getClass())) {
      String name = component.getName();
      Object part = Records.get(component, value);
      if (!isAbsent(part)) {
        object.set(name, write(present(part), type + "." + name));
      }
    }
    return object;
  }

  private static @Nullable Object present(@Nullable Object part) {
    return part instanceof Optional<?> optional ? optional.orElseThrow() : part;
  }

  private static ObjectNode settings(Settings<?> settings) {
    ObjectNode object = NODES.objectNode();
    SettingsType.of(settings.getClass())
        .values(settings)
        .forEach((name, value) -> object.set(
            name, write(present(value), settings.getClass().getSimpleName() + "." + name)));
    return object;
  }
}
