package io.fairlead.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiChatResponseMetadata;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.Response;
import io.fairlead.contract.OpenAiServer;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.TrafficWeight;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** LangChain4j's models of OpenAI's protocol, over a model in this JVM. */
class ModelsTest {
  private static final ToolSpecification WEATHER = ToolSpecification.builder()
      .name("weather")
      .parameters(JsonObjectSchema.builder().addStringProperty("city").build())
      .build();

  private final OpenAiServer server = new OpenAiServer();
  private final Local local = new Local(server::stream);

  @AfterEach
  void close() {
    local.close();
  }

  private static OpenAiChatResponseMetadata metadata(ChatResponse response) {
    return (OpenAiChatResponseMetadata) response.metadata();
  }

  private static String variant(ChatResponse response) {
    return metadata(response)
        .rawHttpResponse()
        .headers()
        .get(FairleadHttpClient.VARIANT)
        .get(0);
  }

  @Test
  void aChatModelAnswersWithItsUsageAndItsVariant() {
    ChatResponse response =
        local.chat().build().chat(UserMessage.from("Grüße \uD83D\uDE00 \uD83D and \"quotes\""));

    assertThat(response.aiMessage().text()).isEqualTo("Grüße \uD83D\uDE00 ? and \"quotes\"");
    assertThat(response.tokenUsage().inputTokenCount()).isEqualTo(7);
    assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(5);
    assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(response.metadata().modelName()).isEqualTo("echo");
    assertThat(variant(response)).isEqualTo("blue");
  }

  @Test
  void aRequestHasThePathAndTheTimeoutAndNoKey() {
    local.chat().apiKey("secret-key").timeout(Duration.ofSeconds(7)).build().chat("hello");

    assertThat(server.asked()).singleElement().satisfies(request -> {
      assertThat(request.path()).hasValue("/v1/chat/completions");
      assertThat(request.timeout()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(7));
      assertThat(request.contentType()).isEqualTo("application/json");
      assertThat(request.text()).doesNotContain("secret-key");
    });
  }

  @Test
  void aToolIsCalledAndItsAnswerIsTold() {
    OpenAiChatModel model = local.chat().build();
    ChatMessage question = UserMessage.from("How is the weather?");

    ChatResponse call = model.chat(
        ChatRequest.builder().messages(question).toolSpecifications(WEATHER).build());
    ToolExecutionRequest tool = call.aiMessage().toolExecutionRequests().get(0);
    String answer = model
        .chat(question, call.aiMessage(), ToolExecutionResultMessage.from(tool, "rain"))
        .aiMessage()
        .text();

    assertThat(call.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
    assertThat(tool.name()).isEqualTo("weather");
    assertThat(tool.arguments()).isEqualTo("{\"city\":\"Ulm\"}");
    assertThat(answer).isEqualTo("The tool says: rain");
    assertThat(server.bodies().get(1).at("/messages/2/tool_call_id").asText()).isEqualTo("call-1");
  }

  @Test
  void aSchemaGoesToTheServer() {
    ResponseFormat format = ResponseFormat.builder()
        .type(ResponseFormatType.JSON)
        .jsonSchema(JsonSchema.builder()
            .name("City")
            .rootElement(JsonObjectSchema.builder()
                .addStringProperty("city")
                .addIntegerProperty("inhabitants")
                .build())
            .build())
        .build();

    ChatResponse response = local
        .chat()
        .build()
        .chat(ChatRequest.builder()
            .messages(UserMessage.from("Which city?"))
            .responseFormat(format)
            .build());

    assertThat(response.aiMessage().text()).isEqualTo("{\"city\":\"Ulm\",\"inhabitants\":129942}");
    JsonNode sent = server.bodies().get(0);
    assertThat(sent.at("/response_format/json_schema/schema/properties").fieldNames())
        .toIterable()
        .containsExactly("city", "inhabitants");
  }

  @Test
  void embeddingsComeInTheirOrder() {
    OpenAiEmbeddingModel model = OpenAiEmbeddingModel.builder()
        .httpClientBuilder(local.client())
        .baseUrl(FairleadHttpClient.BASE_URL)
        .modelName("lengths")
        .build();

    Response<List<Embedding>> response =
        model.embedAll(List.of(TextSegment.from("four"), TextSegment.from("sixteen")));

    assertThat(response.content())
        .containsExactly(
            Embedding.from(new float[] {4, 0.25f}), Embedding.from(new float[] {7, 0.25f}));
    assertThat(response.tokenUsage().totalTokenCount()).isEqualTo(3);
    assertThat(server.asked())
        .singleElement()
        .satisfies(request -> assertThat(request.path()).hasValue("/v1/embeddings"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 7, 1000})
  void aStreamIsTheSameHoweverItIsCut(int pieceSize) {
    server.pieceSize(pieceSize);
    Recording answer = new Recording();

    local.streaming().chat("one two \uD83D\uDE00 漢字", answer);

    ChatResponse response = answer.complete();
    assertThat(answer.parts()).containsExactly("one ", "two ", "\uD83D\uDE00 ", "漢字");
    assertThat(response.aiMessage().text()).isEqualTo("one two \uD83D\uDE00 漢字");
    assertThat(response.tokenUsage().totalTokenCount()).isEqualTo(12);
    assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(variant(response)).isEqualTo("blue");
    assertThat(metadata(response).rawHttpResponse().contentType()).startsWith("text/event-stream");
  }

  @Test
  void aToolCallIsStreamed() {
    Recording answer = new Recording();

    local
        .streaming()
        .chat(
            ChatRequest.builder()
                .messages(UserMessage.from("How is the weather?"))
                .toolSpecifications(WEATHER)
                .build(),
            answer);

    assertThat(answer.complete().aiMessage().toolExecutionRequests())
        .singleElement()
        .satisfies(tool -> assertThat(tool.arguments()).isEqualTo("{\"city\":\"Ulm\"}"));
  }

  @Test
  void aHundredChatsFollowTheTrafficExactly() {
    Endpoint green = local.deploy("green");
    local
        .platform
        .route(local.blue.at(100), green.at(0), TrafficWeight.percent(10))
        .await(Local.LIMIT);
    OpenAiChatModel model = local.chat().build();

    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < 100; i++) {
      counts.merge(variant(model.chat(UserMessage.from("hello"))), 1, Integer::sum);
    }

    assertThat(counts).containsExactly(Map.entry("blue", 90), Map.entry("green", 10));
  }

  @Test
  void aRequestMayBePinnedToAVariant() {
    local.deploy("green");
    OpenAiChatModel model = local
        .chat()
        .httpClientBuilder(local.client().request(request -> request.pinnedTo("green")))
        .build();

    assertThat(variant(model.chat(UserMessage.from("hello")))).isEqualTo("green");
  }
}
