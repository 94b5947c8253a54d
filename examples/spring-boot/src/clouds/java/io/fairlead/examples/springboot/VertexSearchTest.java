package io.fairlead.examples.springboot;

import io.fairlead.contract.VirtualTime;
import io.fairlead.vertex.standin.Project;
import io.fairlead.vertex.standin.StandIn;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.springframework.test.context.ActiveProfiles;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

@ActiveProfiles("vertex")
class VertexSearchTest extends Searching {
  private static final Project PROJECT = StandIn.project("search-project", new VirtualTime());

  VertexSearchTest() {
    super("vertex");
  }

  @DynamicPropertySource
  static void elsewhere(DynamicPropertyRegistry properties) {
    for (String method : List.of("UploadModel", "CreateEndpoint", "DeployModel")) {
      PROJECT.duration(method, Duration.ZERO);
    }
    PROJECT.answerWith(Searching::embeddings);
    properties.add("GOOGLE_CLOUD_PROJECT", PROJECT::id);
    properties.add("GOOGLE_CLOUD_REGION", () -> "us-central1");
    properties.add("SEARCH_IMAGE", () -> "us-docker.pkg.dev/search-project/images/tei:1");
    properties.add("fairlead.platforms.models.settings.endpoint", StandIn::endpoint);
    properties.add("fairlead.platforms.models.settings.plaintext", () -> "true");
  }

  @AfterAll
  static void close() {
    PROJECT.close();
  }
}
