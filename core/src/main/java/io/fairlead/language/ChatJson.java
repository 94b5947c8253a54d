package io.fairlead.language;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problem;
import io.fairlead.grammar.Problems;
import io.fairlead.json.internal.JsonTrees;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The JSON of chats in OpenAI's API, for both sides: requests, answers, and the pieces of a streamed answer.
 *
 * <p>The format is that of {@code POST /v1/chat/completions} in OpenAI's API reference, as far as the servers of language
 * models share it.
 */
public final class ChatJson {
  /** The path of the chats of a container that has one for each kind of request. */
  public static final String PATH = "/v1/chat/completions";

  private static final String MAX_TOKENS = "max_tokens";
  private static final String MAX_COMPLETION_TOKENS = "max_completion_tokens";
  private static final String TOP_P = "top_p";
  private static final String FREQUENCY_PENALTY = "frequency_penalty";
  private static final String PRESENCE_PENALTY = "presence_penalty";
  private static final Set<String> KNOWN = Set.of(
      "messages",
      "model",
      "stream",
      "stream_options",
      "n",
      MAX_TOKENS,
      MAX_COMPLETION_TOKENS,
      "temperature",
      TOP_P,
      "stop",
      "seed",
      FREQUENCY_PENALTY,
      PRESENCE_PENALTY);

  private ChatJson() {}

  /** Writes the members of a JSON object. */
  private interface Members {
    void write(JsonGenerator json) throws IOException;
  }

  /**
   * A request, as a server receives it.
   *
   * @param request what is asked
   * @param model the name of the model that it is for, if it has one
   * @param isStreaming whether the answer is to come in pieces
   * @param wantsUsage whether a streamed answer is to end with its tokens
   * @param ignored the names of the members that this package does not read, sorted
   */
  public record Received(
      ChatRequest request,
      Optional<String> model,
      boolean isStreaming,
      boolean wantsUsage,
      Set<String> ignored) {}

  // ---- requests ----

  /** {@return the body of a request} */
  static byte[] write(ChatRequest request, Optional<String> model, boolean isStreaming) {
    return object(json -> {
      if (model.isPresent()) {
        json.writeStringField("model", model.get());
      }
      json.writeArrayFieldStart("messages");
      for (ChatMessage message : request.messages()) {
        json.writeStartObject();
        json.writeStringField("role", message.role().id());
        json.writeStringField("content", message.content());
        json.writeEndObject();
      }
      json.writeEndArray();
      writeParameters(json, request);
      if (isStreaming) {
        json.writeBooleanField("stream", true);
        json.writeObjectFieldStart("stream_options");
        json.writeBooleanField("include_usage", true);
        json.writeEndObject();
      }
    });
  }

  private static void writeParameters(JsonGenerator json, ChatRequest request) throws IOException {
    if (request.maxTokens().isPresent()) {
      json.writeNumberField(MAX_TOKENS, request.maxTokens().getAsInt());
    }
    write(json, "temperature", request.temperature());
    write(json, TOP_P, request.topP());
    if (!request.stop().isEmpty()) {
      json.writeArrayFieldStart("stop");
      for (String text : request.stop()) {
        json.writeString(text);
      }
      json.writeEndArray();
    }
    if (request.seed().isPresent()) {
      json.writeNumberField("seed", request.seed().getAsLong());
    }
    write(json, FREQUENCY_PENALTY, request.frequencyPenalty());
    write(json, PRESENCE_PENALTY, request.presencePenalty());
  }

  private static void write(JsonGenerator json, String field, OptionalDouble number)
      throws IOException {
    if (number.isPresent()) {
      json.writeNumberField(field, number.getAsDouble());
    }
  }

