package io.fairlead.language;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * What a language model has answered.
 *
 * @param text the text, which does not appear in {@link #toString()}
 * @param finish why it ended
 * @param usage the tokens, if the container tells them
 * @param model the name that the container gives its model, if it tells it
 * @param variant the variant that answered; empty where there are no variants
 */
public record ChatResponse(
    String text,
    FinishReason finish,
    Optional<TokenUsage> usage,
    Optional<String> model,
    Optional<String> variant) {
  public ChatResponse {
    requireNonNull(text, "text");
    requireNonNull(finish, "finish");
    requireNonNull(usage, "usage");
    requireNonNull(model, "model");
    requireNonNull(variant, "variant");
  }

  /** {@return a complete answer of which no more is known} */
  public static ChatResponse of(String text) {
    return new ChatResponse(
        text, FinishReason.STOP, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** {@return a copy with its text, such as the whole of what was streamed} */
  public ChatResponse withText(String newText) {
    return new ChatResponse(newText, finish, usage, model, variant);
  }

  public ChatResponse withFinish(FinishReason newFinish) {
    return new ChatResponse(text, newFinish, usage, model, variant);
  }

  public ChatResponse withUsage(TokenUsage newUsage) {
    return new ChatResponse(text, finish, Optional.of(newUsage), model, variant);
  }

  ChatResponse servedBy(Optional<String> newVariant) {
    return new ChatResponse(text, finish, usage, model, newVariant);
  }

  @Override
  public String toString() {
    return "ChatResponse[" + text.length() + " characters, " + finish.id()
        + usage.map(tokens -> ", " + tokens.total() + " tokens").orElse("")
        + variant.map(name -> ", by " + name).orElse("") + "]";
  }
}
