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
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The text input of a model of token ids.
 *
 * <p>Each text is run alone: with dynamic quantisation, the result for a text depends on the others in its batch.
 *
 * <p>An output of the shape (batch, tokens, n) is pooled to one vector as in sentence-transformers: the mean over the
 * tokens without padding, normalized to length 1. An output of the shape (batch, n) is returned unchanged. A model with
 * another kind of pooling has to be exported with it.
 */
public final class TextInput {
  public static final String IDS = "input_ids";
  private static final String MASK = "attention_mask";
  private static final String TYPES = "token_type_ids";
  private static final Set<String> KNOWN = Set.of(IDS, MASK, TYPES);
  private static final String VECTOR = "sentence_embedding";
  // The minimum divisor, as in sentence-transformers.
  private static final double SHORTEST = 1e-12;

  private final TensorModel model;
  private final Tokenizer tokenizer;
  private final Failures failures;
  private final List<TensorSpec> inputs;
  private final String output;

  private TextInput(TensorModel model, Tokenizer tokenizer, Failures failures) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.failures = failures;
    this.inputs = model.inputs();
    this.output = output(model).name();
  }

  /** {@return the text input of a model; empty if {@link #refusal} has a reason} */
  public static Optional<TextInput> of(
      TensorModel model, Optional<Tokenizer> tokenizer, Failures failures) {
    return refusal(model, tokenizer).isEmpty()
        ? Optional.of(new TextInput(model, tokenizer.orElseThrow(), failures))
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
    TensorSpec output = output(model);
    if (output.name().equals("logits") && output.shape().size() == 3) {
      return "must be tensors: this model answers for each token, not for a text";
    }
    return "";
  }

  private static boolean isInteger(Datatype datatype) {
    return datatype == Datatype.INT64 || datatype == Datatype.INT32;
  }

  private static TensorSpec output(TensorModel model) {
    List<TensorSpec> outputs = model.outputs();
    return outputs.stream()
        .filter(candidate -> candidate.name().equals(VECTOR))
        .findFirst()
        .orElse(outputs.get(0));
  }

  /** {@return the model's output for one text, with a first dimension of 1} */
  public Tensor run(String text, Call call) {
    Tokenizer.Tokens tokens = tokenizer.encode(text);
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
    RawTensors.checkFit(call, "inputs", tensors, failures);
    Tensor answer = model.run(tensors, List.of(output), call).get(0);
    if (answer.shape().length == 3 && answer.datatype() == Datatype.FP32) {
      return pooled(answer, tokens.mask());
    }
    if (answer.shape().length == 2) {
      return answer;
    }
    throw failures.failure(
        ErrorKind.MODEL_FAILED,
        "Model '" + call.model() + "' returned no vector for a text, but " + answer.datatype()
            + " with "
            + answer.shape().length + " dimensions as its output '" + output
            + "': send tensors instead of texts, or export it with its pooling");
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

  private static Tensor pooled(Tensor answer, long[] mask) {
    float[] hidden = answer.floats();
    int tokens = (int) answer.shape()[1];
    int width = (int) answer.shape()[2];
    float[] vector = new float[width];
    for (int token = 0; token < tokens; token++) {
      if (mask[token] != 0) {
        for (int i = 0, at = token * width; i < width; i++) {
          vector[i] += hidden[at + i];
        }
      }
    }
    // The mean's divisor is one of the length's, too.
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    float length = (float) Math.max(Math.sqrt(squares), SHORTEST);
    for (int i = 0; i < width; i++) {
      vector[i] /= length;
    }
    return Tensor.of(answer.name(), Datatype.FP32, new long[] {1, width}, vector);
  }
}
