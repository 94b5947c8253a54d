package io.fairlead.springai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClientImpl;
import com.openai.core.http.HttpResponseFor;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import io.fairlead.contract.OpenAiServer;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.TrafficWeight;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.document.MetadataMode;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.openai.OpenAiEmbeddingModel;
import org.springframework.ai.openai.OpenAiEmbeddingOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.function.FunctionToolCallback;

/** Spring AI's models of OpenAI's protocol, over a model in this JVM. */
class ModelsTest {
  private final OpenAiServer server = new OpenAiServer();
  private final Local local = new Local(server::stream);

  @AfterEach
  void close() {
    local.close();
  }

  private static String text(ChatResponse response) {
    return Objects.requireNonNull(response.getResult()).getOutput().getText();
  }

  @Test
  void aChatModelAnswersWithItsUsage() {
    ChatResponse response = local.chat().call(new Prompt("Grüße \uD83D\uDE00 and \"quotes\""));

    assertThat(text(response)).isEqualTo("Grüße \uD83D\uDE00 and \"quotes\"");
    assertThat(response.getMetadata().getUsage().getPromptTokens()).isEqualTo(7);
    assertThat(response.getMetadata().getUsage().getCompletionTokens()).isEqualTo(5);
    assertThat(response.getMetadata().getModel()).isEqualTo("echo");
  }

  @Test
  void aRequestHasThePathAndTheTimeoutAndNoKey() {
    local
        .chat()
        .call(new Prompt(
            "hello",
            OpenAiChatOptions.builder()
                .model("echo")
                .timeout(Duration.ofSeconds(7))
                .build()));

    assertThat(server.asked()).singleElement().satisfies(request -> {
      assertThat(request.path()).hasValue("/v1/chat/completions");
      assertThat(request.timeout()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(7));
      assertThat(request.contentType()).isEqualTo("application/json");
      assertThat(request.text()).doesNotContain("not-sent");
    });
  }

  @Test
  void withoutATimeoutTheLimitIsTheLibrarysOrADay() {
    variant(new OpenAIClientImpl(local.options()));
    variant(new OpenAIClientImpl(local.client().options().timeout(Duration.ZERO).build()));

    assertThat(server.asked().get(0).timeout())
        .isBetween(Duration.ofMinutes(9), Duration.ofMinutes(10));
    assertThat(server.asked().get(1).timeout()).isBetween(Duration.ofHours(23), Duration.ofDays(1));
  }

  private record City(String city) {}

  @Test
  void aToolIsCalledAndItsAnswerIsTold() {
    ToolCallback weather = FunctionToolCallback.builder("weather", (City city) -> "rain")
        .inputType(City.class)
        .build();
    OpenAiChatModel model = local.chat();
    Message question = new UserMessage("How is the weather?");

    AssistantMessage call = Objects.requireNonNull(model
            .call(new Prompt(
                List.of(question),
                OpenAiChatOptions.builder()
                    .model("echo")
                    .toolCallbacks(List.of(weather))
                    .build()))
            .getResult())
        .getOutput();
    AssistantMessage.ToolCall tool = call.getToolCalls().get(0);
    ChatResponse answer = model.call(new Prompt(List.of(
        question,
        call,
        ToolResponseMessage.builder()
            .responses(
                List.of(new ToolResponseMessage.ToolResponse(tool.id(), tool.name(), "rain")))
            .build())));

    assertThat(tool.name()).isEqualTo("weather");
    assertThat(tool.arguments()).isEqualTo("{\"city\":\"Ulm\"}");
    assertThat(text(answer)).isEqualTo("The tool says: rain");
    assertThat(server.bodies().get(1).at("/messages/2/tool_call_id").asText()).isEqualTo("call-1");
  }

  @Test
  void aSchemaGoesToTheServer() {
    String schema = "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}";

    ChatResponse response = local
        .chat()
        .call(new Prompt(
            "Which city?",
            OpenAiChatOptions.builder().model("echo").outputSchema(schema).build()));

    assertThat(text(response)).isEqualTo("{\"city\":\"Ulm\",\"inhabitants\":129942}");
    JsonNode sent = server.bodies().get(0);
    assertThat(sent.at("/response_format/json_schema/schema/properties").fieldNames())
        .toIterable()
        .containsExactly("city");
  }

  @Test
  void embeddingsComeInTheirOrder() {
    OpenAiEmbeddingModel model = OpenAiEmbeddingModel.builder()
        .openAiClient(new OpenAIClientImpl(local.options()))
        .metadataMode(MetadataMode.EMBED)
        .options(OpenAiEmbeddingOptions.builder().model("lengths").build())
        .build();

    assertThat(model.embed(List.of("four", "sixteen")))
        .containsExactly(new float[] {4, 0.25f}, new float[] {7, 0.25f});
    assertThat(server.asked())
        .singleElement()
        .satisfies(request -> assertThat(request.path()).hasValue("/v1/embeddings"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 7, 1000})
  void aStreamIsTheSameHoweverItIsCut(int pieceSize) {
    server.pieceSize(pieceSize);

    List<String> parts = local.chat().stream(new Prompt("one two \uD83D\uDE00 漢字"))
        .mapNotNull(response -> response.getResult() == null ? null : text(response))
        .filter(part -> !part.isEmpty())
        .collectList()
        .block(Local.LIMIT);

    assertThat(parts).containsExactly("one ", "two ", "\uD83D\uDE00 ", "漢字");
  }

  @Test
  void aHundredChatsFollowTheTrafficExactly() {
    Endpoint green = local.deploy("green");
    local
        .platform
        .route(local.blue.at(100), green.at(0), TrafficWeight.percent(10))
        .await(Local.LIMIT);
    OpenAIClientImpl client = new OpenAIClientImpl(local.options());

    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < 100; i++) {
      counts.merge(variant(client), 1, Integer::sum);
    }

    assertThat(counts).containsExactly(Map.entry("blue", 90), Map.entry("green", 10));
  }

  @Test
  void aRequestMayBePinnedToAVariant() {
    local.deploy("green");

    assertThat(variant(new OpenAIClientImpl(local
            .client()
            .withRequest(request -> request.pinnedTo("green"))
            .options()
            .build())))
        .isEqualTo("green");
  }

  private static String variant(OpenAIClientImpl client) {
    try (HttpResponseFor<ChatCompletion> response = client
        .chat()
        .completions()
        .withRawResponse()
        .create(ChatCompletionCreateParams.builder()
            .model("echo")
            .addUserMessage("hello")
            .build())) {
      return response.headers().values(FairleadHttpClient.VARIANT).get(0);
    }
  }
}
