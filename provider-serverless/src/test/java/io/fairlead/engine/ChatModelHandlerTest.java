package io.fairlead.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.internal.Models;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.language.ChatRequest;
import io.fairlead.language.ChatResponse;
import io.fairlead.language.FinishReason;
import io.fairlead.language.LanguageModel;
import io.fairlead.language.TokenUsage;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.serverless.Isolation;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessPlatform;
import io.fairlead.serverless.ServerlessProvider;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Java code that answers chats, and the JSON around it. */
@Timeout(120)
final class ChatModelHandlerTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SMILE = "\uD83D\uDE00";
  private static final char HIGH = SMILE.charAt(0);
  private static final char LOW = SMILE.charAt(1);

  private static final ChatModelHandler PARROT = (question, pieces) -> {
    String last = question.messages().get(question.messages().size() - 1).content();
    for (String word : last.split("(?<= )", -1)) {
      pieces.accept(word);
    }
    return ChatResponse.of("").withUsage(new TokenUsage(3, 2));
  };

  private final List<String> events = new ArrayList<>();

  private static Request request(String content, String members) {
    return Request.json("{\"model\":\"parrot\",\"messages\":[{\"role\":\"user\",\"content\":\""
        + content + "\"}]" + members + "}");
  }

  private JsonNode whole(ChatModelHandler handler) throws Exception {
    Response response = handler.handle(request("one two", ""));
    assertThat(response.contentType()).isEqualTo("application/json");
    return JSON.readTree(response.text());
  }

  /** The data of the events, of which each piece has whole ones. */
  private List<String> stream(ChatModelHandler handler, String members) throws Exception {
    Response rest = handler.stream(
        request("one two", ",\"stream\":true" + members),
        piece -> events.add(UTF_8.decode(piece).toString()));
    assertThat(rest.contentType()).isEqualTo("text/event-stream");
    events.add(rest.text());
    List<String> data = new ArrayList<>();
    for (String piece : events) {
      assertThat(piece).startsWith("data: ").endsWith("\n\n");
      for (String event : piece.substring(0, piece.length() - 2).split("\n\n", -1)) {
        data.add(event.substring("data: ".length()));
      }
    }
    return data;
  }

  private static String content(List<String> data) throws IOException {
    StringBuilder content = new StringBuilder();
    for (String event : data) {
      if (event.startsWith("{")) {
        content.append(JSON.readTree(event).at("/choices/0/delta/content").asText(""));
      }
    }
    return content.toString();
  }

  @Test
  void aChatIsAnsweredWithOneObject() throws Exception {
    JsonNode answer = whole(PARROT);

    assertThat(answer.path("object").asText()).isEqualTo("chat.completion");
    assertThat(answer.path("id").asText()).matches("chatcmpl-[0-9a-f]{32}");
    assertThat(answer.path("created").asLong()).isGreaterThan(1_700_000_000);
    assertThat(answer.path("model").asText()).isEqualTo("parrot");
    assertThat(answer.at("/choices/0/message")).isEqualTo(JSON.readTree("""
        {"role": "assistant", "content": "one two"}"""));
    assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    assertThat(answer.path("usage")).isEqualTo(JSON.readTree("""
        {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}"""));
  }

  @Test
  void orWithEventsIfTheRequestSaysSo() throws Exception {
    List<String> data = stream(PARROT, ",\"stream_options\":{\"include_usage\":true}");

    assertThat(events).as("pieces").hasSize(3);
    assertThat(data).hasSize(6).last().isEqualTo("[DONE]");
    assertThat(JSON.readTree(data.get(0)).at("/choices/0/delta/role").asText())
        .isEqualTo("assistant");
    assertThat(JSON.readTree(data.get(1)).at("/choices/0/delta/content").asText())
        .isEqualTo("one ");
    assertThat(JSON.readTree(data.get(2)).at("/choices/0/delta/content").asText())
        .isEqualTo("two");
    assertThat(JSON.readTree(data.get(3)).at("/choices/0/finish_reason").asText())
        .isEqualTo("stop");
    assertThat(JSON.readTree(data.get(4)).at("/usage/total_tokens").asInt()).isEqualTo(5);
    assertThat(data.subList(0, 5))
        .extracting(event -> JSON.readTree(event).path("id").asText())
        .containsOnly(JSON.readTree(data.get(0)).path("id").asText());
  }

  @Test
  void tokensThatAreNotAskedForOrNotKnownAreNotTold() throws Exception {
    assertThat(stream(PARROT, "")).noneMatch(event -> event.contains("usage"));
    events.clear();
    assertThat(stream(
            (question, pieces) -> ChatResponse.of("all").withFinish(FinishReason.LENGTH),
            ",\"stream_options\":{\"include_usage\":true}"))
        .noneMatch(event -> event.contains("\"usage\":"))
        .anyMatch(event -> event.contains("\"finish_reason\":\"length\""));
  }

  @Test
  void aTextWithoutPiecesIsOnePiece() throws Exception {
    ChatModelHandler plain = (question, pieces) -> ChatResponse.of("all at once");

    assertThat(content(stream(plain, ""))).isEqualTo("all at once");
    assertThat(whole(plain).at("/choices/0/message/content").asText()).isEqualTo("all at once");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "one two", "one two three"})
  void whatOfTheWholeTextHasNotComeInPiecesIsTheLast(String text) throws Exception {
    ChatModelHandler both = (question, pieces) -> {
      pieces.accept("one ");
      pieces.accept("two");
      return ChatResponse.of(text);
    };
    String expected = text.isEmpty() ? "one two" : text;

    assertThat(content(stream(both, ""))).isEqualTo(expected);
    assertThat(whole(both).at("/choices/0/message/content").asText()).isEqualTo(expected);
  }

  @Test
  void anotherTextThanItsPiecesIsAMistakeOfTheHandler() {
    ChatModelHandler wrong = (question, pieces) -> {
      pieces.accept("one");
      return ChatResponse.of("two");
    };

    assertThatThrownBy(() -> whole(wrong))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("does not begin with its pieces");
    assertThatThrownBy(() -> whole((question, pieces) -> null))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("returned null");
  }

  /** JSON in UTF-8 has no form for a half of a pair. */
  @Test
  void aCharacterThatIsCutBetweenPiecesComesOutWholeAndAHalfAsAReplacement() throws Exception {
    ChatModelHandler cut = (question, pieces) -> {
      pieces.accept("a" + HIGH);
      pieces.accept(LOW + "b");
      pieces.accept(LOW + "c" + HIGH);
      pieces.accept(HIGH + "d");
      return ChatResponse.of("a" + SMILE + "b" + LOW + "c" + HIGH + HIGH + "d" + HIGH);
    };
    String expected = "a" + SMILE + "b\uFFFDc\uFFFD\uFFFDd\uFFFD";

    assertThat(content(stream(cut, ""))).isEqualTo(expected);
    assertThat(whole(cut).at("/choices/0/message/content").asText()).isEqualTo(expected);
  }

  @Test
  void aFailureBeforeTheFirstPieceComesBeforeAnyEvent() {
    ChatModelHandler broken = (question, pieces) -> {
      throw new IllegalStateException("broken");
    };

    assertThatThrownBy(() -> stream(broken, "")).hasMessage("broken");
    assertThat(events).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/completions", "/v1/embeddings", "/v1/rerank"})
  void whatIsNoChatIsRefused(String path) {
    assertThatThrownBy(() -> PARROT.handle(request("", "").withPath(path)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("this model answers chats")
        .hasMessageContaining(path);
    assertThatThrownBy(() -> PARROT.handle(Request.json("{\"prompt\":\"a\"}")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("messages");
  }

  @Test
  void inThisJvmALanguageModelAsksItAsAnyOther() throws Exception {
    try (ServerlessPlatform platform = new ServerlessProvider()
        .open(ServerlessConfig.DEFAULT
            .withCacheFolder(Models.cacheFolder())
            .withFunction("parrot", PARROT)
            .withFunction("broken", (ChatModelHandler) (question, pieces) -> {
              pieces.accept("half");
              throw new IllegalStateException("broken");
            }))) {
      LanguageModel parrot = LanguageModel.of(platform, deploy(platform, "parrot"));
      List<String> pieces = new ArrayList<>();

      ChatResponse streamed = parrot.chat(ChatRequest.of("one " + SMILE), pieces::add);

      assertThat(pieces).containsExactly("one ", SMILE);
      assertThat(streamed.text()).isEqualTo("one " + SMILE);
      assertThat(streamed.usage()).contains(new TokenUsage(3, 2));
      assertThat(parrot.chat(ChatRequest.of("one two")).text()).isEqualTo("one two");
      // And passes on as a handler what it answers.
      ChatModelHandler passing = parrot::chat;
      assertThat(content(stream(passing, ""))).isEqualTo("one two");
      LanguageModel broken = LanguageModel.of(platform, deploy(platform, "broken"));
      assertThatThrownBy(() -> broken.chat(ChatRequest.of("one"), pieces::add))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED));
    }
  }

  /** As a worker process loads it. */
  public static final class Echo implements ChatModelHandler {
    @Override
    public ChatResponse chat(ChatRequest question, Consumer<? super String> pieces) {
      pieces.accept(question.messages().get(0).content());
      return ChatResponse.of("");
    }
  }

  /** A worker process has no pieces. */
  @Test
  void inAProcessOfItsOwnItsEventsComeAsOnePiece() {
    try (ServerlessPlatform platform = new ServerlessProvider()
        .open(ServerlessConfig.DEFAULT.withCacheFolder(Models.cacheFolder()))) {
      ModelFunction function = platform
          .deploy(
              ModelArtifact.of(URI.create("java:" + Echo.class.getName()))
                  .named("echo")
                  .with(ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS)),
              FunctionLimits.DEFAULT)
          .await(Duration.ofSeconds(60));

      Response response = platform.invoke(
          function, request("one two", ",\"stream\":true").withPath("/v1/chat/completions"));

      assertThat(response.contentType()).isEqualTo("text/event-stream");
      assertThat(response.text()).contains("\"content\":\"one two\"").endsWith("data: [DONE]\n\n");
      assertThat(LanguageModel.of(platform, function)
              .chat(ChatRequest.of("three"), events::add)
              .text())
          .isEqualTo("three");
      assertThat(events).containsExactly("three");
    }
  }

  private static ModelFunction deploy(ServerlessPlatform platform, String name) {
    return platform
        .deploy(ModelArtifact.of(URI.create("java:" + name)).named(name), FunctionLimits.DEFAULT)
        .await(Duration.ofSeconds(30));
  }
}
