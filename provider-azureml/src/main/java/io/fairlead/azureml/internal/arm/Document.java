package io.fairlead.azureml.internal.arm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A document of Azure Resource Manager, whole and immutable: what this library has never heard of stays in it, because
 * a PUT replaces everything.
 *
 * <p>Field names form a path: {@code text("properties", "scoringUri")}. A field that is absent and one that is null are
 * the same.
 */
public final class Document {
  /** The document without fields. */
  public static final Document EMPTY = new Document(JsonNodeFactory.instance.objectNode());

  private static final JsonMapper JSON = new JsonMapper();

  private final ObjectNode json;

  private Document(ObjectNode json) {
    this.json = json;
  }

  /** {@return the document in a body; empty if the body is none} */
  public static Optional<Document> read(byte[] body) {
    try {
      return JSON.readTree(body) instanceof ObjectNode object
          ? Optional.of(new Document(object))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** {@return the document as a body} */
  public byte[] write() {
    try {
      return JSON.writeValueAsBytes(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a document cannot be written", e);
    }
  }

  // ---- reading ----

  private @Nullable JsonNode at(String... path) {
    JsonNode node = json;
    for (String name : path) {
      node = node.get(name);
      if (node == null || node.isNull()) {
        return null;
      }
    }
    return node;
  }

  /** {@return a text, a number or a boolean, as text} */
  public Optional<String> text(String... path) {
    JsonNode node = at(path);
    return node == null || node.isContainerNode() ? Optional.empty() : Optional.of(node.asText());
  }

  /** {@return a whole number, which may be written as text, and as {@code 70.0}} */
  public Optional<Integer> number(String... path) {
    try {
      return text(path).map(BigDecimal::new).map(BigDecimal::intValueExact);
    } catch (ArithmeticException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** {@return a time} */
  public Optional<Instant> time(String... path) {
    try {
      return text(path).map(OffsetDateTime::parse).map(OffsetDateTime::toInstant);
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  /** {@return a document inside this one} */
  public Optional<Document> inside(String... path) {
    return at(path) instanceof ObjectNode object
        ? Optional.of(new Document(object))
        : Optional.empty();
  }

  /** {@return the documents of a list; none if there is no such list} */
  public List<Document> all(String... path) {
    List<Document> all = new ArrayList<>();
    JsonNode node = at(path);
    if (node != null) {
      node.forEach(each -> {
        if (each instanceof ObjectNode object) {
          all.add(new Document(object));
        }
      });
    }
    return all;
  }

  /** {@return a map of texts, such as tags; empty if there is none} */
  public SortedMap<String, String> texts(String... path) {
    SortedMap<String, String> texts = new TreeMap<>();
    if (at(path) instanceof ObjectNode object) {
      object.properties().forEach(field -> {
        if (!field.getValue().isContainerNode() && !field.getValue().isNull()) {
          texts.put(field.getKey(), field.getValue().asText());
        }
      });
    }
    return texts;
  }

  /** {@return the names of all fields} */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    json.fieldNames().forEachRemaining(names::add);
    return names;
  }

  // ---- changing ----

  /** {@return a copy with a field} */
  public Document with(String value, String... path) {
    return set(JsonNodeFactory.instance.textNode(value), path);
  }

  /** {@return a copy with a field} */
  public Document with(int value, String... path) {
    return set(JsonNodeFactory.instance.numberNode(value), path);
  }

  /** {@return a copy with a field} */
  public Document with(boolean value, String... path) {
    return set(JsonNodeFactory.instance.booleanNode(value), path);
  }

  /** {@return a copy with a document inside it} */
  public Document with(Document value, String... path) {
    return set(value.json, path);
  }

  /** {@return a copy with a list of documents} */
  public Document with(List<Document> values, String... path) {
    var list = JsonNodeFactory.instance.arrayNode();
    values.forEach(value -> list.add(value.json));
    return set(list, path);
  }

  /** {@return a copy with a map of texts} */
  public Document with(Map<String, String> values, String... path) {
    ObjectNode map = JsonNodeFactory.instance.objectNode();
    values.forEach(map::put);
    return set(map, path);
  }

  /** {@return a copy with a map of whole numbers} */
  public Document withNumbers(Map<String, Integer> values, String... path) {
    ObjectNode map = JsonNodeFactory.instance.objectNode();
    values.forEach(map::put);
    return set(map, path);
  }

  /** {@return a copy without a field} */
  public Document without(String... path) {
    ObjectNode copy = json.deepCopy();
    ObjectNode at = copy;
    for (int i = 0; i < path.length - 1; i++) {
      if (!(at.get(path[i]) instanceof ObjectNode inner)) {
        return this;
      }
      at = inner;
    }
    at.remove(path[path.length - 1]);
    return new Document(copy);
  }

  private Document set(JsonNode value, String... path) {
    ObjectNode copy = json.deepCopy();
    ObjectNode at = copy;
    for (int i = 0; i < path.length - 1; i++) {
      at = at.get(path[i]) instanceof ObjectNode inner ? inner : at.putObject(path[i]);
    }
    at.set(path[path.length - 1], value.deepCopy());
    return new Document(copy);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Document document && json.equals(document.json);
  }

  @Override
  public int hashCode() {
    return json.hashCode();
  }

  /** {@return the names of the fields only, because values may be secret} */
  @Override
  public String toString() {
    return "Document" + names();
  }
}
