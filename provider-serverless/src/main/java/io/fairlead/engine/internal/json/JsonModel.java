package io.fairlead.engine.internal.json;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.RequestModel;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.run.BatchedModel;
import io.fairlead.engine.internal.run.BatchingModel;
import io.fairlead.engine.internal.run.Parts;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.tensor.RawTensors;
import io.fairlead.engine.internal.tensor.Tensors;
import io.fairlead.engine.internal.text.PairScores;
import io.fairlead.engine.internal.text.TextDescription;
import io.fairlead.engine.internal.text.TextInput;
import io.fairlead.engine.internal.text.TextModel;
import io.fairlead.engine.internal.text.TextSettings;
import io.fairlead.engine.internal.text.TextUsage;
import io.fairlead.engine.internal.text.Tokenizer;
import io.fairlead.error.ErrorKind;
import io.fairlead.grammar.Problems;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A model of tensors with JSON requests and responses.
 *
 * <p>It supports these forms:
 *
 * <ul>
 *   <li>tensors, as the Open Inference Protocol has them: {@code {"inputs": [{"name": "X", "shape": [1, 4], "datatype":
 *       "FP32", "data": [5.1, 3.5, 1.4, 0.2]}]}}, answered in that form. The data may be flat or nested;
 *   <li>texts, if there is a tokenizer: {@code {"inputs": "one"}} or {@code {"inputs": ["one", "another"]}}, answered
 *       by an array with an array of numbers for each text;
 *   <li>texts as the only tensor, of the type BYTES and any name, answered by a tensor with a row for each;
 *   <li>{@linkplain Instances instances}: {@code {"instances": [[5.1, 3.5, 1.4, 0.2]]}} or the bare array, answered by
 *       {@code {"predictions": [...]}} with an element for each: the vector of a text, the output, or an object of all
 *       outputs by name;
 *   <li>{@linkplain CsvRequest CSV}, answered as instances are;
 *   <li>texts in the form of OpenAI's embeddings: {@code {"input": ["one", "another"], "model": "any"}}, answered by
 *       {@code {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [...]}, ...], ...}};
 *   <li>a query and texts to be ranked, if the model is a cross-encoder: {@code {"query": "one", "texts": ["another"]}}
 *       as in Text Embeddings Inference, answered by {@code [{"index": 0, "score": 0.98}, ...]}, or with {@code
 *       documents} as in the APIs of Cohere, Jina and vLLM, answered by {@code {"results": [{"index": 0,
 *       "relevance_score": 0.98}, ...], ...}}, the best first.
 * </ul>
 *
 * <p>Texts that had to be cut off are told as {@link io.fairlead.engine.TruncatedTexts}.
 *
 * <p>An output that is a list of maps, as classifiers from scikit-learn give by default, becomes a tensor with a row
 * for each map, followed by a tensor NAME.keys with the keys of its columns; for rows it becomes an object. Numbers
 * that JSON lacks are the strings "NaN", "Infinity" and "-Infinity", both ways.
 *
 * <p>Tensors may travel as raw elements after the JSON, as in the protocol's binary tensor extension, in a body whose
 * content type has the length of the JSON (see {@link RawTensors}). Its {@code parameters} {@code
 * binary_data_size}, {@code binary_data} and {@code binary_data_output} are supported; the names of others are told as
 * {@link IgnoredParameters}.
 */
