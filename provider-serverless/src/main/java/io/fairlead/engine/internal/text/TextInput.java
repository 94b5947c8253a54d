package io.fairlead.engine.internal.text;

import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.tensor.RawTensors;
import io.fairlead.error.ErrorKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The text input of a model of token ids.
 *
 * <p>Each text is run alone: with dynamic quantisation, the result for a text depends on the others in its batch.
 *
 * <p>An output of the shape (batch, tokens, n) is pooled to one vector as the model's {@linkplain TextSettings settings}
 * say. An output of the shape (batch, n) is the vector already.
 */
public final class TextInput {
  public static final String IDS = "input_ids";
  private static final String MASK = "attention_mask";
  private static final String TYPES = "token_type_ids";
  private static final Set<String> KNOWN = Set.of(IDS, MASK, TYPES);
  private static final String VECTOR = "sentence_embedding";
  private static final List<String> TOKENS = List.of("token_embeddings", "last_hidden_state");
  // The minimum divisor, as in sentence-transformers.
  private static final double SHORTEST = 1e-12;

  private final TensorModel model;
  private final Tokenizer tokenizer;
  private final LongTexts longTexts;
  private final TextSettings settings;
  private final Failures failures;
  private final List<TensorSpec> inputs;
  private final TensorSpec output;
  private final int promptTokens;

