package io.fairlead.engine.internal.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.text.TextInput;
import io.fairlead.engine.internal.text.Unicode;
import io.fairlead.grammar.Problems;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The reader of a request's instances, which are one of:
 *
 * <ul>
 *   <li>texts, as strings or as objects with one of the members {@code inputs}, {@code text} and {@code content};
 *   <li>rows of the only input, as values or nested arrays;
 *   <li>objects with a value for each input by its name, without the dimension of the rows.
 * </ul>
 */
final class Instances {
  /** What the containers of Hugging Face, other text servers and Vertex AI's embedding models call a text. */
  private static final Set<String> TEXT = Set.of("inputs", "text", "content");

  private static final String FIELD = "instances";
  /** As many problems as are told: of further ones there is no need for a sentence. */
  private static final int MAX_PROBLEMS = 20;

  private final JsonParser json;
  private final byte[] body;
  private final JsonModel model;
  private final Problems problems;
  private final String names;

  private Instances(JsonParser json, byte[] body, JsonModel model, Problems problems) {
    this.json = json;
    this.body = body;
    this.model = model;
    this.problems = problems;
    this.names = JsonRequest.names(model.inputs());
  }

  /** {@return the rows in the value that the parser is at; null, with problems, if they are wrong} */
  static @Nullable Rows read(JsonParser json, byte[] body, JsonModel model, Problems problems)
      throws IOException {
    int before = problems.count();
    Rows rows = new Instances(json, body, model, problems).read();
    return problems.count() == before ? rows : null;
  }

