package io.fairlead.json.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problem;
import io.fairlead.grammar.Problems;
import io.fairlead.spi.Settings;
import io.fairlead.spi.SettingsType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A reader of values from a tree of JSON, which collects all problems.
 *
 * <p>A method returns null if it noted a problem. The value that contains it is not created; its other fields are still
 * read, for their own problems.
 */
public final class TreeReader {
  private static final int MAX_CAUSES = 20;

  private final Form form;

  private final OptionTypes optionTypes;
  private final Problems problems = Problems.in("");
  private final List<Throwable> causes = new ArrayList<>();

  private TreeReader(OptionTypes optionTypes, Form form) {
    this.optionTypes = optionTypes;
    this.form = form;
  }

  /**
   * {@return the value of a tree as {@link TreeWriter} writes it}
   *
   * @throws InvalidValueException if it is invalid, with all problems
   */
  public static <T> T readJson(JsonNode root, Class<T> type) {
    return new TreeReader(OptionTypes.ofThisThread(), Form.JSON).read(root, type);
  }

  /**
   * {@return the value of maps, lists and texts as they are in a configuration file}
   *
   * @param root maps by name, whose names may have hyphens in place of capitals, lists, and texts
   * @throws InvalidValueException if it is invalid, with all problems
   */
  public static <T> T readConfiguration(Object root, Class<T> type, OptionTypes optionTypes) {
    return new TreeReader(optionTypes, Form.CONFIGURATION).read(Form.tree(root), type);
  }

  private <T> T read(JsonNode root, Class<T> type) {
    Object value = value(root, type, "");
    if (value == null) {
      InvalidValueException exception =
          new InvalidValueException(type.getSimpleName(), problems.found());
      causes.forEach(exception::addSuppressed);
      optionTypes.failures().forEach(exception::addSuppressed);
      throw exception;
    }
    return type.cast(value);
  }

  private @Nullable Object value(JsonNode node, Type type, String path) {
    if (type instanceof Class<?> c) {
      if (c.isRecord()) {
        return record(node, c, path);
      }
      if (Settings.class.isAssignableFrom(c)) {
        return settings(node, c, path);
      }
      return c.isEnum() ? constant(node, c, path) : scalar(node, c, path);
    }
    if (type instanceof ParameterizedType generic) {
      Type[] arguments = generic.getActualTypeArguments();
      if (generic.getRawType() == Optional.class) {
        return optional(node, arguments[0], path);
      }
      if (generic.getRawType() == List.class) {
        return list(node, arguments[0], path);
      }
      if (generic.getRawType() == Map.class && arguments[0] == String.class) {
        return map(node, arguments[1], path);
      }
      if (generic.getRawType() == Options.class && arguments[0] instanceof Class<?> part) {
        return options(node, part.asSubclass(PlatformOptions.class), path);
      }
    }
    throw noJson(type);
  }

