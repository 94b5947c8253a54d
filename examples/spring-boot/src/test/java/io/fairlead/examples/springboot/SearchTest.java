package io.fairlead.examples.springboot;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.MediaType;
import org.springframework.test.web.servlet.client.RestTestClient;

/** The service as it is started, with the model in this JVM. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class SearchTest {
  @LocalServerPort
  int port;

  private RestTestClient client;

  @BeforeEach
  void connect() {
    client = RestTestClient.bindToServer().baseUrl("http://localhost:" + port).build();
  }

  @Test
  void theSentenceThatAnswersTheQuestionIsFirst() {
    search("{\"question\": \"Which food never spoils?\"}")
        .expectStatus()
        .isOk()
        .expectBody()
        .jsonPath("$.length()")
        .isEqualTo(7)
        .jsonPath("$[0].sentence")
        .isEqualTo("Honey from the pharaohs' tombs is still good to eat.");
    search("{\"question\": \"How do marine mammals rest?\"}")
        .expectBody()
        .jsonPath("$[0].sentence")
        .isEqualTo("Sea otters hold hands while they sleep.");
  }

  @Test
  void withoutAQuestionItIsABadRequest() {
    search("{}").expectStatus().isBadRequest();
    search("{\"question\": \" \"}").expectStatus().isBadRequest();
  }

  @Test
  void thePageHasASearchBox() {
    assertThat(get("/")).contains("<form>", "name=\"question\"");
  }

  @Test
  void healthAndInfoTellWhereTheModelIs() {
    assertThat(get("/actuator/health")).contains("\"minilm\":\"minilm/blue ");
    assertThat(get("/actuator/info"))
        .contains("\"fairlead\":{", "\"models\":\"local\"", "classpath:all-minilm-l6-v2-q.onnx");
  }

  private RestTestClient.ResponseSpec search(String body) {
    return client
        .post()
        .uri("/search")
        .contentType(MediaType.APPLICATION_JSON)
        .body(body)
        .exchange();
  }

  private String get(String path) {
    return client
        .get()
        .uri(path)
        .exchange()
        .expectStatus()
        .isOk()
        .returnResult(String.class)
        .getResponseBody();
  }
}