  private Rows read() throws IOException {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      problems.check(false, FIELD, "must be an array" + model.example());
      json.skipChildren();
      return Rows.ofTexts(List.of());
    }
    JsonToken first = json.nextToken();
    if (first == JsonToken.END_ARRAY) {
      problems.check(false, FIELD, "must not be empty");
      return Rows.ofTexts(List.of());
    }
    boolean takesTexts = model.textRefusal().isEmpty();
    if (first == JsonToken.START_OBJECT) {
      return objects(takesTexts);
    }
    if (takesTexts && first == JsonToken.VALUE_STRING) {
      return texts();
    }
    if (first == JsonToken.VALUE_STRING && model.input(TextInput.IDS) != null) {
      problems.check(false, FIELD, model.textRefusal());
      skipRest();
      return Rows.ofTexts(List.of());
    }
    if (model.inputs().size() == 1) {
      return rows(model.inputs().get(0));
    }
    problems.check(
        false,
        FIELD,
        takesTexts
            ? "must be texts" + model.example()
            : "must be objects with a value for each of " + names);
    skipRest();
    return Rows.ofTexts(List.of());
  }

  private void skipRest() throws IOException {
    do {
      json.skipChildren();
    } while (json.nextToken() != JsonToken.END_ARRAY && json.currentToken() != null);
  }

  private Rows rows(TensorSpec input) throws IOException {
    Elements elements = Elements.readRest(json, input.datatype());
    List<Tensor> tensors = new ArrayList<>();
    Tensor tensor = tensor(input, elements, FIELD);
    if (tensor != null) {
      tensors.add(tensor);
    }
    return Rows.ofTensors(tensor == null ? 0 : (int) tensor.shape()[0], tensors);
  }

  private @Nullable Tensor tensor(TensorSpec input, Elements elements, String field) {
    if (!elements.check(problems, field)) {
      return null;
    }
    long[] shape = Rows.shape(input, elements);
    if (!JsonRequest.fits(input, shape)) {
      problems.check(
          false, field, "must be of shape " + JsonRequest.shown(input), JsonRequest.shown(shape));
      return null;
    }
    return elements.tensor(input.name(), shape);
  }

  private Rows texts() throws IOException {
    return Rows.ofTexts(texts(0));
  }

  /** Reads the rest of the texts, the first of which has an index. */
  private List<String> texts(int first) throws IOException {
    List<String> texts = new ArrayList<>();
    int index = first;
    do {
      String field = FIELD + "[" + index + "]";
      if (json.currentToken() == JsonToken.VALUE_STRING) {
        add(texts, json.getText(), field);
      } else if (json.currentToken() == JsonToken.START_OBJECT && json.nextToken() != null) {
        addObject(texts, field);
      } else {
        problems.check(false, field, "must be a text, as the first is");
        json.skipChildren();
      }
      index++;
    } while (json.nextToken() != JsonToken.END_ARRAY);
    return texts;
  }

  private void add(List<String> texts, String text, String field) {
    problems
        .check(!text.isBlank(), field, "must not be empty")
        .check(Unicode.isWhole(text), field, Unicode.RULE);
    texts.add(text);
  }

  /** Reads the members of an object with a text, of which the parser is at the first. */
  private void addObject(List<String> texts, String field) throws IOException {
    int found = 0;
    for (; json.currentToken() == JsonToken.FIELD_NAME; json.nextToken()) {
      String name = json.currentName();
      JsonToken value = json.nextToken();
      if (!TEXT.contains(name)) {
        problems.check(
            false,
            field + "." + IgnoredParameters.shown(name),
            "must not be present: an instance is one text");
      } else {
        found++;
        if (value == JsonToken.VALUE_STRING) {
          add(texts, json.getText(), field + "." + name);
        } else {
          problems.check(false, field + "." + name, "must be a text");
        }
      }
      json.skipChildren();
    }
    problems.check(found == 1, field, "must hold one text, as its member inputs");
  }

  private Rows objects(boolean takesTexts) throws IOException {
    // The first member tells texts from tensors.
    if (json.nextToken() == JsonToken.FIELD_NAME
        && takesTexts
        && model.input(json.currentName()) == null) {
      List<String> texts = new ArrayList<>();
      addObject(texts, FIELD + "[0]");
      if (json.nextToken() == JsonToken.END_ARRAY) {
        return Rows.ofTexts(texts);
      }
      texts.addAll(texts(1));
      return Rows.ofTexts(texts);
    }
    return byName();
  }

  /** Reads objects by input, of which the parser is at the first member of the first. */
  private Rows byName() throws IOException {
    Map<String, ByteArrayOutputStream> columns = new HashMap<>();
    int count = 0;
    do {
      String field = FIELD + "[" + count + "]";
      if (json.currentToken() == JsonToken.START_OBJECT) {
        json.nextToken();
      } else if (count > 0) {
        problem(field, "must be an object with a value for each of ", names);
        json.skipChildren();
        count++;
        continue;
      }
      addByName(columns, field, count == 0 ? '[' : ',');
      count++;
    } while (json.nextToken() != JsonToken.END_ARRAY);
    List<Tensor> tensors = new ArrayList<>();
    for (TensorSpec input : model.inputs()) {
      ByteArrayOutputStream column = columns.get(input.name());
      if (column != null && problems.count() == 0) {
        column.write(']');
        try (JsonParser values = JsonRequest.JSON.createParser(column.toByteArray())) {
          values.nextToken();
          Tensor tensor =
              tensor(input, Elements.read(values, input.datatype()), FIELD + "[*]." + input.name());
          if (tensor != null) {
            tensors.add(tensor);
          }
        }
      }
    }
    return Rows.ofTensors(count, tensors);
  }

  private void addByName(Map<String, ByteArrayOutputStream> columns, String field, char separator)
      throws IOException {
    Set<String> seen = new HashSet<>();
    for (; json.currentToken() == JsonToken.FIELD_NAME; json.nextToken()) {
      String name = json.currentName();
      json.nextToken();
      int from = (int) json.currentTokenLocation().getByteOffset();
      json.skipChildren();
      json.finishToken();
      int to = (int) json.currentLocation().getByteOffset();
      if (model.input(name) == null) {
        problem(
            field + "." + IgnoredParameters.shown(name),
            "must not be present: the inputs are ",
            names);
      } else if (!seen.add(name)) {
        problems.check(false, field, "must hold each field once", name);
      } else {
        ByteArrayOutputStream column =
            columns.computeIfAbsent(name, it -> new ByteArrayOutputStream());
        column.write(separator);
        column.write(body, from, to - from);
      }
    }
    if (seen.size() < model.inputs().size()) {
      String missing = problems.count() >= MAX_PROBLEMS
          ? ""
          : model.inputs().stream()
              .map(TensorSpec::name)
              .filter(name -> !seen.contains(name))
              .collect(Collectors.joining(", "));
      problem(field, "must hold a value for ", missing);
    }
  }

  /** Notes a problem whose rule ends with names, which may be many. */
  private void problem(String field, String rule, String named) {
    problems.check(false, field, problems.count() >= MAX_PROBLEMS ? rule : rule + named);
  }
}
