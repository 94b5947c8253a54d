package io.fairlead.examples.springboot;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.platform.EndpointPlatform;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.MediaType;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.web.servlet.client.RestTestClient;

/** The same service with one line changed: its model is served by a cloud, of which there is a stand-in. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@DirtiesContext
abstract class Searching {
  private static final ObjectMapper JSON = new ObjectMapper();

  @LocalServerPort
  int port;

  @Autowired
  private EndpointPlatform models;

  private final String platform;

  Searching(String platform) {
    this.platform = platform;
  }

  @Test
  void theModelOfTheCloudAnswers() {
    assertThat(models.id()).isEqualTo(platform);
    assertThat(models.list()).hasSize(1);

    RestTestClient.bindToServer()
        .baseUrl("http://localhost:" + port)
        .build()
        .post()
        .uri("/search")
        .contentType(MediaType.APPLICATION_JSON)
        .body("{\"question\": \"Would Saturn float?\"}")
        .exchange()
        .expectStatus()
        .isOk()
        .expectBody()
        .jsonPath("$[0].sentence")
        .isEqualTo("Saturn would float, given a large enough bathtub.");
  }

  /** {@return what a model that knows nothing but words answers: a vector for each text} */
  static byte[] embeddings(byte[] request) {
    List<float[]> vectors = new ArrayList<>();
    try {
      for (JsonNode text : JSON.readTree(request).get("inputs")) {
        vectors.add(embedding(text.asText()));
      }
      return JSON.writeValueAsString(vectors).getBytes(StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static float[] embedding(String text) {
    float[] vector = new float[512];
    for (String word : text.toLowerCase(Locale.ROOT).split("\\W+", -1)) {
      vector[Math.floorMod(word.hashCode(), vector.length)] = 1;
    }
    return vector;
  }
}
