package io.fairlead.engine.internal.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.tensor.RawTensors;
import io.fairlead.engine.internal.text.TextInput;
import io.fairlead.engine.internal.text.Unicode;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problem;
import io.fairlead.grammar.Problems;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A JSON request, parsed and validated against a model's inputs and outputs. */
final class JsonRequest {
  /** The reader of a field's value. */
  private interface FieldReader {
    void read(String field) throws IOException;
  }

  static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER).build();

  // In the parser's messages, before the position of an object or array.
  private static final Pattern SOURCE = Pattern.compile("\\[Source: [^;]*; ([^\\]]*)\\]");

  /** The members of a tensor and of an output that may be null, as if they were absent. */
  private static final Set<String> OPTIONAL = Set.of("data", "parameters");

  /** The members of this protocol that mean nothing in the body of another. */
  private static final Set<String> OWN = Set.of("id", "outputs", "parameters");

  // Of Triton's protocol.
  private static final String SHARED_MEMORY = "shared_memory_region";
  private static final String NO_SHARED_MEMORY =
      "must not be present: tensors are sent in the body, not in shared memory";
  private static final String CLASSIFICATION = "classification";
  private static final String NO_CLASSES =
      "must not be present: outputs are returned whole, not as classes";

  private final byte[] body;
  private final ByteBuffer raw;
  private final JsonModel model;
  private final Problems problems = Problems.in("Request");
  private final Set<String> named = new HashSet<>();
  private final List<Tensor> tensors = new ArrayList<>();
  private final List<String> texts = new ArrayList<>();
  private final List<Tensor> textTensors = new ArrayList<>();
  private final List<String> outputs = new ArrayList<>();
  private final Map<String, Boolean> rawOutputs = new HashMap<>();
  private final IgnoredParameters.Collected ignored = new IgnoredParameters.Collected();
  private boolean rawByDefault;
  private @Nullable String id;
  private @Nullable Rows rows;
  private @Nullable EmbeddingsRequest embeddings;
  private @Nullable RerankRequest rerank;

  private JsonRequest(byte[] body, ByteBuffer raw, JsonModel model) {
    this.body = body;
    this.raw = raw;
    this.model = model;
  }

  /**
   * {@return the request in a body}
   *
   * @param raw the binary elements after the JSON
   * @throws InvalidValueException with all problems of the request
   */
  static JsonRequest read(byte[] body, ByteBuffer raw, JsonModel model) {
    JsonRequest request = new JsonRequest(body, raw, model);
    try (JsonParser json = JSON.createParser(body)) {
      request.read(json);
    } catch (JsonProcessingException e) {
      throw new InvalidValueException(
          "Request", List.of(new Problem("body", "must be JSON: " + position(e), "")), e);
    } catch (IOException e) {
      throw new InvalidValueException(
          "Request",
          List.of(new Problem("body", "must be JSON in UTF-8: " + Failures.reason(e), "")),
          e);
    }
    request.problems.throwIfAny();
    return request;
  }

  private static String position(JsonProcessingException e) {
    return SOURCE.matcher(e.getOriginalMessage()).replaceAll("$1")
        + (e.getLocation() == null
            ? ""
            : ", at line " + e.getLocation().getLineNr() + ", column "
                + e.getLocation().getColumnNr());
  }

  /** {@return the id for the response, if there is one} */
  @Nullable
  String id() {
    return id;
  }

  /** {@return the tensors; none if the request has texts or rows} */
  List<Tensor> tensors() {
    return tensors;
  }

  /** {@return the texts; none if the request has tensors or rows} */
  List<String> texts() {
    return texts;
  }

  /** {@return the texts in the form of a tensor, to be answered by one, if the request has them} */
  Optional<Tensor> textTensor() {
    return textTensors.stream().findFirst();
  }

  /** {@return the rows, if the request has them} */
  @Nullable
  Rows rows() {
    return rows;
  }

  /** {@return the request for embeddings, if it is one in OpenAI's form} */
  @Nullable
  EmbeddingsRequest embeddings() {
    return embeddings;
  }

  /** {@return the request for a ranking, if it is one} */
  @Nullable
  RerankRequest rerank() {
    return rerank;
  }

  /** {@return the names of the parameters that have no effect} */
  Set<String> ignored() {
    return ignored.names();
  }

  /** {@return the names of the requested outputs} */
  List<String> outputs() {
    return outputs.isEmpty() ? model.outputNames() : outputs;
  }

  /** {@return whether an output is requested in binary form} */
  boolean isRaw(String output) {
    return rawOutputs.getOrDefault(output, rawByDefault);
  }

  private void read(JsonParser json) throws IOException {
    JsonToken first = json.nextToken();
    boolean isArray = first == JsonToken.START_ARRAY;
    if (first != JsonToken.START_OBJECT && !isArray) {
      problems.check(false, "body", "must be a JSON object" + model.example());
      return;
    }
    if (json.currentTokenLocation().getByteOffset() < 0) {
      problems.check(false, "body", "must be in UTF-8");
      return;
    }
    if (isArray) {
      // As SageMaker's client makes a list of rows or texts.
      rows = Instances.read(json, body, model, problems);
    } else {
      readMembers(json);
    }
    problems.check(
        json.nextToken() == null,
        "body",
        "must end after the JSON " + (isArray ? "array" : "object"));
    problems.check(
        !raw.hasRemaining(),
        "body",
        "must end after the tensors whose binary_data_size the JSON gives",
        raw.remaining() + " bytes more");
    checkOutputs();
  }

  private void readMembers(JsonParser json) throws IOException {
    Set<String> fields = new HashSet<>();
    Set<String> absent = new HashSet<>();
    Unknown unknown = new Unknown();
    OtherBodies others = new OtherBodies(body, model, problems);
    IgnoredParameters.Collected parameters = new IgnoredParameters.Collected();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      problems.check(fields.add(field), "body", "must hold each field once", field);
      if (json.nextToken() == JsonToken.VALUE_NULL) {
        // As clients write the members that a request does not have.
        absent.add(field);
        continue;
      }
      switch (field) {
        case "inputs" -> readInputs(json);
        case "instances" -> rows = Instances.read(json, body, model, problems);
        case "outputs" -> readOutputs(json);
        case "id" -> id = string(json, "id");
        case "parameters" -> readParameters(json, "parameters", binaryByDefault(json), parameters);
        default -> {
          // The protocol allows members that it does not define, and its own clients send some.
          unknown.add(field);
          others.keep(field, json);
        }
      }
    }
    fields.removeAll(absent);
    boolean hasInputs = fields.contains("inputs");
    if (!hasInputs
        && !fields.contains("instances")
        && model.input(TextInput.IDS) != null
        && others.isRequest()) {
      embeddings = others.embeddings(ignored);
      rerank = others.isRanking() ? others.rerank(ignored) : null;
      fields.retainAll(OWN);
      fields.forEach(ignored::add);
      return;
    }
    if (hasInputs == fields.contains("instances")) {
      problems.check(
          false,
          "inputs",
          "must be present, or instances, and not both" + (hasInputs ? "" : unknown.asTypo())
              + model.example());
    }
    if (texts.isEmpty()) {
      parameters.names().forEach(ignored::add);
    } else {
      // No protocol has texts as inputs, so what a client sends beside them is meant.
      for (String name : parameters.names()) {
        problems.check(
            false, "parameters." + name, "must not be present: this model has no parameters");
      }
    }
  }

  private void checkOutputs() {
    if (embeddings != null || rerank != null) {
      return;
    }
    if (!textTensors.isEmpty()) {
      problems.check(
          outputs.isEmpty() || outputs.equals(List.of(model.vectorName())),
          "outputs",
          "must name " + model.vectorName() + " alone, the vector of a text, or nothing");
      return;
    }
    if (outputs.isEmpty() && texts.isEmpty() && !model.unanswerable().isEmpty()) {
      problems.check(
          false,
          "outputs",
          "must name which of " + names(model.outputs()) + " to answer with, for "
              + model.unanswerable().entrySet().stream()
                  .map(entry -> entry.getKey() + " is " + entry.getValue())
                  .collect(Collectors.joining(", "))
              + ", which JSON has no form for");
    }
  }

  private void readInputs(JsonParser json) throws IOException {
    boolean hasTensors = false;
    if (json.currentToken() == JsonToken.VALUE_STRING) {
      readText(json, "inputs");
    } else if (json.currentToken() == JsonToken.START_ARRAY) {
      int index = 0;
      for (; json.nextToken() != JsonToken.END_ARRAY; index++) {
        hasTensors |= json.currentToken() == JsonToken.START_OBJECT;
        String field = "inputs[" + index + "]";
        if (json.currentToken() == JsonToken.VALUE_STRING) {
          readText(json, field);
        } else if (json.currentToken() == JsonToken.START_OBJECT) {
          readTensor(json, field);
        } else {
          problems.check(
              false,
              field,
              "must be a tensor, as an object with name, shape, datatype and data, or a text");
          json.skipChildren();
        }
      }
      problems.check(index > 0 || model.inputs().isEmpty(), "inputs", "must not be empty");
      problems.check(
          texts.isEmpty() || texts.size() == index, "inputs", "must hold either texts or tensors");
      problems.check(
          textTensors.isEmpty() || textTensors.size() == index,
          "inputs",
          "must hold either one tensor of texts or tensors of tokens");
      problems.check(textTensors.size() <= 1, "inputs", "must hold one tensor of texts");
      // A model of texts is seldom asked with tensors.
      if (texts.isEmpty()
          && textTensors.isEmpty()
          && (hasTensors || !model.textRefusal().isEmpty())) {
        for (TensorSpec input : model.inputs()) {
          problems.check(
              named.contains(input.name()),
              "inputs",
              "must hold a tensor for " + input.name() + ", " + described(input));
        }
      }
    } else {
      problems.check(
          false,
          "inputs",
          (model.textRefusal().isEmpty()
                  ? "must be an array of tensors, a text, or an array of texts"
                  : "must be an array of tensors")
              + model.example());
      json.skipChildren();
    }
  }

  private void readText(JsonParser json, String field) throws IOException {
    String text = json.getText();
    if (texts.isEmpty()) {
      problems.check(model.textRefusal().isEmpty(), "inputs", model.textRefusal());
    }
    problems.check(!text.isBlank(), field, "must not be empty");
    problems.check(Unicode.isWhole(text), field, Unicode.RULE);
    texts.add(text);
  }

  private void readTensor(JsonParser json, String position) throws IOException {
    String name = null;
    String datatype = null;
    long[] shape = null;
    Elements data = null;
    int dataFrom = -1;
    int dataTo = -1;
    long[] rawSize = {-1};
    TensorSpec spec = null;
    Set<String> fields = new HashSet<>();
    Unknown others = new Unknown();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      problems.check(fields.add(field), position, "must hold each field once", field);
      if (json.nextToken() == JsonToken.VALUE_NULL && OPTIONAL.contains(field)) {
        continue;
      }
      switch (field) {
        case "name" -> {
          name = string(json, position + ".name");
          spec = name == null ? null : model.input(name);
        }
        case "datatype" -> datatype = string(json, position + ".datatype");
        case "shape" -> shape = shape(json, position + ".shape");
        case "data" -> {
          if (spec != null) {
            data = Elements.read(json, spec.datatype());
          } else {
            dataFrom = (int) json.currentTokenLocation().getByteOffset();
            json.skipChildren();
            json.finishToken();
            dataTo = (int) json.currentLocation().getByteOffset();
          }
        }
        case "parameters" -> {
          FieldReader binarySize = at -> {
            rawSize[0] = size(json, at);
          };
          readParameters(
              json,
              position + ".parameters",
              Map.of(
                  "binary_data_size",
                  binarySize,
                  SHARED_MEMORY,
                  at -> refuse(json, at, NO_SHARED_MEMORY)),
              ignored);
        }
        default -> {
          others.add(field);
          json.skipChildren();
        }
      }
    }
    // Consumed even for an invalid tensor, so that the next one gets its own.
    ByteBuffer elements = raw(rawSize[0], position);
    boolean isText = false;
    if (spec == null
        && name != null
        && model.textRefusal().isEmpty()
        && Datatype.BYTES.name().equals(datatype)) {
      spec = new TensorSpec(name, Datatype.BYTES, List.of());
      isText = true;
    }
    if (spec == null || name == null) {
      problems.check(name != null, position + ".name", "must be present" + others.asTypo());
      if (name != null) {
        problems.check(false, position + ".name", "must be one of " + names(model.inputs()), name);
      }
      return;
    }
    if (data == null && dataFrom >= 0) {
      try (JsonParser again = JSON.createParser(body, dataFrom, dataTo - dataFrom)) {
        again.nextToken();
        data = Elements.read(again, spec.datatype());
      }
    }
    check(spec, datatype, shape, data, rawSize[0] >= 0, elements, others);
    if (isText && problems.count() == 0) {
      readTexts(tensors.remove(tensors.size() - 1));
    }
  }

  /** Takes the elements of a tensor as texts, which clients of the protocol can send in no other way. */
  private void readTexts(Tensor tensor) {
    long[] shape = tensor.shape();
    String field = "inputs." + tensor.name();
    problems.check(
        shape.length == 1 || (shape.length == 2 && shape[1] == 1),
        field + ".shape",
        "must be [n] or [n, 1], for n texts",
        shown(shape));
    problems.check(tensor.size() > 0, field + ".data", "must not be empty");
    for (String text : tensor.strings()) {
      problems.check(!text.isBlank(), field + ".data", "must hold no empty text");
    }
    textTensors.add(tensor);
  }

  /** Members that the protocol does not define, which are ignored unless one that it requires is missing. */
  private static final class Unknown {
    private static final int MAX_NAMED = 5;
    private static final int MAX_LENGTH = 40;

    private final List<String> names = new ArrayList<>();

    void add(String name) {
      if (names.size() < MAX_NAMED) {
        names.add(name.length() <= MAX_LENGTH ? name : name.substring(0, MAX_LENGTH) + "...");
      }
    }

    /** {@return the end of a rule about what is missing, for it may have been misspelt} */
    String asTypo() {
      return names.isEmpty() ? "" : ", which none of " + String.join(", ", names) + " is";
    }
  }

  /** Reads an object of which some fields are used; the names of the others are collected. */
  private void readParameters(
      JsonParser json,
      String position,
      Map<String, FieldReader> readers,
      IgnoredParameters.Collected others)
      throws IOException {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      problems.check(false, position, "must be an object");
      json.skipChildren();
      return;
    }
    Set<String> fields = new HashSet<>();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      problems.check(fields.add(field), position, "must hold each field once", field);
      if (json.nextToken() == JsonToken.VALUE_NULL) {
        continue;
      }
      FieldReader reader = readers.get(field);
      if (reader != null) {
        reader.read(position + "." + field);
      } else {
        others.add(field);
        json.skipChildren();
      }
    }
  }

  private Map<String, FieldReader> binaryByDefault(JsonParser json) {
    return Map.of("binary_data_output", at -> {
      rawByDefault = flag(json, at);
    });
  }

  private void refuse(JsonParser json, String field, String rule) throws IOException {
    problems.check(false, field, rule);
    json.skipChildren();
  }

  private boolean flag(JsonParser json, String field) throws IOException {
    if (!json.currentToken().isBoolean()) {
      problems.check(false, field, "must be true or false");
      json.skipChildren();
      return false;
    }
    return json.getBooleanValue();
  }

  private int size(JsonParser json, String field) throws IOException {
    if (json.currentToken() != JsonToken.VALUE_NUMBER_INT
        || json.getNumberType() != JsonParser.NumberType.INT
        || json.getIntValue() < 0) {
      problems.check(false, field, "must be a number of bytes, of 0 or more");
      json.skipChildren();
      return -1;
    }
    return json.getIntValue();
  }

  /** {@return the next raw elements; null, with a problem, if there are not enough} */
  private @Nullable ByteBuffer raw(long size, String position) {
    if (size < 0) {
      return null;
    }
    if (size > raw.remaining()) {
      problems.check(
          false,
          position + ".parameters.binary_data_size",
          "must be at most the " + raw.remaining() + " bytes that are left after the JSON",
          size);
      raw.position(raw.limit());
      return null;
    }
    ByteBuffer elements = raw.slice(raw.position(), (int) size);
    raw.position(raw.position() + (int) size);
    return elements;
  }

  private void check(
      TensorSpec spec,
      @Nullable String datatype,
      long @Nullable [] shape,
      @Nullable Elements data,
      boolean isRaw,
      @Nullable ByteBuffer elements,
      Unknown others) {
    String field = "inputs." + spec.name();
    problems.check(named.add(spec.name()), field, "must be present once");
    boolean right = spec.datatype().name().equals(datatype);
    problems.check(
        right,
        field + ".datatype",
        "must be " + spec.datatype() + (datatype == null ? others.asTypo() : ""),
        datatype == null ? "none" : datatype);
    problems.check(
        data != null || isRaw,
        field + ".data",
        "must be present, or its binary_data_size and as many bytes after the JSON"
            + others.asTypo());
    problems.check(
        data == null || !isRaw, field + ".data", "must not be present beside its binary_data_size");
    if (shape == null) {
      problems.check(
          false,
          field + ".shape",
          "must be an array of numbers of 0 or more, as in " + described(spec));
      return;
    }
    problems.check(fits(spec, shape), field + ".shape", "must be " + shown(spec), shown(shape));
    if (data == null && elements != null && right) {
      Tensor tensor =
          RawTensors.read(spec, shape, count(shape), elements, problems, field + ".data");
      if (tensor != null) {
        tensors.add(tensor);
      }
      return;
    }
    if (data == null || !right || !data.check(problems, field + ".data")) {
      return;
    }
    long count = count(shape);
    problems.check(
        data.size() == count,
        field + ".data",
        "must hold "
            + (count < 0 ? "fewer elements than that shape" : count + " elements for that shape"),
        data.size());
    problems.check(
        data.isNestedAs(shape),
        field + ".data",
        "must be flat, or nested as its shape " + shown(shape),
        shown(data.shape()));
    if (data.size() == count) {
      tensors.add(data.tensor(spec.name(), shape));
    }
  }

  private static long count(long[] shape) {
    long count = 1;
    try {
      for (long length : shape) {
        count = Math.multiplyExact(count, length);
      }
    } catch (ArithmeticException e) {
      return -1;
    }
    return count;
  }

  private void readOutputs(JsonParser json) throws IOException {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      problems.check(false, "outputs", "must be an array of objects with a name");
      json.skipChildren();
      return;
    }
    for (int index = 0; json.nextToken() != JsonToken.END_ARRAY; index++) {
      readOutput(json, "outputs[" + index + "]");
    }
  }

  private void readOutput(JsonParser json, String position) throws IOException {
    String name = null;
    @Nullable Boolean[] isRaw = {null};
    if (json.currentToken() == JsonToken.START_OBJECT) {
      Set<String> fields = new HashSet<>();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String field = json.currentName();
        problems.check(fields.add(field), position, "must hold each field once", field);
        if (json.nextToken() == JsonToken.VALUE_NULL && OPTIONAL.contains(field)) {
          continue;
        }
        switch (field) {
          case "name" -> name = string(json, position + ".name");
          case "parameters" -> {
            FieldReader binary = at -> {
              isRaw[0] = flag(json, at);
            };
            readParameters(
                json,
                position + ".parameters",
                Map.of(
                    "binary_data",
                    binary,
                    CLASSIFICATION,
                    at -> refuse(json, at, NO_CLASSES),
                    SHARED_MEMORY,
                    at -> refuse(json, at, NO_SHARED_MEMORY)),
                ignored);
          }
          default -> json.skipChildren();
        }
      }
    } else {
      json.skipChildren();
    }
    String wanted = name;
    if (wanted == null) {
      problems.check(false, position, "must be an object with a name");
    } else if (model.outputs().stream().anyMatch(output -> output.name().equals(wanted))) {
      problems.check(!outputs.contains(wanted), position + ".name", "must be present once", wanted);
      outputs.add(wanted);
      if (isRaw[0] != null) {
        rawOutputs.put(wanted, isRaw[0]);
      }
    } else {
      problems.check(false, position + ".name", "must be one of " + names(model.outputs()), wanted);
    }
  }

  private @Nullable String string(JsonParser json, String field) throws IOException {
    if (json.currentToken() == JsonToken.VALUE_STRING) {
      return json.getText();
    }
    problems.check(false, field, "must be a string");
    json.skipChildren();
    return null;
  }

  private long @Nullable [] shape(JsonParser json, String field) throws IOException {
    Elements lengths = Elements.read(json, Datatype.INT64);
    if (!lengths.check(problems, field)) {
      return null;
    }
    long[] shape = lengths.tensor(field, new long[] {lengths.size()}).longs();
    return Arrays.stream(shape).allMatch(length -> length >= 0) ? shape : null;
  }

  static String names(List<TensorSpec> specs) {
    return specs.stream().map(TensorSpec::name).collect(Collectors.joining(", "));
  }

  private static String described(TensorSpec spec) {
    return spec.datatype() + " of shape " + shown(spec);
  }

  static String shown(TensorSpec spec) {
    return spec.shape() + (spec.shape().contains(-1L) ? ", where -1 is any length" : "");
  }

  static List<Long> shown(long[] shape) {
    return Arrays.stream(shape).boxed().toList();
  }

  static boolean fits(TensorSpec spec, long[] actual) {
    if (spec.shape().isEmpty()) {
      return true;
    }
    if (actual.length != spec.shape().size()) {
      return false;
    }
    for (int i = 0; i < actual.length; i++) {
      if (spec.shape().get(i) >= 0 && spec.shape().get(i) != actual[i]) {
        return false;
      }
    }
    return true;
  }
}
