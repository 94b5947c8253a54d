package io.fairlead.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.grammar.Problems;
import io.fairlead.language.ChatJson;
import io.fairlead.language.ChatResponse;
import io.fairlead.language.TextPieces;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.UUID;
import java.util.function.Consumer;

/** A chat in JSON, from its request to the last event of its response. */
final class ChatExchange {
  private static final String JSON = "application/json";
  private static final String EVENTS = "text/event-stream";
  private static final byte[] DATA = "data: ".getBytes(UTF_8);
  private static final byte[] END = "\n\n".getBytes(UTF_8);
  private static final byte[] DONE = "[DONE]".getBytes(UTF_8);
  /** The name of a model that was asked without one, and that does not say its own. */
  private static final String NAMELESS = "default";

  private final ChatJson.Received received;
  private final String id = "chatcmpl-" + UUID.randomUUID().toString().replace("-", "");
  private final long created = Instant.now().getEpochSecond();
  private final String model;
  private final StringBuilder text = new StringBuilder();
  private boolean hasBegun;

  private ChatExchange(ChatJson.Received received) {
    this.received = received;
    this.model = received.model().orElse(NAMELESS);
  }

  /**
   * {@return the chat of a request}
   *
   * @throws io.fairlead.grammar.InvalidValueException if it is none
   */
  static ChatExchange of(Request request) {
    String path = request.path().orElse(ChatJson.PATH);
    Problems.in("Request")
        .check(
            path.equals(ChatJson.PATH),
            "path",
            "must be " + ChatJson.PATH + ", because this model answers chats and nothing else",
            path)
        .throwIfAny();
    return new ChatExchange(ChatJson.read(request.bodyUnsafe()));
  }

  Response answer(ChatModelHandler handler, Consumer<? super ByteBuffer> pieces) throws Exception {
    StringBuilder whole = new StringBuilder();
    TextPieces mended = new TextPieces(
        received.isStreaming()
            ? piece -> pieces.accept(ByteBuffer.wrap(event(piece)))
            : whole::append);
    ChatResponse answer = handler.chat(received.request(), piece -> {
      text.append(piece);
      mended.accept(piece);
    });
    if (answer == null) {
      throw new IllegalStateException("the handler returned null instead of a ChatResponse");
    }
    mended.accept(rest(answer));
    mended.end();
    return received.isStreaming()
        ? Response.ofUnsafe(end(answer), EVENTS)
        : Response.ofUnsafe(
            ChatJson.whole(
                answer.withText(whole.toString()), id, created, answer.model().orElse(model)),
            JSON);
  }

  /** What has not come as a piece. */
  private String rest(ChatResponse answer) {
    if (answer.text().isEmpty()) {
      return "";
    }
    if (!answer.text().startsWith(text.toString())) {
      throw new IllegalStateException(
          "the text of the response does not begin with its pieces: return the whole text, or none");
    }
    return answer.text().substring(text.length());
  }

  /** An event with a piece of the text, behind the one that begins the response. */
  private byte[] event(String piece) {
    ByteArrayOutputStream events = new ByteArrayOutputStream();
    begin(events);
    write(events, ChatJson.piece(piece, id, created, model));
    return events.toByteArray();
  }

  /** Not before there is something to say: a failure before that is an ordinary error. */
  private void begin(ByteArrayOutputStream events) {
    if (!hasBegun) {
      hasBegun = true;
      write(events, ChatJson.begin(id, created, model));
    }
  }

  private byte[] end(ChatResponse answer) {
    ByteArrayOutputStream events = new ByteArrayOutputStream();
    begin(events);
    write(events, ChatJson.end(answer, id, created, model));
    if (received.wantsUsage() && answer.usage().isPresent()) {
      write(events, ChatJson.usage(answer.usage().get(), id, created, model));
    }
    write(events, DONE);
    return events.toByteArray();
  }

  private static void write(ByteArrayOutputStream events, byte[] data) {
    events.writeBytes(DATA);
    events.writeBytes(data);
    events.writeBytes(END);
  }
}
