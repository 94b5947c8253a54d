package io.fairlead.examples.quarkus;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.quarkus.runtime.Startup;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** The sentences, and which of them are near to a question. */
@Singleton
@Startup
public class Search {
  private final EndpointPlatform models;
  private final Endpoint minilm;
  private final List<String> sentences;
  private final float[][] embeddings;

  /** Embeds the sentences when the application starts, by when the model is deployed. */
  Search(EndpointPlatform models, Endpoint minilm) throws IOException {
    this.models = models;
    this.minilm = minilm;
    try (InputStream file = Search.class.getResourceAsStream("/sentences.txt")) {
      this.sentences = new String(file.readAllBytes(), UTF_8).lines().toList();
    }
    this.embeddings = embed(sentences);
  }

  /**
   * A sentence that was found.
   *
   * @param score how near it is to the question: 1 if it is the same
   */
  public record Hit(String sentence, float score) {}

  /** {@return the sentences, the nearest one first} */
  public List<Hit> best(String question) {
    float[] asked = embed(List.of(question))[0];
    return IntStream.range(0, embeddings.length)
        .mapToObj(i -> new Hit(sentences.get(i), dot(asked, embeddings[i])))
        .sorted(Comparator.comparingDouble(hit -> -hit.score()))
        .toList();
  }

  /** The vectors have the length 1, so that the dot product of two is their cosine. */
  private float[][] embed(List<String> texts) {
    Request request = Request.texts(texts.toArray(String[]::new));
    return models.invoke(minilm, request).vectors();
  }

  private static float dot(float[] one, float[] other) {
    float sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += one[i] * other[i];
    }
    return sum;
  }
}
