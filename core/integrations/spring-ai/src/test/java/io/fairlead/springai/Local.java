package io.fairlead.springai;

import com.openai.client.OpenAIClientAsyncImpl;
import com.openai.client.OpenAIClientImpl;
import com.openai.core.ClientOptions;
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
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;

/** A model in this JVM, and Spring AI's models over it. */
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

  FairleadHttpClient client() {
    return FairleadHttpClient.of(platform, blue);
  }

  /** {@return options of clients that do not retry} */
  ClientOptions options() {
    return client().options().maxRetries(0).build();
  }

  OpenAiChatModel chat() {
    return chat(options());
  }

  static OpenAiChatModel chat(ClientOptions options) {
    return OpenAiChatModel.builder()
        .openAiClient(new OpenAIClientImpl(options))
        .openAiClientAsync(new OpenAIClientAsyncImpl(options))
        .options(OpenAiChatOptions.builder().model("echo").build())
        .build();
  }

  @Override
  public void close() {
    platform.close();
  }
}