  /**
   * {@return the request in a body}
   *
   * @throws InvalidValueException if it is no request for a chat, with each rule that it does not keep
   */
  public static Received read(byte[] body) {
    JsonNode root;
    try {
      root = JsonTrees.read(body);
    } catch (IOException e) {
      throw new InvalidValueException(
          "Request", List.of(new Problem("body", "must be JSON", "")), e);
    }
    Problems problems = Problems.in("Request")
        .check(root.isObject(), "body", "must be a JSON object with messages");
    problems.throwIfAny();
    List<ChatMessage> messages = messages(root.path("messages"), problems);
    JsonNode count = root.path("n");
    problems.check(
        isAbsent(count) || count.asInt() == 1,
        "n",
        "must be 1, because there is one answer",
        count);
    OptionalInt newer = integer(root, MAX_COMPLETION_TOKENS, problems);
    OptionalInt older = integer(root, MAX_TOKENS, problems);
    OptionalInt maxTokens = newer.isPresent() ? newer : older;
    OptionalDouble temperature = number(root, "temperature", problems);
    OptionalDouble topP = number(root, TOP_P, problems);
    List<String> stop = texts(root.path("stop"), problems);
    OptionalLong seed = whole(root, problems);
    OptionalDouble ofFrequency = number(root, FREQUENCY_PENALTY, problems);
    OptionalDouble ofPresence = number(root, PRESENCE_PENALTY, problems);
    JsonNode stream = root.path("stream");
    problems.check(
        isAbsent(stream) || stream.isBoolean(), "stream", "must be true or false", stream);
    JsonNode model = root.path("model");
    problems.check(isAbsent(model) || model.isTextual(), "model", "must be a text", model);
    problems.throwIfAny();
    Set<String> ignored = new TreeSet<>();
    root.fieldNames().forEachRemaining(member -> {
      if (!KNOWN.contains(member) && !isAbsent(root.get(member))) {
        ignored.add(member);
      }
    });
    ChatRequest request;
    try {
      request = new ChatRequest(
          messages, maxTokens, temperature, topP, stop, seed, ofFrequency, ofPresence);
    } catch (InvalidValueException e) {
      throw inTheWordsOfTheApi(e, newer.isPresent() ? MAX_COMPLETION_TOKENS : MAX_TOKENS);
    }
    return new Received(
        request,
        isAbsent(model) ? Optional.empty() : Optional.of(model.textValue()),
        stream.asBoolean(),
        root.path("stream_options").path("include_usage").asBoolean(),
        ignored);
  }

  /** A client knows the members that it sent, and not the fields of {@link ChatRequest}. */
  private static InvalidValueException inTheWordsOfTheApi(
      InvalidValueException e, String maxTokens) {
    Map<String, String> members = Map.of(
        "maxTokens",
        maxTokens,
        "topP",
        TOP_P,
        "frequencyPenalty",
        FREQUENCY_PENALTY,
        "presencePenalty",
        PRESENCE_PENALTY);
    List<Problem> problems = e.problems().stream()
        .map(problem -> new Problem(
            members.getOrDefault(problem.field(), problem.field()),
            problem.rule(),
            problem.value()))
        .toList();
    return new InvalidValueException("Request", problems, e);
  }

  private static boolean isAbsent(JsonNode node) {
    return node.isMissingNode() || node.isNull();
  }

  private static List<ChatMessage> messages(JsonNode array, Problems problems) {
    problems.check(
        array.isArray() && !array.isEmpty(),
        "messages",
        "must be an array of one or more messages");
    List<ChatMessage> messages = new ArrayList<>();
    for (int i = 0; i < array.size(); i++) {
      String field = "messages[" + i + "]";
      Optional<ChatMessage.Role> role = role(array.get(i).path("role").asText());
      problems.check(
          role.isPresent(),
          field + ".role",
          "must be one of system, developer, user, assistant, tool",
          array.get(i).path("role").asText());
      String content = content(array.get(i).path("content"), field + ".content", problems);
      role.ifPresent(known -> messages.add(new ChatMessage(known, content)));
    }
    return messages;
  }

  private static Optional<ChatMessage.Role> role(String id) {
    for (ChatMessage.Role role : ChatMessage.Role.values()) {
      if (role.id().equals(id)) {
        return Optional.of(role);
      }
    }
    return id.equals("developer") ? Optional.of(ChatMessage.Role.SYSTEM) : Optional.empty();
  }

  private static String content(JsonNode content, String field, Problems problems) {
    if (content.isTextual()) {
      return content.textValue();
    }
    StringBuilder joined = new StringBuilder();
    boolean isText = content.isArray();
    for (JsonNode part : content) {
      isText &= part.path("type").asText().equals("text") && part.path("text").isTextual();
      joined.append(part.path("text").asText());
    }
    problems.check(
        isText,
        field,
        "must be a text, or an array of parts of the type text: there are no others here");
    return joined.toString();
  }

  private static List<String> texts(JsonNode stop, Problems problems) {
    List<String> texts = new ArrayList<>();
    boolean isText = isAbsent(stop) || stop.isTextual() || stop.isArray();
    for (JsonNode each : stop) {
      isText &= each.isTextual();
      texts.add(each.asText());
    }
    problems.check(isText, "stop", "must be a text or an array of texts");
    return stop.isTextual() ? List.of(stop.textValue()) : texts;
  }

  private static OptionalInt integer(JsonNode root, String field, Problems problems) {
    JsonNode node = root.path(field);
    boolean fits = node.isIntegralNumber() && node.canConvertToInt();
    problems.check(isAbsent(node) || fits, field, "must be a whole number", node);
    return fits ? OptionalInt.of(node.intValue()) : OptionalInt.empty();
  }

