package io.fairlead.language;

import io.fairlead.grammar.Problems;

/**
 * The tokens of one answer, as the model's container counts them.
 *
 * @param prompt the tokens of the request, 0 or more
 * @param completion the tokens of the answer, 0 or more
 */
public record TokenUsage(int prompt, int completion) {
  public TokenUsage {
    Problems.in("TokenUsage")
        .check(prompt >= 0, "prompt", "must be 0 or more", prompt)
        .check(completion >= 0, "completion", "must be 0 or more", completion)
        .throwIfAny();
  }

  /** {@return the tokens of both} */
  public int total() {
    return prompt + completion;
  }
}
