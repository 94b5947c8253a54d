package io.fairlead.language;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.ServerMessage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads one answer of a chat, whether it comes as server-sent events or as one document, and passes on the text.
 *
 * <p>A platform that cannot stream, and a container that was not asked to, answer with one document: an answer whose first
 * character is a brace.
 */
final class ChatReader {
  private static final String DONE = "[DONE]";

  private final String platform;
  private final String served;
  private final StringBuilder text = new StringBuilder();
  private final TextPieces pieces;
  private final ServerSentEvents events = new ServerSentEvents(this::event);
  private final ByteArrayOutputStream document = new ByteArrayOutputStream();
  private boolean isDocument;
  private boolean hasBegun;
  private boolean isDone;
  private @Nullable FinishReason finish;
  private Optional<TokenUsage> usage = Optional.empty();
  private Optional<String> model = Optional.empty();

  /**
   * Creates a reader.
   *
   * @param platform the id of the platform, for failures
   * @param served the name of the model, for failures
   * @param pieces receives the text as it comes
   */
  ChatReader(String platform, String served, Consumer<? super String> pieces) {
    this.platform = platform;
    this.served = served;
    this.pieces = new TextPieces(piece -> {
      text.append(piece);
      pieces.accept(piece);
    });
  }

  void read(ByteBuffer piece) {
    while (!hasBegun && piece.hasRemaining()) {
      byte first = piece.get(piece.position());
      if (Character.isWhitespace(first)) {
        piece.get();
      } else {
        hasBegun = true;
        isDocument = first == '{';
      }
    }
    if (isDocument) {
      byte[] bytes = new byte[piece.remaining()];
      piece.get(bytes);
      document.writeBytes(bytes);
    } else {
      events.read(piece);
    }
  }

  /**
   * {@return the answer, at its end}
   *
   * @throws ServingException if it is not complete, is an error, or has another form
   */
  ChatResponse end(Optional<String> variant) {
    if (isDocument) {
      document(parsed(document.toByteArray()));
    } else if (!hasBegun) {
      throw failure("answered with an empty body", null);
    } else if (finish == null && !isDone) {
      throw new ServingException(
          platform,
          ErrorKind.UNAVAILABLE,
          "The answer of model '" + served + "' stopped after " + text.length()
              + " characters, before its end: ask again, or use what has come");
    }
    pieces.end();
    return new ChatResponse(
        text.toString(), finish == null ? FinishReason.OTHER : finish, usage, model, variant);
  }

  private void event(String data) {
    if (isDone) {
      return;
    }
    if (data.strip().equals(DONE)) {
      isDone = true;
      return;
    }
    JsonNode chunk = parsed(data.getBytes(UTF_8));
    JsonNode choice = choice(chunk);
    pieces.accept(choice.path("delta").path("content").asText(""));
    facts(chunk, choice);
  }

  private void document(JsonNode answer) {
    JsonNode choice = choice(answer);
    JsonNode message = choice.path("message");
    if (!message.isObject()) {
      throw failure(
          "answered with a JSON object that has no choices[0].message, which is no answer to a chat: is its container"
              + " one for chats, such as vLLM's",
          null);
    }
    pieces.accept(message.path("content").asText(""));
    facts(answer, choice);
  }

  private JsonNode choice(JsonNode answer) {
    JsonNode error = answer.path("error");
    if (!error.isMissingNode() && !error.isNull()) {
      String message =
          error.isTextual() ? error.textValue() : error.path("message").asText();
      throw failure(
          "failed" + (text.length() == 0 ? "" : " after " + text.length() + " characters")
              + (message.isEmpty() ? "" : ": " + ServerMessage.quote(message)),
          null);
    }
    return answer.path("choices").path(0);
  }

  private void facts(JsonNode answer, JsonNode choice) {
    String reason = choice.path("finish_reason").asText("");
    if (!reason.isEmpty() && !reason.equals("null")) {
      finish = FinishReason.of(reason);
    }
    usage = ChatJson.usage(answer).or(() -> usage);
    if (answer.path("model").isTextual()) {
      model = Optional.of(answer.path("model").textValue());
    }
  }

  private JsonNode parsed(byte[] json) {
    try {
      JsonNode read = ChatJson.tree(json);
      if (read.isObject()) {
        return read;
      }
      throw failure("answered with JSON that is no object, which is no answer to a chat", null);
    } catch (IOException e) {
      throw failure("answered with something that is no JSON, which is no answer to a chat", e);
    }
  }

  private ServingException failure(String what, @Nullable Throwable cause) {
    return ServingException.builder(
            platform, ErrorKind.MODEL_FAILED, "Model '" + served + "' " + what)
        .cause(cause)
        .build();
  }
}
