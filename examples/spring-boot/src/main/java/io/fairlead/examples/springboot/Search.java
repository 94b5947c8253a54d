package io.fairlead.examples.springboot;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.core.io.Resource;
import org.springframework.stereotype.Component;

/** The sentences, and which of them are near to a question. */
@Component
class Search implements ApplicationRunner {
  private final EndpointPlatform models;
  private final Endpoint minilm;
  private final List<String> sentences;
  private volatile float[][] embeddings = {};

  Search(
      EndpointPlatform models,
      Endpoint minilm,
      @Value("classpath:sentences.txt") Resource sentences)
      throws IOException {
    this.models = models;
    this.minilm = minilm;
    this.sentences = sentences.getContentAsString(UTF_8).lines().toList();
  }

  /** A sentence, and how near it is to the question: 1 if it is the same. */
  record Hit(String sentence, float score) {}

  /** Embeds the sentences before the application is ready, when the model is deployed. */
  @Override
  public void run(ApplicationArguments arguments) {
    embeddings = embed(sentences);
  }

  List<Hit> best(String question) {
    float[] asked = embed(List.of(question))[0];
    float[][] known = embeddings;
    return IntStream.range(0, known.length)
        .mapToObj(i -> new Hit(sentences.get(i), dot(asked, known[i])))
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