public final class JsonModel implements RequestModel, TextModel, BatchingModel {
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER).build();
  private static final String CONTENT_TYPE = "application/json";
  /** The other one is that of AWS's clients for a body of which they know nothing. */
  private static final Set<String> CONTENT_TYPES = Set.of(CONTENT_TYPE, "application/octet-stream");

  private static final String ONLY_PAIRS =
      "must be tensors: this model scores pairs of texts, and its answer to a single one has no meaning: send a query and"
          + " texts, as "
          + Examples.PAIRS;

  private static final int USUAL_SIZE = 1024;
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final TensorModel model;
  private final @Nullable Tokenizer tokenizer;
  private final Failures failures;
  private final List<TensorSpec> inputs;
  private final Map<String, TensorSpec> inputsByName;
  private final List<TensorSpec> outputs;
  private final List<String> outputNames;
  private final Map<String, String> unanswerable;
  private final String textRefusal;
  private final @Nullable TextInput text;
  private final @Nullable PairScores pairs;
  private final String example;

  /**
   * Creates a model, which owns the given one and the tokenizer.
   *
   * @param texts what becomes of its texts; null if it has no tokenizer
   */
  public JsonModel(
      TensorModel model,
      @Nullable Tokenizer tokenizer,
      @Nullable TextSettings texts,
      Failures failures) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.failures = failures;
    this.inputs = model.inputs();
    this.inputsByName =
        inputs.stream().collect(Collectors.toUnmodifiableMap(TensorSpec::name, input -> input));
    this.outputs = model.outputs();
    this.outputNames = outputs.stream().map(TensorSpec::name).toList();
    this.unanswerable = model.unanswerable();
    Optional<Tokenizer> given = Optional.ofNullable(tokenizer);
    this.text =
        texts == null ? null : TextInput.of(model, given, texts, failures).orElse(null);
    this.pairs =
        texts == null ? null : PairScores.of(model, given, texts, failures).orElse(null);
    boolean onlyPairs = pairs != null && pairs.isDeclared();
    this.textRefusal = onlyPairs ? ONLY_PAIRS : TextInput.refusal(model, given);
    this.example = ", such as " + Examples.of(inputs, textRefusal.isEmpty(), onlyPairs);
  }

  @Override
  public List<TensorSpec> inputs() {
    return inputs;
  }

  @Override
  public Optional<TextDescription> text() {
    Optional<TextDescription> described = Optional.ofNullable(text).map(TextInput::description);
    return pairs == null ? described : described.map(it -> it.withActivation(pairs.activation()));
  }

  @Override
  public Optional<String> batching() {
    return BatchedModel.state(model);
  }

  @Nullable
  TensorSpec input(String name) {
    return inputsByName.get(name);
  }

  @Override
  public List<TensorSpec> outputs() {
    return outputs;
  }

  List<String> outputNames() {
    return outputNames;
  }

  /** {@return the outputs that are not tensors, with a description of each} */
  Map<String, String> unanswerable() {
    return unanswerable;
  }

  /** {@return the reason why it takes no texts, as a rule for a request's inputs; empty if it does} */
  String textRefusal() {
    return textRefusal;
  }

  /** {@return the reason why it makes no embeddings, as a rule; empty if it does} */
  String embeddingsRefusal() {
    if (!textRefusal.isEmpty()) {
      return textRefusal;
    }
    return PairScores.logits(model).isEmpty() && pairs == null
        ? ""
        : "must not be present: this model answers with scores, which are no embedding: send the texts as inputs"
            + (pairs == null ? "" : ", or a query and texts");
  }

  /** {@return the reason why it ranks no texts, as a rule; empty if it does} */
  String rerankRefusal() {
    if (pairs != null) {
      return pairs.refusal();
    }
    return textRefusal.isEmpty()
        ? "must not be present: this model does not answer with one score for a pair of texts: send each text as inputs"
            + " instead, and compare the answers"
        : textRefusal;
  }

  /** {@return the length of a text's vector; empty if it is not known before the model runs} */
  OptionalInt vectorWidth() {
    return text == null ? OptionalInt.empty() : text.width();
  }

  /** {@return the name of the output that is the vector of a text, or is pooled to it} */
  String vectorName() {
    return requireNonNull(text).outputName();
  }

  /** {@return a request that it takes, as the end of a rule} */
  String example() {
    return example;
  }

  @Override
  public Response answer(Request request, Call call) {
    if (CsvRequest.isCsv(request.contentType())) {
      Rows rows = CsvRequest.read(request, this);
      call.checkNotStopped(null);
      return predictions(rows, outputNames, call);
    }
    JsonRequest parsed = read(request);
    call.checkNotStopped(null);
    return IgnoredParameters.in(answer(parsed, call), parsed.ignored());
  }

  private Response answer(JsonRequest parsed, Call call) {
    Rows rows = parsed.rows();
    if (rows != null) {
      return predictions(rows, parsed.outputs(), call);
    }
    EmbeddingsRequest embeddings = parsed.embeddings();
    if (embeddings != null) {
      return embeddings(embeddings, call);
    }
    RerankRequest rerank = parsed.rerank();
    return rerank != null ? ranking(rerank, call) : inputs(parsed, call);
  }

  private Response inputs(JsonRequest parsed, Call call) {
    Tensor textTensor = parsed.textTensor().orElse(null);
    List<String> texts = textTensor == null ? parsed.texts() : List.of(textTensor.strings());
    TextUsage usage = new TextUsage(texts.size());
    ByteArrayOutputStream body = new ByteArrayOutputStream(USUAL_SIZE);
    List<byte[]> raw = new ArrayList<>();
    try (JsonGenerator json = JSON.createGenerator(body)) {
      if (textTensor != null) {
        Tensor vectors = joined(vectors(texts, usage, call), call);
        writeTensors(json, parsed, List.of(vectors), call, raw);
      } else if (texts.isEmpty()) {
        RawTensors.checkFit(call, "inputs", parsed.tensors(), failures);
        writeTensors(json, parsed, model.run(parsed.tensors(), parsed.outputs(), call), call, raw);
      } else {
        writeVectors(json, texts, usage, call);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int jsonSize = body.size();
    raw.forEach(body::writeBytes);
    return answered(body, raw.isEmpty() ? CONTENT_TYPE : RawTensors.CONTENT_TYPE + jsonSize, usage);
  }

  private Response predictions(Rows rows, List<String> wanted, Call call) {
    TextUsage usage = new TextUsage(rows.texts().size());
    ByteArrayOutputStream body = new ByteArrayOutputStream(USUAL_SIZE);
    try (JsonGenerator json = JSON.createGenerator(body)) {
      json.writeStartObject();
      json.writeFieldName("predictions");
      if (rows.texts().isEmpty()) {
        RawTensors.checkFit(call, "instances", rows.tensors(), failures);
        writePredictions(json, rows.count(), model.run(rows.tensors(), wanted, call), call);
      } else {
        writeVectors(json, rows.texts(), usage, call);
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return answered(body, CONTENT_TYPE, usage);
  }

  private Response embeddings(EmbeddingsRequest request, Call call) {
    TextUsage usage = new TextUsage(request.texts().size());
    Tensor[] vectors = vectors(request.texts(), usage, call);
    ByteArrayOutputStream body = new ByteArrayOutputStream(USUAL_SIZE);
    try (JsonGenerator json = JSON.createGenerator(body)) {
      new EmbeddingsAnswer(request, failures).write(json, vectors, usage.tokens(), call);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return answered(body, CONTENT_TYPE, usage);
  }

  private Response ranking(RerankRequest request, Call call) {
    PairScores scores = requireNonNull(pairs);
    List<String> texts = request.texts();
    TextUsage usage = new TextUsage(texts.size());
    double[] logits = new double[texts.size()];
    Parts.compute(call, logits.length, (index, part) -> {
      logits[index] =
          scores.logit(request.query(), texts.get(index), index, request.cutsOff(), usage, part);
    });
    ByteArrayOutputStream body = new ByteArrayOutputStream(USUAL_SIZE);
    try (JsonGenerator json = JSON.createGenerator(body)) {
      new RerankAnswer(request, scores).write(json, logits, usage.tokens(), call);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return answered(body, CONTENT_TYPE, usage);
  }

  private static Response answered(
      ByteArrayOutputStream body, String contentType, TextUsage usage) {
    Response response = Response.ofUnsafe(body.toByteArray(), contentType);
    return usage.truncated().map(response::with).orElse(response);
  }

  private JsonRequest read(Request request) {
    String type = request.contentType().toLowerCase(Locale.ROOT).replace(" ", "");
    if (!type.startsWith(RawTensors.CONTENT_TYPE)) {
      checkContentType(request.contentType());
      return JsonRequest.read(request.bodyUnsafe(), NOTHING.duplicate(), this);
    }
    String digits = type.substring(RawTensors.CONTENT_TYPE.length());
    ByteBuffer body = request.bodyBuffer();
    boolean within = digits.matches("\\d{1,9}") && Integer.parseInt(digits) <= body.remaining();
    Problems.in("Request")
        .check(
            within,
            "json-header-size",
            "must be the length of the JSON that the body of " + body.remaining()
                + " bytes begins with",
            digits)
        .throwIfAny();
    byte[] json = new byte[Integer.parseInt(digits)];
    body.get(json);
    return JsonRequest.read(json, body, this);
  }

  private static void checkContentType(String contentType) {
    String[] parts = contentType.toLowerCase(Locale.ROOT).split(";", 2);
    boolean utf8 = parts.length == 1 || !parts[1].contains("charset") || parts[1].contains("utf-8");
    Problems.in("Request")
        .check(
            CONTENT_TYPES.contains(parts[0].strip()) && utf8,
            "contentType",
            "must be " + CONTENT_TYPE + " or " + CsvRequest.CONTENT_TYPE,
            contentType)
        .throwIfAny();
  }

  private Tensor[] vectors(List<String> texts, TextUsage usage, Call call) {
    TextInput input = requireNonNull(text);
    Tensor[] vectors = new Tensor[texts.size()];
    Parts.compute(call, vectors.length, (index, part) -> {
      vectors[index] = input.run(texts.get(index), index, usage, part);
    });
    return vectors;
  }

  private Tensor joined(Tensor[] vectors, Call call) {
    if (Arrays.stream(vectors).mapToInt(Tensor::size).distinct().count() > 1) {
      throw failures.failure(
          ErrorKind.INVALID,
          "Model '" + call.model()
              + "' returns vectors of different lengths, which are no tensor: send the texts as instances");
    }
    return Tensors.joined(List.of(vectors));
  }

  private void writeVectors(JsonGenerator json, List<String> texts, TextUsage usage, Call call)
      throws IOException {
    Tensor[] vectors = vectors(texts, usage, call);
    json.writeStartArray();
    for (Tensor vector : vectors) {
      TensorJson.writeNested(json, vector, 1, 0, vector.size());
    }
    json.writeEndArray();
  }

  private static void writeTensors(
      JsonGenerator json, JsonRequest request, List<Tensor> answers, Call call, List<byte[]> raw)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("model_name", call.model());
    if (request.id() != null) {
      json.writeStringField("id", request.id());
    }
    json.writeArrayFieldStart("outputs");
    for (Tensor answer : answers) {
      boolean isRaw = request.isRaw(answer.name());
      writeTensor(json, answer, isRaw, raw);
      Tensor keys = answer.keys().orElse(null);
      if (keys != null) {
        writeTensor(json, keys, isRaw, raw);
      }
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void writeTensor(
      JsonGenerator json, Tensor tensor, boolean isRaw, List<byte[]> raw) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", tensor.name());
    json.writeFieldName("shape");
    json.writeArray(tensor.shape(), 0, tensor.shape().length);
    json.writeStringField("datatype", tensor.datatype().name());
    if (isRaw) {
      byte[] elements = RawTensors.write(tensor);
      raw.add(elements);
      json.writeObjectFieldStart("parameters");
      json.writeNumberField("binary_data_size", elements.length);
      json.writeEndObject();
    } else {
      json.writeArrayFieldStart("data");
      TensorJson.write(json, tensor, 0, tensor.size());
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  private void writePredictions(JsonGenerator json, int count, List<Tensor> answers, Call call)
      throws IOException {
    for (Tensor answer : answers) {
      if (answer.shape().length == 0 || answer.shape()[0] != count) {
        throw failures.failure(
            ErrorKind.INVALID,
            "Model '" + call.model() + "' has no element for each row in its output '"
                + answer.name() + "': send inputs instead of instances, or name other outputs");
      }
    }
    json.writeStartArray();
    for (int row = 0; row < count; row++) {
      if (answers.size() == 1) {
        writeRow(json, answers.get(0), row);
      } else {
        json.writeStartObject();
        for (Tensor answer : answers) {
          json.writeFieldName(answer.name());
          writeRow(json, answer, row);
        }
        json.writeEndObject();
      }
    }
    json.writeEndArray();
  }

  private static void writeRow(JsonGenerator json, Tensor tensor, int row) throws IOException {
    int width = tensor.size() / (int) tensor.shape()[0];
    Tensor keys = tensor.keys().orElse(null);
    if (keys == null) {
      TensorJson.writeNested(json, tensor, 1, row * width, (row + 1) * width);
      return;
    }
    json.writeStartObject();
    for (int i = 0; i < width; i++) {
      json.writeFieldName(
          keys.datatype() == Datatype.INT64 ? String.valueOf(keys.longs()[i]) : keys.strings()[i]);
      TensorJson.write(json, tensor, row * width + i, row * width + i + 1);
    }
    json.writeEndObject();
  }

  @Override
  public void close() {
    model.close();
    if (tokenizer != null) {
      tokenizer.close();
    }
  }
}
