package io.fairlead.examples.quarkus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The service as it is started, with the model in its own JVM. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SearchIT {
  private Service service;

  @BeforeAll
  void start() throws IOException {
    service = Service.start(List.of());
  }

  @AfterAll
  void stop() throws InterruptedException {
    // 128 + SIGTERM is how a JVM ends whose shutdown hooks have done their work.
    assertThat(service.stop()).isEqualTo(143);
  }

  @Test
  void theSentenceThatAnswersTheQuestionIsFirst() throws Exception {
    assertThat(service.nearest("Which food never spoils?"))
        .isEqualTo("Honey from the pharaohs' tombs is still good to eat.");
    assertThat(service.nearest("How do marine mammals rest?"))
        .isEqualTo("Sea otters hold hands while they sleep.");
  }

  @Test
  void withoutAQuestionItIsABadRequest() throws Exception {
    for (String body : List.of("{}", "{\"question\": \" \"}", "null")) {
      assertThat(service.search(body).statusCode()).as(body).isEqualTo(400);
    }
    assertThat(service.search("{}").body()).isEqualTo("{\"error\":\"question must be given\"}");
  }

  @Test
  void thePageHasASearchBox() throws Exception {
    assertThat(service.get("/").body()).contains("<form>", "name=\"question\"");
  }

  @Test
  void theReadinessTellsWhereTheModelIs() throws Exception {
    assertThat(service.get("/q/health/ready").body().replaceAll("\\s+", ""))
        .contains("\"name\":\"Fairlead\"", "\"status\":\"UP\"", "\"models.minilm\":\"minilm/blue");
  }

  /** By the line of docs/quarkus.md. */
  @Test
  void theReadinessCheckCanBeTurnedOff() throws Exception {
    try (Service unchecked = Service.start(
        List.of(
            "quarkus.smallrye-health.check.\"io.fairlead.quarkus.runtime.FairleadReadiness\".enabled=false"))) {
      assertThat(unchecked.get("/q/health/ready").body()).contains("UP").doesNotContain("Fairlead");
    }
  }

  @Test
  void aMistakeEndsTheStartWithASentence() throws Exception {
    try (Service mistaken = Service.start(
        List.of("fairlead.endpoints.minilm.instances=some", "quarkus.log.level=ERROR"))) {
      assertThat(mistaken.isListening()).isFalse();
      assertThat(mistaken.log())
          .contains("fairlead.endpoints.minilm.instances must be a whole number (got \"some\")");
    }
  }
}