  private TextInput(
      TensorModel model, Tokenizer tokenizer, TextSettings settings, Failures failures) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.longTexts = new LongTexts(tokenizer, failures);
    this.settings = settings;
    this.failures = failures;
    this.inputs = model.inputs();
    this.output = output(model, settings);
    if (!isVector(output)) {
      settings.checkSupported();
    } else if (settings.isPoolingLabelled()) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          "The label 'pooling' is for a model that answers for each token, and this one makes a vector itself, as its"
              + " output '" + output.name() + "': leave out the label");
    } else {
      settings.checkPromptCounts();
    }
    this.promptTokens = settings.includesPrompt() || settings.prompt().isEmpty()
        ? 0
        : promptTokens(tokenizer.encode(prepared("")));
  }

  private static int promptTokens(Tokenizer.Tokens prompt) {
    return prompt.ids().length - prompt.marksAtEnd();
  }

  /**
   * {@return the text input of a model; empty if {@link #refusal} has a reason}
   *
   * @throws io.fairlead.error.ServingException if the model's answers to texts would not be those that its files ask
   *     for
   */
  public static Optional<TextInput> of(
      TensorModel model, Optional<Tokenizer> tokenizer, TextSettings settings, Failures failures) {
    return refusal(model, tokenizer).isEmpty()
        ? Optional.of(new TextInput(model, tokenizer.orElseThrow(), settings, failures))
        : Optional.empty();
  }

  /** {@return the reason why a model takes no texts, as a rule for a request's inputs; empty if it does} */
  public static String refusal(TensorModel model, Optional<Tokenizer> tokenizer) {
    List<String> names = model.inputs().stream().map(TensorSpec::name).toList();
    if (!names.contains(IDS)) {
      return "must be tensors: this model takes no texts, because it has no input " + IDS;
    }
    if (tokenizer.isEmpty()) {
      return "must be tensors, because this model has no tokenizer: put its tokenizer.json beside it, or name it in the"
          + " artifact's label 'tokenizer', to send texts";
    }
    if (!KNOWN.containsAll(names)) {
      return "must be tensors: this model takes more than texts, " + String.join(", ", names);
    }
    if (model.inputs().stream().anyMatch(input -> !isInteger(input.datatype()))) {
      return "must be tensors: this model takes its tokens in a type that is not INT64 or INT32";
    }
    TensorSpec output = vector(model).orElse(model.outputs().get(0));
    if (output.name().equals("logits") && output.shape().size() == 3) {
      return "must be tensors: this model answers for each token, not for a text";
    }
    return "";
  }

  private static boolean isInteger(Datatype datatype) {
    return datatype == Datatype.INT64 || datatype == Datatype.INT32;
  }

  private static Optional<TensorSpec> vector(TensorModel model) {
    return model.outputs().stream()
        .filter(output -> output.name().equals(VECTOR))
        .findFirst();
  }

  /** The model's own vector; or else the output that is pooled, if something says how; or else its first. */
  private static TensorSpec output(TensorModel model, TextSettings settings) {
    Optional<TensorSpec> own = settings.isPoolingLabelled() ? Optional.empty() : vector(model);
    Optional<TensorSpec> ofTokens = settings.poolingSource().equals(TextSettings.DEFAULT)
        ? Optional.empty()
        : model.outputs().stream()
            .filter(output -> output.shape().size() == 3)
            .min(Comparator.comparing(output -> !TOKENS.contains(output.name())));
    return own.or(() -> ofTokens).orElse(model.outputs().get(0));
  }

  private static boolean isVector(TensorSpec output) {
    // An exporter may leave out the shape, and the name says what it is.
    return output.shape().size() == 2
        || (output.shape().isEmpty() && output.name().equals(VECTOR));
  }

  /** {@return the name of the output that is the vector of a text, or is pooled to it} */
  public String outputName() {
    return output.name();
  }

  /** {@return the length of a text's vector; empty if the model leaves it open} */
  public OptionalInt width() {
    int rank = output.shape().size();
    long width = rank < 2 ? -1 : output.shape().get(rank - 1);
    long all = isVector(output) ? width : width * settings.pooling().size();
    return width < 0 || all > Integer.MAX_VALUE ? OptionalInt.empty() : OptionalInt.of((int) all);
  }

  /** {@return what becomes of a text} */
  public TextDescription description() {
    boolean own = isVector(output);
    return new TextDescription(
        own
            ? TextSettings.MODEL
            : settings.pooling().stream().map(Pooling::id).collect(Collectors.joining("+")),
        own ? TextSettings.MODEL : settings.poolingSource(),
        normalizes(own),
        tokenizer.limit(),
        settings.prompt(),
        "");
  }

  private boolean normalizes(boolean own) {
    return settings.normalizes().orElse(!own);
  }

  /**
   * {@return the model's output for one text, with a first dimension of 1}
   *
   * @param index the position of the text in the request
   * @param usage the usage of the request's texts, to which this one's is added
   */
  public Tensor run(String text, int index, TextUsage usage, Call call) {
    Tokenizer.Tokens tokens = longTexts.encode(prepared(text), call);
    List<Tensor> tensors = tensors(inputs, tokens);
    RawTensors.checkFit(
        call, "inputs", usage.add(index, tokens, RawTensors.size(tensors)), failures);
    Tensor answer = model.run(tensors, List.of(output.name()), call).get(0);
    long[] shape = answer.shape();
    if (shape.length == 3
        && shape[1] == tokens.mask().length
        && answer.datatype() == Datatype.FP32) {
      return pooled(answer, counted(tokens.mask()));
    }
    if (shape.length == 2) {
      return normalizes(true) && answer.datatype() == Datatype.FP32
          ? normalized(answer.name(), answer.floats().clone())
          : answer;
    }
    throw failures.failure(
        ErrorKind.MODEL_FAILED,
        "Model '" + call.model() + "' returned no vector for a text, but " + answer.datatype()
            + " with "
            + answer.shape().length + " dimensions as its output '" + output.name()
            + "': send tensors instead of texts, or export it with its pooling");
  }

  private String prepared(String text) {
    String whole = settings.prompt() + text;
    return settings.isLowerCase() ? whole.toLowerCase(Locale.ROOT) : whole;
  }

  /** The mask of the tokens that count in the pooling. */
  private long[] counted(long[] mask) {
    if (promptTokens == 0) {
      return mask;
    }
    long[] counted = mask.clone();
    Arrays.fill(counted, 0, Math.min(promptTokens, counted.length), 0);
    return counted;
  }

  /** {@return a tensor for each input of a model of token ids} */
  static List<Tensor> tensors(List<TensorSpec> inputs, Tokenizer.Tokens tokens) {
    List<Tensor> tensors = new ArrayList<>();
    for (TensorSpec input : inputs) {
      tensors.add(tensor(
          input,
          switch (input.name()) {
            case IDS -> tokens.ids();
            case MASK -> tokens.mask();
            default -> tokens.types();
          }));
    }
    return tensors;
  }

  private static Tensor tensor(TensorSpec input, long[] values) {
    long[] shape = {1, values.length};
    if (input.datatype() == Datatype.INT64) {
      return Tensor.of(input.name(), Datatype.INT64, shape, values);
    }
    int[] ints = new int[values.length];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = (int) values[i];
    }
    return Tensor.of(input.name(), Datatype.INT32, shape, ints);
  }

  private Tensor pooled(Tensor answer, long[] mask) {
    float[] hidden = answer.floats();
    int width = (int) answer.shape()[2];
    List<Pooling> kinds = settings.pooling();
    float[] vector = new float[kinds.size() * width];
    boolean normalizes = normalizes(false);
    if (normalizes && kinds.equals(List.of(Pooling.MEAN))) {
      // The mean's divisor is one of the length's, too.
      Pooling.sum(hidden, width, mask, false, vector, 0);
      return normalized(answer.name(), vector);
    }
    for (int i = 0; i < kinds.size(); i++) {
      kinds.get(i).pool(hidden, width, mask, vector, i * width);
    }
    return normalizes
        ? normalized(answer.name(), vector)
        : Tensor.of(answer.name(), Datatype.FP32, new long[] {1, vector.length}, vector);
  }

  private static Tensor normalized(String name, float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    float length = (float) Math.max(Math.sqrt(squares), SHORTEST);
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= length;
    }
    return Tensor.of(name, Datatype.FP32, new long[] {1, vector.length}, vector);
  }
}
