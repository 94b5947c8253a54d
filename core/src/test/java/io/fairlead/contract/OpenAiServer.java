package io.fairlead.contract;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * A server of OpenAI's protocol as vLLM is one, with a model that repeats what it is told: chat, with tools and schemas,
 * as a whole and as server-sent events, and embeddings.
 *
 * <p>As at vLLM's route for SageMaker, a request is told from another by its body; where it has a path, that must fit.
 */
public final class OpenAiServer {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<Request> asked = new CopyOnWriteArrayList<>();
  private int pieceSize;

  /** Cuts streaming answers into pieces of so many bytes, wherever that is; 0 for an event each. */
  public void pieceSize(int bytes) {
    pieceSize = bytes;
  }

  /** {@return the requests so far} */
  public List<Request> asked() {
    return asked;
  }

  /** {@return the bodies of the requests so far} */
  public List<JsonNode> bodies() {
    return asked.stream().map(request -> tree(request.body())).toList();
  }

  /** Answers a request as a model of {@code local} does. */
  public Response stream(Request request, Consumer<? super ByteBuffer> pieces) {
    asked.add(request);
    JsonNode body = tree(request.bodyUnsafe());
    String path = body.has("messages") ? "/v1/chat/completions" : "/v1/embeddings";
    if (!request.path().orElse(path).equals(path)) {
      throw new IllegalArgumentException("no such route: " + request.path());
    }
    byte[] answer = answer(request.bodyUnsafe());
    if (!isStreaming(body)) {
      return Response.of(answer, "application/json");
    }
    int from = 0;
    while (from < answer.length) {
      int to = pieceSize > 0 ? Math.min(answer.length, from + pieceSize) : endOfEvent(answer, from);
      pieces.accept(ByteBuffer.wrap(answer, from, to - from));
      from = to;
    }
    return Response.of(new byte[0], "text/event-stream; charset=utf-8");
  }

  /** {@return the whole answer to a body: JSON, or server-sent events if it asks to stream} */
  public static byte[] answer(byte[] body) {
    JsonNode request = tree(body);
    if (request.has("messages")) {
      return (isStreaming(request) ? events(request) : whole(request).toString()).getBytes(UTF_8);
    }
    return embeddings(request).toString().getBytes(UTF_8);
  }

  /** {@return whether a body asks to stream} */
  public static boolean isStreaming(byte[] body) {
    return isStreaming(tree(body));
  }

  private static boolean isStreaming(JsonNode body) {
    return body.path("stream").asBoolean();
  }

  private static int endOfEvent(byte[] bytes, int from) {
    for (int i = from; i < bytes.length - 1; i++) {
      if (bytes[i] == '\n' && bytes[i + 1] == '\n') {
        return i + 2;
      }
    }
    return bytes.length;
  }

