package io.fairlead.examples;

import io.fairlead.engine.ChatModelHandler;
import io.fairlead.language.ChatRequest;
import io.fairlead.language.ChatResponse;
import java.util.function.Consumer;

/**
 * A chat model without a language model: of the texts that were found for a question it quotes the first, which is
 * the nearest in meaning, in pieces of a word each.
 *
 * <p>It understands the prompt in which LangChain4j puts the question and the texts.
 */
public final class QuotingModel implements ChatModelHandler {
  private static final String FOUND = "Answer using the following information:";

  /** Creates the model; called by the platform for {@code java:io.fairlead.examples.QuotingModel}. */
  public QuotingModel() {}

  @Override
  public ChatResponse chat(ChatRequest question, Consumer<? super String> pieces) {
    String[] parts = question.prompt().orElse("").split(FOUND, 2);
    String quote = parts.length == 1 ? "Nothing was found." : first(parts[1]);
    for (String word : quote.split("(?<= )", -1)) {
      pieces.accept(word);
    }
    return ChatResponse.of("");
  }

  /** {@return the first paragraph that is more than a heading} */
  private static String first(String found) {
    for (String paragraph : found.strip().split("\\n{2,}", -1)) {
      String line = paragraph.strip().replace('\n', ' ');
      if (line.matches(".*[.:?!]")) {
        return line;
      }
    }
    return found.strip();
  }
}
