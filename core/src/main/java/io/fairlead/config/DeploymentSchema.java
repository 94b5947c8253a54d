package io.fairlead.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.spi.Settings;
import io.fairlead.spi.SettingsType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
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
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
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
  private final SortedMap<String, ObjectNode> definitions = new TreeMap<>();

  private DeploymentSchema() {}

  /** {@return the schema as a JSON document} */
  public static String json() {
    return new DeploymentSchema().document().toPrettyString() + "\n";
  }

  private ObjectNode document() {
    SortedMap<String, Class<?>> serving = new TreeMap<>();
    Platforms.types().forEach((id, type) -> {
      if (EndpointPlatform.class.isAssignableFrom(type)
          || FunctionPlatform.class.isAssignableFrom(type)) {
        serving.put(id, type);
      }
    });
    ObjectNode schema = NODES
        .objectNode()
        .put("$schema", "https://json-schema.org/draft/2020-12/schema")
        .put("title", "A file for one deployment of Fairlead");
    ObjectNode properties = group(schema, ConfigSchema.DEPLOYMENT, List.of("platform"));
    ObjectNode platform = (ObjectNode) properties.get("platform");
    platform.removeAll();
    platform.put("description", meaning(ConfigSchema.DEPLOYMENT.get(0)));
    platform.set(
        "anyOf",
        array(
            NODES.objectNode().set("enum", names(serving.keySet())), pattern("string", REFERENCE)));
    group(
        (ObjectNode) properties.get("endpoint"),
        ConfigSchema.DEPLOYMENT_ENDPOINT,
        List.of("name", "model"));
    ((ObjectNode) properties.at("/endpoint/properties/traffic"))
        .put("minimum", 0)
        .put("maximum", 100);
    group(
        (ObjectNode) properties.get("function"),
        ConfigSchema.DEPLOYMENT_FUNCTION,
        List.of("name", "model"));
    options((ObjectNode) properties.at("/endpoint/properties/options"), ServedReader.OF_ENDPOINT);
    options((ObjectNode) properties.at("/function/properties/options"), ServedReader.OF_FUNCTION);
    schema.set("oneOf", array(required("endpoint"), required("function")));
    schema.set(
        "allOf",
        array(
            served("endpoint", EndpointPlatform.class, serving),
            served("function", FunctionPlatform.class, serving)));
    ObjectNode all = schema.putObject("$defs");
    definitions.forEach(all::set);
    return schema;
  }

  private static ObjectNode served(String property, Class<?> type, Map<String, Class<?>> serving) {
    ObjectNode rule = NODES.objectNode();
    ObjectNode when = rule.putObject("if");
    when.putObject("properties")
        .putObject("platform")
        .set(
            "enum",
            names(serving.keySet().stream()
                .filter(id -> type.isAssignableFrom(serving.get(id)))
                .toList()));
    when.putArray("required").add("platform");
    rule.set("then", required(property));
    return rule;
  }

  private static ObjectNode required(String property) {
    ObjectNode rule = NODES.objectNode();
    rule.putArray("required").add(property);
    return rule;
  }

  /** {@return the properties, which are added to the schema of a group} */
  private static ObjectNode group(
      ObjectNode schema, List<Property> properties, List<String> required) {
    schema.put("type", "object").put("additionalProperties", false);
    required.forEach(schema.withArray("required")::add);
    ObjectNode all = schema.putObject("properties");
    properties.forEach(property -> {
      ObjectNode described = all.putObject(property.name()).put("description", meaning(property));
      ObjectNode value = ofText(property);
      if (!required.contains(property.name())) {
        orNothing(value);
      }
      described.setAll(value);
    });
    return all;
  }

  private static String meaning(Property property) {
    return property.byDefault().isEmpty()
        ? property.meaning()
        : property.meaning() + " By default " + property.byDefault() + ".";
  }

  private static ObjectNode ofText(Property property) {
    return switch (property.type()) {
      case TEXT -> scalar();
      case INTEGER -> pattern("integer", INTEGER);
      case FLAG -> pattern("boolean", FLAG);
      case DURATION -> pattern("string", DURATION);
      case SIZE -> pattern("string", SIZE);
      case NAME -> constants(property.names());
      case TEXTS -> list(scalar());
      case MAP -> {
        ObjectNode map = type("object");
        // A group below is one name with a dot.
        map.set("additionalProperties", type("string", "number", "boolean", "object"));
        yield map;
      }
      case OPTIONS, GROUP -> type("object");
    };
  }

  /** Allows what is left empty, which is the same as what is not given. */
  private static void orNothing(ObjectNode schema) {
    if (schema.get("anyOf") instanceof ArrayNode alternatives) {
      alternatives.add(type("null"));
    } else if (schema.get("type") instanceof ArrayNode types) {
      types.add("null");
    } else {
      schema.set("type", type(schema.get("type").textValue(), "null").get("type"));
    }
  }

  private static ObjectNode scalar() {
    return type("string", "number", "boolean");
  }

  private static ObjectNode type(String... types) {
    ObjectNode schema = NODES.objectNode();
    if (types.length == 1) {
      return schema.put("type", types[0]);
    }
    ArrayNode all = schema.putArray("type");
    List.of(types).forEach(all::add);
    return schema;
  }

  /** {@return the schema of a type that may also be given as text that matches a pattern} */
  private static ObjectNode pattern(String type, String pattern) {
    return (type.equals("string") ? type("string") : type(type, "string")).put("pattern", pattern);
  }

  private static ObjectNode constants(List<String> names) {
    ObjectNode schema = NODES.objectNode();
    schema.set(
        "anyOf", array(NODES.objectNode().set("enum", names(names)), pattern("string", REFERENCE)));
    return schema;
  }

  private static ObjectNode list(ObjectNode elements) {
    ObjectNode schema = type("array", "string");
    schema.set("items", elements);
    return schema;
  }

  private static ArrayNode names(Iterable<String> names) {
    ArrayNode all = NODES.arrayNode();
    names.forEach(all::add);
    return all;
  }

  private static ArrayNode array(JsonNode... schemas) {
    ArrayNode all = NODES.arrayNode();
    List.of(schemas).forEach(all::add);
    return all;
  }

  private void options(ObjectNode schema, List<Class<? extends PlatformOptions>> parts) {
    ObjectNode platforms = schema.put("additionalProperties", false).putObject("properties");
    options.byName().forEach((platform, types) -> {
      ObjectNode ofPlatform = NODES.objectNode();
      types.forEach((name, type) -> {
        if (parts.stream().anyMatch(part -> part.isAssignableFrom(type))) {
          ofPlatform.set(name, reference(type));
        }
      });
      if (!ofPlatform.isEmpty()) {
        platforms
            .putObject(platform)
            .put("type", "object")
            .put("additionalProperties", false)
            .set("properties", ofPlatform);
      }
    });
  }

  private ObjectNode reference(Class<?> type) {
    String name = type.getSimpleName();
    if (!definitions.containsKey(name)) {
      ObjectNode definition = NODES.objectNode();
      definitions.put(name, definition);
      define(definition.put("type", "object").put("additionalProperties", false), type);
    }
    return NODES.objectNode().put("$ref", "#/$defs/" + name);
  }

  private void define(ObjectNode definition, Class<?> type) {
    Map<String, Type> fields = new LinkedHashMap<>();
    ArrayNode required = NODES.arrayNode();
    if (type.isRecord()) {
      for (RecordComponent component : type.getRecordComponents()) {
        fields.put(component.getName(), component.getGenericType());
        if (component.getType() != Optional.class && component.getType() != Options.class) {
          required.add(OptionsReader.hyphenated(component.getName()));
        }
      }
    } else {
      fields.putAll(SettingsType.of(type).fields());
    }
    ObjectNode properties = definition.putObject("properties");
    fields.forEach((name, field) -> properties.set(OptionsReader.hyphenated(name), ofField(field)));
    if (!required.isEmpty()) {
      definition.set("required", required);
    }
  }

  private ObjectNode ofField(Type type) {
    if (type instanceof ParameterizedType generic) {
      Type[] arguments = generic.getActualTypeArguments();
      if (generic.getRawType() == Optional.class) {
        return ofField(arguments[0]);
      }
      if (generic.getRawType() == List.class) {
        return list(ofField(arguments[0]));
      }
      ObjectNode map = type("object");
      if (generic.getRawType() == Map.class) {
        map.set("additionalProperties", ofField(arguments[1]));
      }
      return map;
    }
    Class<?> plain = (Class<?>) type;
    if (plain.isRecord() || Settings.class.isAssignableFrom(plain)) {
      return reference(plain);
    }
    if (plain.isEnum()) {
      return constants(OptionsReader.constants(plain));
    }
    if (plain == boolean.class || plain == Boolean.class) {
      return pattern("boolean", FLAG);
    }
    if (plain == int.class
        || plain == Integer.class
        || plain == long.class
        || plain == Long.class) {
      return pattern("integer", INTEGER);
    }
    if (plain == double.class || plain == Double.class) {
      return pattern("number", NUMBER);
    }
    return plain == Duration.class ? pattern("string", DURATION) : scalar();
  }
}
