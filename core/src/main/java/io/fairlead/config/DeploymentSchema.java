package io.fairlead.config;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.json.internal.JsonText;
import io.fairlead.json.internal.OptionField;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platforms;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The JSON schema of files for one deployment, with which editors complete and check them: draft 2020-12, made of
 * {@link ConfigSchema}, and of the platforms and option types on the class path.
 *
 * <p>It asks for names as they are documented, where {@link DeploymentReader} also takes them with capitals in place of
 * hyphens.
 */
public final class DeploymentSchema {
  private static final String REFERENCE = "\\$\\{";
  private static final String DURATION =
      "^\\s*([0-9]+\\s*([mM]?[sS]|[mMhHdD])|[pP][-+.,0-9a-zA-Z]+)\\s*$|" + REFERENCE;
  private static final String SIZE = "^\\s*[0-9]{1,9}\\s*([kKmMgGtT]?[bB])\\s*$|" + REFERENCE;
  private static final String INTEGER = "^\\s*[+-]?[0-9]+\\s*$|" + REFERENCE;
  private static final String NUMBER =
      "^\\s*[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?\\s*$|" + REFERENCE;
  private static final String FLAG = "^\\s*(true|false)\\s*$|" + REFERENCE;

  private final OptionsReader options =
      new OptionsReader(new ConfigProblems("", ConfigNode.Group.EMPTY));
  /** By the name of the type. */
  private final SortedMap<String, Map<String, Object>> definitions = new TreeMap<>();

  private final Map<String, Class<?>> named = new HashMap<>();

  private DeploymentSchema() {}

  /** {@return the schema as a JSON document} */
  public static String json() {
    return JsonText.pretty(new DeploymentSchema().document()) + "\n";
  }

  private Map<String, Object> document() {
    SortedMap<String, Class<?>> serving = new TreeMap<>(Platforms.types());
    serving
        .values()
        .removeIf(type -> !EndpointPlatform.class.isAssignableFrom(type)
            && !FunctionPlatform.class.isAssignableFrom(type));
    Map<String, Object> platform =
        Map.of("anyOf", List.of(Map.of("enum", serving.keySet()), text(REFERENCE)));
    Map<String, Object> endpoint =
        group(ConfigSchema.DEPLOYMENT_ENDPOINT, List.of("name", "model"), ServedReader.OF_ENDPOINT);
    Map<String, Object> function =
        group(ConfigSchema.DEPLOYMENT_FUNCTION, List.of("name", "model"), ServedReader.OF_FUNCTION);

    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("title", "A file for one deployment of Fairlead");
    schema.putAll(group(ConfigSchema.DEPLOYMENT, List.of("platform"), List.of()));
    Map<String, Object> properties = member(schema, "properties");
    replace(properties, "platform", platform);
    replace(properties, "endpoint", endpoint);
    replace(properties, "function", function);
    Map<String, Object> traffic = member(member(endpoint, "properties"), "traffic");
    traffic.put("minimum", 0);
    traffic.put("maximum", 100);
    schema.put(
        "oneOf",
        List.of(Map.of("required", List.of("endpoint")), Map.of("required", List.of("function"))));
    schema.put(
        "allOf",
        List.of(
            served("endpoint", EndpointPlatform.class, serving),
            served("function", FunctionPlatform.class, serving)));
    schema.put("$defs", definitions);
    return schema;
  }

  @SuppressWarnings("unchecked") // Groups are maps of this kind.
  private static Map<String, Object> member(Map<String, Object> group, String name) {
    return (Map<String, Object>) requireNonNull(group.get(name), name);
  }

  /** Says of a property what its type alone does not, and keeps its description. */
  private static void replace(
      Map<String, Object> properties, String name, Map<String, Object> schema) {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("description", requireNonNull(member(properties, name).get("description"), name));
    described.putAll(schema);
    properties.put(name, described);
  }

  private static Map<String, Object> served(
      String property, Class<?> type, Map<String, Class<?>> serving) {
    List<String> ids = serving.entrySet().stream()
        .filter(each -> type.isAssignableFrom(each.getValue()))
        .map(Map.Entry::getKey)
        .toList();
    Map<String, Object> when = new LinkedHashMap<>();
    when.put("properties", Map.of("platform", Map.of("enum", ids)));
    when.put("required", List.of("platform"));
    Map<String, Object> rule = new LinkedHashMap<>();
    rule.put("if", when);
    rule.put("then", Map.of("required", List.of(property)));
    return rule;
  }

  private Map<String, Object> group(
      List<Property> properties,
      List<String> required,
      List<Class<? extends PlatformOptions>> parts) {
    Map<String, Object> all = new LinkedHashMap<>();
    for (Property property : properties) {
      Map<String, Object> schema = new LinkedHashMap<>();
      schema.put(
          "description",
          property.byDefault().isEmpty()
              ? property.meaning()
              : property.meaning() + " By default " + property.byDefault() + ".");
      schema.putAll(property.type() == PropertyType.OPTIONS ? options(parts) : ofText(property));
      if (!required.contains(property.name())) {
        orNothing(schema);
      }
      all.put(property.name(), schema);
    }
    return object(all, required);
  }

