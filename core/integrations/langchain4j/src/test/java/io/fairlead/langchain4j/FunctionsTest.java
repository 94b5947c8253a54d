package io.fairlead.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import io.fairlead.contract.OpenAiServer;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessPlatform;
import io.fairlead.serverless.ServerlessProvider;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One function, asked through its platform, and over HTTP by LangChain4j's own client: with the same answers. */
class FunctionsTest {
  private final OpenAiServer server = new OpenAiServer();
  private final ServerlessPlatform functions =
      new ServerlessProvider().open(ServerlessConfig.DEFAULT.withFunction("chat", server::stream));
  private final ModelFunction chat = functions
      .deploy(ModelArtifact.of(URI.create("java:chat")).named("chat"), FunctionLimits.DEFAULT)
      .await(Local.LIMIT);

  @AfterEach
  void close() {
    functions.close();
  }

  private String overHttp() {
    return functions.url(chat).resolve("/v1").toString();
  }

  @Test
  void aChatIsAnsweredAlike() {
    ChatResponse through = OpenAiChatModel.builder()
        .httpClientBuilder(FairleadHttpClient.builder(functions, chat))
        .baseUrl(FairleadHttpClient.BASE_URL)
        .modelName("chat")
        .build()
        .chat(UserMessage.from("Gr\u00FC\u00DFe \uD83D\uDE00"));
    ChatResponse over = OpenAiChatModel.builder()
        .baseUrl(overHttp())
        .apiKey("none")
        .modelName("chat")
        .build()
        .chat(UserMessage.from("Gr\u00FC\u00DFe \uD83D\uDE00"));

    assertThat(over.aiMessage().text()).isEqualTo("Gr\u00FC\u00DFe \uD83D\uDE00");
    assertThat(through.aiMessage()).isEqualTo(over.aiMessage());
    assertThat(through.tokenUsage()).isEqualTo(over.tokenUsage());
    assertThat(server.asked())
        .extracting(request -> request.path().orElse(""))
        .containsExactly("/v1/chat/completions", "/v1/chat/completions");
  }

  @Test
  void aStreamHasTheSamePieces() throws Exception {
    List<String> through = pieces(OpenAiStreamingChatModel.builder()
        .httpClientBuilder(FairleadHttpClient.builder(functions, chat))
        .baseUrl(FairleadHttpClient.BASE_URL)
        .modelName("chat")
        .build());
    List<String> over = pieces(OpenAiStreamingChatModel.builder()
        .baseUrl(overHttp())
        .apiKey("none")
        .modelName("chat")
        .build());

    assertThat(over).hasSizeGreaterThan(1);
    assertThat(String.join("", over)).isEqualTo("one two \uD83D\uDE00");
    assertThat(through).isEqualTo(over);
  }

  private static List<String> pieces(OpenAiStreamingChatModel model) throws Exception {
    List<String> pieces = new ArrayList<>();
    CompletableFuture<ChatResponse> end = new CompletableFuture<>();
    model.chat("one two \uD83D\uDE00", new StreamingChatResponseHandler() {
      @Override
      public void onPartialResponse(String piece) {
        pieces.add(piece);
      }

      @Override
      public void onCompleteResponse(ChatResponse response) {
        end.complete(response);
      }

      @Override
      public void onError(Throwable error) {
        end.completeExceptionally(error);
      }
    });
    end.get(60, TimeUnit.SECONDS);
    return pieces;
  }

  @Test
  void aModelThatIsNotThereIsOneOfLangChain4jsOwnExceptions() {
    OpenAiChatModel other = OpenAiChatModel.builder()
        .baseUrl(overHttp())
        .apiKey("none")
        .modelName("other")
        .maxRetries(0)
        .build();

    assertThatThrownBy(() -> other.chat("hello"))
        .isInstanceOf(ModelNotFoundException.class)
        .hasMessageContaining("chat");
  }
}