  private @Nullable Object record(JsonNode node, Class<?> type, String path) {
    if (!node.isObject()) {
      return notA("an object with the fields of " + type.getSimpleName(), node, path);
    }
    int before = problems.count();
    RecordComponent[] components = type.getRecordComponents();
    @Nullable Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      String name = components[i].getName();
      JsonNode field = form.field(node, name);
      values[i] = field == null
          ? absent(components[i], under(path, name))
          : value(field, components[i].getGenericType(), under(path, name));
    }
    checkNames(
        node, type, Arrays.stream(components).map(RecordComponent::getName).toList(), path);
    return problems.count() > before ? null : made(type, () -> Records.create(type, values), path);
  }

  /** Reads settings: a missing field has its default. */
  private @Nullable Object settings(JsonNode node, Class<?> type, String path) {
    if (!node.isObject()) {
      return notA("an object with fields of " + type.getSimpleName(), node, path);
    }
    int before = problems.count();
    SettingsType settings = SettingsType.of(type);
    Map<String, Object> values = new LinkedHashMap<>();
    settings.fields().forEach((name, fieldType) -> {
      JsonNode field = form.field(node, name);
      Object value = field == null ? null : value(field, fieldType, under(path, name));
      if (value != null) {
        values.put(name, value);
      }
    });
    checkNames(node, type, settings.fields().keySet(), path);
    return problems.count() > before ? null : made(type, () -> settings.create(values), path);
  }

  private void checkNames(JsonNode node, Class<?> type, Collection<String> known, String path) {
    node.fieldNames().forEachRemaining(name -> {
      if (known.stream().noneMatch(field -> form.names(name, field))) {
        String rule =
            "is not a field of " + type.getSimpleName() + ", which has " + String.join(", ", known);
        problem(under(path, name), rule, "");
      }
    });
  }

  /** Returns the default of a missing field: options and optional fields may be missing, others may not. */
  private @Nullable Object absent(RecordComponent component, String path) {
    if (component.getType() == Optional.class) {
      return Optional.empty();
    }
    return component.getType() == Options.class ? Options.none() : problem(path, "is missing", "");
  }

  private @Nullable Object optional(JsonNode node, Type type, String path) {
    Object value = value(node, type, path);
    return value == null ? null : Optional.of(value);
  }

  /** The creation of a value; an exception of its constructor is the cause of the one thrown. */
  private interface Making {
    Object make() throws InvocationTargetException;
  }

  private @Nullable Object made(Class<?> type, Making making, String path) {
    try {
      return making.make();
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof InvalidValueException invalid) {
        invalid.problems().forEach(p -> problems.add(path.isEmpty() ? p : p.under(path)));
        return null;
      }
      if (causes.size() < MAX_CAUSES) {
        causes.add(e.getCause());
      }
      return problem(path, "is refused by " + type.getSimpleName() + ": " + e.getCause(), "");
    }
  }

  private @Nullable Object options(
      JsonNode node, Class<? extends PlatformOptions> part, String path) {
    if (!node.isObject()) {
      return notA("an object with a field platform.Type for each option", node, path);
    }
    int before = problems.count();
    List<PlatformOptions> values = new ArrayList<>();
    node.properties().forEach(field -> {
      String fieldPath = under(path, field.getKey());
      Class<? extends PlatformOptions> type = optionTypes.find(field.getKey());
      if (type == null) {
        problem(fieldPath, optionTypes.rule(field.getKey()), "");
        return;
      }
      if (!part.isAssignableFrom(type)) {
        String rule = "is not an option of " + Options.partOf(part) + ": it belongs to "
            + Options.partOf(type);
        problem(fieldPath, rule, "");
      }
      Object value = value(field.getValue(), type, fieldPath);
      if (value instanceof PlatformOptions option) {
        values.add(option);
      }
    });
    return problems.count() > before ? null : new Options<>(values);
  }

  private @Nullable Object list(JsonNode given, Type elementType, String path) {
    JsonNode node = form.list(given);
    if (!node.isArray()) {
      return notA("an array", node, path);
    }
    List<@Nullable Object> values = new ArrayList<>();
    for (JsonNode element : node) {
      values.add(value(element, elementType, path + "[" + values.size() + "]"));
    }
    return values.stream().allMatch(Objects::nonNull) ? values : null;
  }

  private @Nullable Object map(JsonNode node, Type valueType, String path) {
    if (!node.isObject()) {
      return notA("an object", node, path);
    }
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    // Values are not shown, because those of environment variables are in maps, and may be secrets.
    node.properties()
        .forEach(field -> values.put(
            field.getKey(),
            valueType == String.class && !field.getValue().isTextual()
                ? notA("text", field.getValue(), under(path, field.getKey()))
                : value(field.getValue(), valueType, under(path, field.getKey()))));
    return values.values().stream().allMatch(Objects::nonNull) ? values : null;
  }

  private @Nullable Object constant(JsonNode given, Class<?> type, String path) {
    JsonNode node = form.scalar(given, type);
    Object[] constants = type.getEnumConstants();
    for (Object constant : constants) {
      if (node.isTextual() && ((Enum<?>) constant).name().equals(node.textValue())) {
        return constant;
      }
    }
    String names = Arrays.stream(constants)
        .map(constant -> ((Enum<?>) constant).name())
        .collect(Collectors.joining(", "));
    return wrong("must be one of " + names, node, path);
  }

  private @Nullable Object scalar(JsonNode given, Class<?> type, String path) {
    JsonNode node = form.scalar(given, type);
    if (type == String.class) {
      return node.isTextual() ? node.textValue() : wrong("must be text", node, path);
    }
    if (type == int.class || type == Integer.class) {
      return node.canConvertToInt() && node.isIntegralNumber()
          ? node.intValue()
          : wrong("must be a whole number up to " + Integer.MAX_VALUE, node, path);
    }
    if (type == long.class || type == Long.class) {
      return node.canConvertToLong() && node.isIntegralNumber()
          ? node.longValue()
          : wrong("must be a whole number up to " + Long.MAX_VALUE, node, path);
    }
    if (type == double.class || type == Double.class) {
      return node.isNumber() ? node.doubleValue() : wrong("must be a number", node, path);
    }
    if (type == boolean.class || type == Boolean.class) {
      return node.isBoolean() ? node.booleanValue() : wrong("must be true or false", node, path);
    }
    if (type == URI.class) {
      return uri(node, path);
    }
    if (type == Duration.class) {
      return duration(node, path);
    }
    throw noJson(type);
  }

  private @Nullable Object uri(JsonNode node, String path) {
    if (!node.isTextual()) {
      return wrong("must be a URI", node, path);
    }
    try {
      return new URI(node.textValue());
    } catch (URISyntaxException e) {
      String place = e.getIndex() < 0 ? "" : " at character " + (e.getIndex() + 1);
      return problem(path, "must be a URI, and has an error" + place + ": " + e.getReason(), "");
    }
  }

  private @Nullable Object duration(JsonNode node, String path) {
    try {
      if (node.isTextual()) {
        return Duration.parse(node.textValue());
      }
    } catch (DateTimeException e) {
      // Reported below, as for any other invalid value.
    }
    return wrong(form.durationRule(), node, path);
  }

  /** Notes a problem with a value that is shown. */
  private @Nullable Object wrong(String rule, JsonNode node, String path) {
    if (node.isContainerNode() || node.isNull()) {
      return problem(path, rule, kind(node));
    }
    problems.check(false, path, rule, node);
    return null;
  }

  /** Notes a problem with a value that is not shown. */
  private @Nullable Object notA(String what, JsonNode node, String path) {
    return problem(path.isEmpty() ? "JSON" : path, "must be " + what, kind(node));
  }

  private @Nullable Object problem(String path, String rule, String value) {
    problems.add(new Problem(path, rule, value));
    return null;
  }

  private static String under(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  private static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case ARRAY -> "an array";
      case BOOLEAN -> "true or false";
      case NULL -> "null";
      case NUMBER -> "a number";
      case OBJECT -> "an object";
      case STRING -> "text";
      case BINARY, MISSING, POJO -> "nothing";
    };
  }

  private static IllegalArgumentException noJson(Type type) {
    return new IllegalArgumentException(
        type.getTypeName()
            + " cannot be read from JSON: read a record of the grammar, such as Endpoint or ModelFunction");
  }
}