  private static OptionalLong whole(JsonNode root, Problems problems) {
    JsonNode node = root.path("seed");
    boolean fits = node.isIntegralNumber() && node.canConvertToLong();
    problems.check(isAbsent(node) || fits, "seed", "must be a whole number", node);
    return fits ? OptionalLong.of(node.longValue()) : OptionalLong.empty();
  }

  private static OptionalDouble number(JsonNode root, String field, Problems problems) {
    JsonNode node = root.path(field);
    problems.check(isAbsent(node) || node.isNumber(), field, "must be a number", node);
    return node.isNumber() ? OptionalDouble.of(node.doubleValue()) : OptionalDouble.empty();
  }

  // ---- answers ----

  /**
   * {@return the body of a whole answer}
   *
   * @param id the answer's id, such as {@code chatcmpl-7}
   * @param created when it was made, in seconds since 1970
   * @param model the name of the model
   */
  public static byte[] whole(ChatResponse answer, String id, long created, String model) {
    return object(json -> {
      head(json, "chat.completion", id, created, model);
      json.writeArrayFieldStart("choices");
      json.writeStartObject();
      json.writeNumberField("index", 0);
      json.writeObjectFieldStart("message");
      json.writeStringField("role", "assistant");
      json.writeStringField("content", answer.text());
      json.writeEndObject();
      json.writeNullField("logprobs");
      json.writeStringField("finish_reason", reason(answer));
      json.writeEndObject();
      json.writeEndArray();
      if (answer.usage().isPresent()) {
        writeUsage(json, answer.usage().get());
      }
    });
  }

  /** {@return the data of a streamed answer's first event, which says whose text follows} */
  public static byte[] begin(String id, long created, String model) {
    return piece(id, created, model, json -> {
      json.writeStringField("role", "assistant");
      json.writeStringField("content", "");
    });
  }

  /** {@return the data of an event with a piece of the text} */
  public static byte[] piece(String text, String id, long created, String model) {
    return piece(id, created, model, json -> json.writeStringField("content", text));
  }

  private static byte[] piece(String id, long created, String model, Members delta) {
    return chunk(id, created, model, delta, null);
  }

  /** {@return the data of the event that says why the text has ended} */
  public static byte[] end(ChatResponse answer, String id, long created, String model) {
    return chunk(id, created, model, json -> {}, reason(answer));
  }

  private static byte[] chunk(
      String id, long created, String model, Members delta, @Nullable String reason) {
    return object(json -> {
      head(json, "chat.completion.chunk", id, created, model);
      json.writeArrayFieldStart("choices");
      json.writeStartObject();
      json.writeNumberField("index", 0);
      json.writeObjectFieldStart("delta");
      delta.write(json);
      json.writeEndObject();
      json.writeNullField("logprobs");
      json.writeStringField("finish_reason", reason);
      json.writeEndObject();
      json.writeEndArray();
    });
  }

  /** {@return the data of the event with the tokens of a streamed answer, the last before {@code [DONE]}} */
  public static byte[] usage(TokenUsage usage, String id, long created, String model) {
    return object(json -> {
      head(json, "chat.completion.chunk", id, created, model);
      json.writeArrayFieldStart("choices");
      json.writeEndArray();
      writeUsage(json, usage);
    });
  }

  private static String reason(ChatResponse answer) {
    return answer.finish() == FinishReason.OTHER
        ? FinishReason.STOP.id()
        : answer.finish().id();
  }

  private static void head(JsonGenerator json, String object, String id, long created, String model)
      throws IOException {
    json.writeStringField("id", id);
    json.writeStringField("object", object);
    json.writeNumberField("created", created);
    json.writeStringField("model", model);
  }

  private static void writeUsage(JsonGenerator json, TokenUsage usage) throws IOException {
    json.writeObjectFieldStart("usage");
    json.writeNumberField("prompt_tokens", usage.prompt());
    json.writeNumberField("completion_tokens", usage.completion());
    json.writeNumberField("total_tokens", usage.total());
    json.writeEndObject();
  }

  private static byte[] object(Members members) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (JsonGenerator json = JsonTrees.generator(body)) {
      json.writeStartObject();
      members.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return body.toByteArray();
  }

  /** {@return a document of JSON, for the readers of answers} */
  static JsonNode tree(byte[] body) throws IOException {
    return JsonTrees.read(body);
  }

  /** {@return the tokens of an answer or a piece, if it has them} */
  static Optional<TokenUsage> usage(JsonNode answer) {
    JsonNode usage = answer.path("usage");
    int prompt = usage.path("prompt_tokens").asInt(-1);
    int completion = usage.path("completion_tokens").asInt(0);
    return prompt < 0 || completion < 0
        ? Optional.empty()
        : Optional.of(new TokenUsage(prompt, completion));
  }
}
