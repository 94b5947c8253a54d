package io.fairlead.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problem;
import io.fairlead.json.internal.JsonTrees;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model's answer in JSON, read by its type.
 *
 * <p>The forms are those of the clouds' containers and of this JVM: an array with an element for each instance, an object
 * with that array as {@code predictions}, and the tensors of the Open Inference Protocol as {@code outputs}. An answer of
 * another form is refused by an {@link InvalidValueException} that names the form that was found, and none of its contents.
 */
public final class JsonAnswer {
  private static final String PREDICTIONS = "predictions";
  private static final String OUTPUTS = "outputs";
  private static final Set<String> NO_NUMBERS = Set.of("NaN", "Infinity", "-Infinity");

  private final JsonNode root;

  private JsonAnswer(JsonNode root) {
    this.root = root;
  }

  /** On first use, because only types of the application need a mapper. */
  private static final class Holder {
    static final JsonMapper MAPPER = JsonMapper.builder()
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .build();
  }

  /**
   * Reads a body.
   *
   * @throws InvalidValueException if it is not JSON
   */
  public static JsonAnswer of(byte[] body) {
    try {
      JsonNode root = JsonTrees.read(body);
      if (root.isMissingNode()) {
        throw refusal("body", "must be JSON, and is empty", null);
      }
      return new JsonAnswer(root);
    } catch (IOException e) {
      throw refusal("body", "must be JSON: read text() or body() instead", e);
    }
  }

  /** {@return an array of numbers for each instance: the predictions, or the only tensor of two dimensions} */
  public float[][] vectors() {
    if (root.has(OUTPUTS)) {
      return rows();
    }
    List<JsonNode> predictions = predictions();
    float[][] vectors = new float[predictions.size()][];
    for (int i = 0; i < vectors.length; i++) {
      String field = PREDICTIONS + "[" + i + "]";
      JsonNode vector = predictions.get(i);
      if (!vector.isArray()) {
        throw refusal(field, "must be an array of numbers, and is " + kind(vector), null);
      }
      vectors[i] = new float[vector.size()];
      for (int j = 0; j < vectors[i].length; j++) {
        vectors[i][j] = (float) number(field + "[" + j + "]", value(vector.get(j)));
      }
    }
    return vectors;
  }

  private float[][] rows() {
    List<OutputTensor> tensors = tensors();
    if (tensors.size() != 1 || tensors.get(0).shape().size() != 2) {
      throw refusal(
          OUTPUTS,
          "must be one tensor of two dimensions to be read as vectors, and are " + tensors
              + ": read them with tensor(name)",
          null);
    }
    OutputTensor tensor = tensors.get(0);
    float[] floats = tensor.floats();
    int width = tensor.shape().get(1).intValue();
    float[][] rows = new float[tensor.shape().get(0).intValue()][width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(floats, i * width, rows[i], 0, width);
    }
    return rows;
  }

  /** {@return a value for each instance; members that the type does not have are ignored} */
  public <T> List<T> predictions(Class<T> type) {
    List<T> values = new ArrayList<>();
    for (JsonNode prediction : predictions()) {
      try {
        values.add(Holder.MAPPER.treeToValue(prediction, type));
      } catch (JsonProcessingException | IllegalArgumentException e) {
        throw refusal(
            PREDICTIONS + "[" + values.size() + "]",
            "must fit " + type.getSimpleName() + ", and is " + kind(prediction),
            e);
      }
    }
    return values;
  }

  private List<JsonNode> predictions() {
    JsonNode array = root.isObject() && root.has(PREDICTIONS) ? root.get(PREDICTIONS) : root;
    if (!array.isArray()) {
      throw refusal(
          "body",
          "must be an array, or an object with one as predictions, and is " + kind(array)
              + (root.has(OUTPUTS) ? " with outputs: read them with tensor(name)" : ""),
          null);
    }
    List<JsonNode> elements = new ArrayList<>();
    array.forEach(elements::add);
    return elements;
  }

  /** {@return the output of this name} */
  public OutputTensor tensor(String name) {
    List<OutputTensor> tensors = tensors();
    return tensors.stream()
        .filter(tensor -> tensor.name().equals(name))
        .findFirst()
        .orElseThrow(() -> refusal(
            OUTPUTS,
            "must have the name, and are "
                + tensors.stream().map(OutputTensor::name).toList(),
            name,
            null));
  }

  private List<OutputTensor> tensors() {
    JsonNode outputs = root.path(OUTPUTS);
    if (!outputs.isArray()) {
      throw refusal(
          "body",
          "must be an object with tensors as outputs, and is " + kind(root)
              + (root.isArray() || root.has(PREDICTIONS)
                  ? " of predictions: read them with predictions(type) or vectors()"
                  : ""),
          null);
    }
    List<OutputTensor> tensors = new ArrayList<>();
    for (JsonNode output : outputs) {
      String name = output.path("name").asText();
      if (!output.has("data")) {
        throw refusal(
            OUTPUTS + "." + name + ".data",
            "must be present: ask for JSON, not for binary tensors",
            null);
      }
      List<Long> shape = new ArrayList<>();
      output.path("shape").forEach(length -> shape.add(length.asLong()));
      List<Object> elements = new ArrayList<>();
      flatten(output.get("data"), elements);
      tensors.add(new OutputTensor(name, output.path("datatype").asText(), shape, elements));
    }
    return tensors;
  }

  private static void flatten(JsonNode data, List<Object> elements) {
    if (data.isArray()) {
      data.forEach(element -> flatten(element, elements));
    } else {
      elements.add(value(data));
    }
  }

  private static Object value(JsonNode node) {
    if (node.isNumber()) {
      return node.numberValue();
    }
    return node.isBoolean() ? (Object) node.booleanValue() : node.asText();
  }

  /** {@return an element as a number; the texts that stand for the numbers that JSON lacks are such, too} */
  static double number(String field, Object element) {
    if (element instanceof Number number) {
      return number.doubleValue();
    }
    if (element instanceof String text && NO_NUMBERS.contains(text)) {
      return Double.parseDouble(text);
    }
    throw refusal(
        field,
        "must be a number, and is " + (element instanceof Boolean ? "a truth value" : "a text"),
        null);
  }

  private static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> "an object";
      case ARRAY -> "an array";
      case STRING -> "a text";
      case NUMBER -> "a number";
      case BOOLEAN -> "a truth value";
      default -> "null";
    };
  }

  private static InvalidValueException refusal(
      String field, String rule, @Nullable Throwable cause) {
    return refusal(field, rule, "", cause);
  }

  private static InvalidValueException refusal(
      String field, String rule, String value, @Nullable Throwable cause) {
    return new InvalidValueException("Response", List.of(new Problem(field, rule, value)), cause);
  }
}
