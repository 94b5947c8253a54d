package io.fairlead.engine;

import io.fairlead.language.ChatRequest;
import io.fairlead.language.ChatResponse;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * A language model as plain Java code, which answers chats.
 *
 * <pre>{@code
 * ChatModelHandler parrot = (question, pieces) -> {
 *   String last = question.messages().get(question.messages().size() - 1).content();
 *   for (String word : last.split("(?<= )", -1)) {
 *     pieces.accept(word);
 *   }
 *   return ChatResponse.of("");
 * };
 * }</pre>
 *
 * <p>It is registered and looked up as any {@link ModelHandler}. Requests and responses are the JSON of {@code POST
 * /v1/chat/completions} in OpenAI's API: a response is server-sent events if its request has {@code "stream": true}, and
 * one JSON object otherwise.
 */
@FunctionalInterface
public interface ChatModelHandler extends StreamingModelHandler {
  /**
   * Answers a chat.
   *
   * @param pieces the consumer of the text's pieces, cut anywhere, to be called on the same thread; it returns when the
   *     next piece may follow. It throws when the caller has gone or the deadline has passed: do not catch that
   * @return why the text ended, and its tokens if they are known; the text of it, if any, is the whole text, of which
   *     the pieces are the beginning
   * @throws Exception any failure, as with {@link ModelHandler#handle}
   */
  ChatResponse chat(ChatRequest question, Consumer<? super String> pieces) throws Exception;

  @Override
  @SuppressWarnings("FunctionalInterfaceMethodChanged") // the same chat, as JSON
  default Response stream(Request request, Consumer<? super ByteBuffer> pieces) throws Exception {
    return ChatExchange.of(request).answer(this, pieces);
  }
}
