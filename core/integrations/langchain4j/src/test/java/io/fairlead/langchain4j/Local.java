package io.fairlead.langchain4j;

import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiChatModel.OpenAiChatModelBuilder;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import io.fairlead.engine.StreamingModelHandler;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.local.LocalConfig;
import io.fairlead.local.LocalProvider;
import io.fairlead.platform.EndpointPlatform;
import java.net.URI;
import java.time.Duration;

/** A model in this JVM, and LangChain4j's models over it. */
final class Local implements AutoCloseable {
  static final Duration LIMIT = Duration.ofMinutes(1);

  final EndpointPlatform platform;
  final Endpoint blue;

  Local(StreamingModelHandler model) {
    platform = new LocalProvider()
        .open(LocalConfig.DEFAULT.withFunction("chat", model).withGracePeriod(Duration.ZERO));
    blue = deploy("blue");
  }

  Endpoint deploy(String variant) {
    ModelArtifact artifact = ModelArtifact.of(URI.create("java:chat"));
    Container container =
        platform.packageModel(artifact, RuntimeSpec.NONE, Dependencies.NONE).await(LIMIT);
    return platform
        .deploy(container, Scaling.fixed(1), new Routing("chat", variant))
        .await(LIMIT);
  }

  FairleadHttpClient.Builder client() {
    return FairleadHttpClient.builder(platform, blue);
  }

  OpenAiChatModelBuilder chat() {
    return OpenAiChatModel.builder()
        .httpClientBuilder(client())
        .baseUrl(FairleadHttpClient.BASE_URL)
        .modelName("echo")
        .maxRetries(0);
  }

  OpenAiStreamingChatModel streaming() {
    return OpenAiStreamingChatModel.builder()
        .httpClientBuilder(client())
        .baseUrl(FairleadHttpClient.BASE_URL)
        .modelName("echo")
        .build();
  }

  @Override
  public void close() {
    platform.close();
  }
}