  private static Map<String, Object> object(
      Map<String, Object> properties, Collection<String> required) {
    Map<String, Object> schema = types("object");
    schema.put("additionalProperties", false);
    if (!required.isEmpty()) {
      schema.put("required", required);
    }
    schema.put("properties", properties);
    return schema;
  }

  /** Allows what is left empty, which is the same as what is not given. */
  private static void orNothing(Map<String, Object> schema) {
    String key = schema.containsKey("anyOf") ? "anyOf" : "type";
    Object given = requireNonNull(schema.get(key), key);
    List<Object> more = new ArrayList<>(given instanceof List<?> list ? list : List.of(given));
    more.add(key.equals("anyOf") ? types("null") : "null");
    schema.put(key, more);
  }

  private static Map<String, Object> ofText(Property property) {
    return switch (property.type()) {
      case TEXT -> scalar();
      case INTEGER -> orText("integer", INTEGER);
      case FLAG -> orText("boolean", FLAG);
      case DURATION -> text(DURATION);
      case SIZE -> text(SIZE);
      case NAME -> names(property.names());
      case TEXTS -> list(scalar());
      // A group below is one name with a dot.
      case MAP -> map(types("string", "number", "boolean", "object"));
      case OPTIONS, GROUP -> types("object");
    };
  }

  private static Map<String, Object> types(String... types) {
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", types.length == 1 ? types[0] : List.of(types));
    return schema;
  }

  private static Map<String, Object> scalar() {
    return types("string", "number", "boolean");
  }

  private static Map<String, Object> text(String pattern) {
    Map<String, Object> schema = types("string");
    schema.put("pattern", pattern);
    return schema;
  }

  /** {@return the schema of a type, which may also be written as a text} */
  private static Map<String, Object> orText(String type, String pattern) {
    Map<String, Object> schema = types(type, "string");
    schema.put("pattern", pattern);
    return schema;
  }

  private static Map<String, Object> names(List<String> names) {
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("anyOf", List.of(Map.of("enum", names), text(REFERENCE)));
    return schema;
  }

  private static Map<String, Object> list(Map<String, Object> elements) {
    Map<String, Object> schema = types("array", "string");
    schema.put("items", elements);
    return schema;
  }

  private static Map<String, Object> map(Map<String, Object> values) {
    Map<String, Object> schema = types("object");
    schema.put("additionalProperties", values);
    return schema;
  }

  // ---- options ----

  private Map<String, Object> options(List<Class<? extends PlatformOptions>> parts) {
    Map<String, Object> platforms = new LinkedHashMap<>();
    options.byName().forEach((platform, types) -> {
      Map<String, Object> ofPlatform = new LinkedHashMap<>();
      types.forEach((name, type) -> {
        if (parts.stream().anyMatch(part -> part.isAssignableFrom(type))) {
          ofPlatform.put(name, reference(type));
        }
      });
      if (!ofPlatform.isEmpty()) {
        platforms.put(platform, object(ofPlatform, List.of()));
      }
    });
    return object(platforms, List.of());
  }

  private Map<String, Object> reference(Class<?> type) {
    boolean first = named.putIfAbsent(type.getSimpleName(), type) == null;
    String name =
        first || named.get(type.getSimpleName()) == type ? type.getSimpleName() : type.getName();
    if (!definitions.containsKey(name)) {
      definitions.put(name, Map.of()); // One that contains itself is referred to.
      Map<String, Object> properties = new LinkedHashMap<>();
      List<String> required = new ArrayList<>();
      for (OptionField field : OptionField.of(type)) {
        String written = OptionsReader.hyphenated(field.name());
        properties.put(written, ofField(field.type()));
        if (field.required()) {
          required.add(written);
        }
      }
      definitions.put(name, object(properties, required));
    }
    return Map.of("$ref", "#/$defs/" + name);
  }

  private Map<String, Object> ofField(Type type) {
    if (type instanceof ParameterizedType generic) {
      Type[] arguments = generic.getActualTypeArguments();
      if (generic.getRawType() == Optional.class) {
        return ofField(arguments[0]);
      }
      if (generic.getRawType() == List.class) {
        return list(ofField(arguments[0]));
      }
      return generic.getRawType() == Map.class ? map(ofField(arguments[1])) : types("object");
    }
    Class<?> plain = (Class<?>) type;
    if (OptionField.hasFields(plain)) {
      return reference(plain);
    }
    if (plain.isEnum()) {
      return names(OptionsReader.constants(plain));
    }
    if (plain == boolean.class || plain == Boolean.class) {
      return orText("boolean", FLAG);
    }
    if (plain == int.class
        || plain == Integer.class
        || plain == long.class
        || plain == Long.class) {
      return orText("integer", INTEGER);
    }
    if (plain == double.class || plain == Double.class) {
      return orText("number", NUMBER);
    }
    return plain == Duration.class ? text(DURATION) : scalar();
  }
}
