package io.fairlead.engine.internal.text;

import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.tensor.RawTensors;
import io.fairlead.error.ErrorKind;
import io.fairlead.grammar.Problems;
import java.util.List;
import java.util.Optional;

/**
 * The scores of pairs of texts by a cross-encoder, which is a model of token ids with one logit for each pair.
 *
 * <p>Each pair is run alone, as each text is for {@link TextInput}. The score is the sigmoid of the logit, unless the
 * model's {@linkplain TextSettings settings} say otherwise.
 */
public final class PairScores {
  private static final String LOGITS = "logits";

  private final TensorModel model;
  private final Tokenizer tokenizer;
  private final LongTexts longTexts;
  private final Failures failures;
  private final List<TensorSpec> inputs;
  private final TensorSpec output;
  private final Activation activation;
  private final boolean declared;
  private final String prompt;

  private PairScores(
      TensorModel model,
      TensorSpec output,
      Tokenizer tokenizer,
      TextSettings settings,
      Failures failures) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.longTexts = new LongTexts(tokenizer, failures);
    this.failures = failures;
    this.inputs = model.inputs();
    this.output = output;
    this.activation = settings.activation();
    this.declared = settings.isCrossEncoder();
    this.prompt = settings.prompt();
  }

  /**
   * {@return the scores of a model; empty if it takes no texts, or does not answer with one logit}
   *
   * @throws io.fairlead.error.ServingException if its files ask for an activation that is not known
   */
  public static Optional<PairScores> of(
      TensorModel model, Optional<Tokenizer> tokenizer, TextSettings settings, Failures failures) {
    TensorSpec output = logits(model).orElse(model.outputs().get(0));
    boolean one = TextInput.refusal(model, tokenizer).isEmpty() && isOne(output, settings);
    if (!one) {
      settings.checkNoActivation();
      return Optional.empty();
    }
    return Optional.of(new PairScores(model, output, tokenizer.orElseThrow(), settings, failures));
  }

  /** {@return the output of a model that has the scores of classes, or of a pair; empty if it has none} */
  public static Optional<TensorSpec> logits(TensorModel model) {
    return model.outputs().stream()
        .filter(output -> output.name().equals(LOGITS) && output.shape().size() == 2)
        .findFirst();
  }

  private static boolean isOne(TensorSpec output, TextSettings settings) {
    if (output.shape().size() != 2) {
      return false;
    }
    long width = output.shape().get(1);
    // An exporter may leave the number of labels open.
    return width == 1 || (width < 0 && output.name().equals(LOGITS) && settings.labels() == 1);
  }

  /** {@return whether the model's files say that it is for pairs, so that its answer to one text has no meaning} */
  public boolean isDeclared() {
    return declared;
  }

  /** {@return why pairs cannot be scored as the model's files ask, as a rule; empty if they can} */
  public String refusal() {
    return prompt.isEmpty()
        ? ""
        : "must not be present: this model has a prompt, which is for single texts: set the artifact's label 'prompt' to"
            + " nothing, to have pairs scored without it";
  }

  /** {@return what makes a score of a logit} */
  public String activation() {
    return activation.id();
  }

  /** {@return the score of a logit} */
  public double score(double logit) {
    return activation.of(logit);
  }

  /**
   * {@return the logit of a pair}
   *
   * @param index the position of the text in the request
   * @param cutsOff whether a pair with too many tokens may be cut off
   * @throws io.fairlead.grammar.InvalidValueException if it must not, and has to be
   */
  public double logit(
      String query, String text, int index, boolean cutsOff, TextUsage usage, Call call) {
    Tokenizer.Tokens tokens =
        tokenizer.encode(longTexts.start(query, call), longTexts.start(text, call));
    Problems.in("Request")
        .check(
            cutsOff || tokens.cutOff() == 0,
            "texts[" + index + "]",
            "must have at most the " + tokenizer.limit()
                + " tokens that the model sees, together with the query, unless truncate is true",
            tokens.ids().length + (long) tokens.cutOff())
        .throwIfAny();
    List<Tensor> tensors = TextInput.tensors(inputs, tokens);
    long size = usage.add(index, tokens, RawTensors.size(tensors));
    RawTensors.checkFit(call, "texts", size, failures);
    Tensor answer = model.run(tensors, List.of(output.name()), call).get(0);
    boolean one = answer.size() == 1
        && (answer.datatype() == Datatype.FP32 || answer.datatype() == Datatype.FP64);
    double logit = !one
        ? Double.NaN
        : answer.datatype() == Datatype.FP32 ? answer.floats()[0] : answer.doubles()[0];
    if (Double.isNaN(logit)) {
      throw failures.failure(
          ErrorKind.MODEL_FAILED,
          "Model '" + call.model() + "' returned no score for a pair of texts, but "
              + (one ? "NaN" : answer.size() + " elements of " + answer.datatype())
              + " as its output '" + output.name() + "'");
    }
    return logit;
  }
}