  private static JsonNode tree(byte[] json) {
    try {
      return JSON.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // ---- chat ----

  /** {@return the model's message: a call of the first tool, the answer of one, an object of the schema, or an echo} */
  private static ObjectNode message(JsonNode request) {
    JsonNode messages = request.get("messages");
    JsonNode last = messages.get(messages.size() - 1);
    ObjectNode message = JSON.createObjectNode().put("role", "assistant");
    if (last.path("role").asText().equals("tool")) {
      return message.put("content", "The tool says: " + text(last));
    }
    if (!request.path("tools").isEmpty()) {
      message.putNull("content");
      message
          .putArray("tool_calls")
          .addObject()
          .put("id", "call-1")
          .put("type", "function")
          .putObject("function")
          .put("name", request.at("/tools/0/function/name").asText())
          .put("arguments", "{\"city\":\"Ulm\"}");
      return message;
    }
    if (request.at("/response_format/type").asText().equals("json_schema")) {
      return message.put("content", "{\"city\":\"Ulm\",\"inhabitants\":129942}");
    }
    return message.put("content", text(last));
  }

  private static String text(JsonNode message) {
    JsonNode content = message.path("content");
    return content.isArray() ? content.path(0).path("text").asText() : content.asText();
  }

  private static ObjectNode answer(JsonNode request, String object) {
    return JSON.createObjectNode()
        .put("id", "chatcmpl-1")
        .put("object", object)
        .put("created", 1_764_460_800)
        .put("model", request.path("model").asText());
  }

  private static void usage(ObjectNode answer) {
    answer
        .putObject("usage")
        .put("prompt_tokens", 7)
        .put("completion_tokens", 5)
        .put("total_tokens", 12);
  }

  private static String finish(JsonNode message) {
    return message.has("tool_calls") ? "tool_calls" : "stop";
  }

  private static ObjectNode whole(JsonNode request) {
    ObjectNode message = message(request);
    ObjectNode answer = answer(request, "chat.completion");
    answer
        .putArray("choices")
        .addObject()
        .put("index", 0)
        .put("finish_reason", finish(message))
        .putNull("logprobs")
        .set("message", message);
    usage(answer);
    return answer;
  }

  private static String events(JsonNode request) {
    ObjectNode message = message(request);
    List<ObjectNode> deltas = new ArrayList<>();
    deltas.add(JSON.createObjectNode().put("role", "assistant").put("content", ""));
    if (message.has("tool_calls")) {
      ObjectNode call = (ObjectNode) message.at("/tool_calls/0");
      call.put("index", 0);
      String arguments = call.at("/function/arguments").asText();
      ((ObjectNode) call.get("function")).put("arguments", "");
      deltas.add((ObjectNode) JSON.createObjectNode().set("tool_calls", message.get("tool_calls")));
      for (String part : List.of(arguments.substring(0, 4), arguments.substring(4))) {
        ObjectNode delta = JSON.createObjectNode();
        delta
            .putArray("tool_calls")
            .addObject()
            .put("index", 0)
            .putObject("function")
            .put("arguments", part);
        deltas.add(delta);
      }
    } else {
      for (String word : message.get("content").asText().split("(?<= )", -1)) {
        deltas.add(JSON.createObjectNode().put("content", word));
      }
    }
    StringBuilder events = new StringBuilder();
    for (ObjectNode delta : deltas) {
      events.append(event(chunk(request, delta, null)));
    }
    events.append(event(chunk(request, JSON.createObjectNode(), finish(message))));
    if (request.at("/stream_options/include_usage").asBoolean()) {
      ObjectNode last = answer(request, "chat.completion.chunk");
      last.putArray("choices");
      usage(last);
      events.append(event(last));
    }
    return events.append("data: [DONE]\n\n").toString();
  }

  private static ObjectNode chunk(JsonNode request, ObjectNode delta, String finish) {
    ObjectNode chunk = answer(request, "chat.completion.chunk");
    chunk
        .putArray("choices")
        .addObject()
        .put("index", 0)
        .put("finish_reason", finish)
        .set("delta", delta);
    return chunk;
  }

  private static String event(ObjectNode data) {
    return "data: " + data + "\n\n";
  }

  // ---- embeddings ----

  private static ObjectNode embeddings(JsonNode request) {
    JsonNode input = request.get("input");
    ObjectNode answer = JSON.createObjectNode().put("object", "list");
    ArrayNode data = answer.putArray("data");
    for (JsonNode text : input.isArray() ? input : JSON.createArrayNode().add(input)) {
      float[] vector = {text.asText().length(), 0.25f};
      ObjectNode one = data.addObject().put("object", "embedding").put("index", data.size() - 1);
      if (request.path("encoding_format").asText().equals("base64")) {
        ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putFloat(vector[0]).putFloat(vector[1]);
        one.put("embedding", Base64.getEncoder().encodeToString(bytes.array()));
      } else {
        one.putArray("embedding").add(vector[0]).add(vector[1]);
      }
    }
    answer.put("model", request.path("model").asText());
    answer.putObject("usage").put("prompt_tokens", 3).put("total_tokens", 3);
    return answer;
  }
}
