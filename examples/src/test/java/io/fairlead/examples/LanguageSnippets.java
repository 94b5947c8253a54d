package io.fairlead.examples;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.openai.OpenAiChatModel;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelTask;
import io.fairlead.langchain4j.FairleadHttpClient;
import io.fairlead.language.ChatRequest;
import io.fairlead.language.ChatResponse;
import io.fairlead.language.LanguageModel;
import io.fairlead.platform.EndpointPlatform;

/** The pieces of Java in docs/language-models.md, which {@link LanguageSnippetsTest} runs. */
final class LanguageSnippets {
  private LanguageSnippets() {}

  static ChatResponse asked(EndpointPlatform platform, Endpoint endpoint, String prompt) {
    LanguageModel model = LanguageModel.of(platform, endpoint);
    ChatRequest question = ChatRequest.of(prompt).withMaxTokens(100).withTemperature(0.7);
    ChatResponse answer = model.chat(question);
    System.out.println(answer.text() + " (" + answer.finish() + ", by " + answer.variant() + ")");
    model.chat(question, System.out::print); // in pieces, as they come
    return answer;
  }

  static String askedByLangChain4j(EndpointPlatform platform, Endpoint endpoint, String prompt) {
    ChatModel chat = OpenAiChatModel.builder()
        .httpClientBuilder(FairleadHttpClient.builder(platform, endpoint))
        .baseUrl(FairleadHttpClient.BASE_URL)
        .modelName(endpoint.name())
        .build();
    return chat.chat(prompt);
  }

  static ModelArtifact ofTheHub() {
    ModelArtifact qwen = ModelArtifact.huggingFace("Qwen/Qwen3-4B", ModelTask.CHAT);
    return qwen;
  }
}
