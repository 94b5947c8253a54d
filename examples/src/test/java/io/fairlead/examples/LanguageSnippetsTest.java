package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.language.ChatResponse;
import io.fairlead.language.LanguageModel;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LanguageSnippetsTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final EndpointPlatform local = Platforms.open("local", EndpointPlatform.class);

  @AfterEach
  void close() {
    local.close();
  }

  private Endpoint deployed(String location) {
    Container container = local
        .packageModel(ModelArtifact.of(URI.create(location)), RuntimeSpec.NONE, Dependencies.NONE)
        .await(LIMIT);
    return local
        .deploy(container, Scaling.fixed(1), new Routing("chat", "blue"))
        .await(LIMIT);
  }

  @Test
  void aChatIsAnsweredInEachWay() {
    Endpoint chat = deployed(Models.location(Models.Chatty.class));

    ChatResponse answer = LanguageSnippets.asked(local, chat, "When is breakfast?");

    assertThat(answer.text()).isEqualTo("I have read nothing.");
    assertThat(answer.variant()).contains("blue");
    assertThat(LanguageSnippets.askedByLangChain4j(local, chat, "Breakfast is from seven."))
        .isEqualTo("I have read what was found.");
    assertThat(LanguageSnippets.ofTheHub().metadata().task()).contains(ModelTask.CHAT);
  }

  @Test
  void textsAreEmbeddedAsTheModelsOwnFormDoes() {
    Endpoint minilm = deployed("classpath:all-minilm-l6-v2-q.onnx");

    float[][] vectors =
        LanguageModel.of(local, minilm).embed("Honey lasts.", "Bananas are berries.");

    assertThat(vectors)
        .isDeepEqualTo(local
            .invoke(minilm, Request.texts("Honey lasts.", "Bananas are berries."))
            .vectors());
  }
}
