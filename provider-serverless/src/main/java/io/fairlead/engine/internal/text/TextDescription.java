package io.fairlead.engine.internal.text;

/**
 * The description of what becomes of a model's texts.
 *
 * @param pooling the kinds of pooling, joined by {@code +}; {@code model} if the model itself makes a vector
 * @param poolingSource what says so: a file beside the model, {@code label}, {@code model}, or {@code default}
 * @param normalized whether vectors are normalized to length 1 here
 * @param maxTokens the number of tokens of a text that the model sees; what follows is cut off
 * @param prompt the text that is put before each text; empty for none
 * @param activation what makes the score of a pair of texts from a cross-encoder's logit; empty for any other model
 */
public record TextDescription(
    String pooling,
    String poolingSource,
    boolean normalized,
    int maxTokens,
    String prompt,
    String activation) {
  /** {@return this description with an activation} */
  public TextDescription withActivation(String newActivation) {
    return new TextDescription(
        pooling, poolingSource, normalized, maxTokens, prompt, newActivation);
  }
}
