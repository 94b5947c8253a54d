package io.fairlead.examples.quarkus;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A model that knows nothing but words, for the stand-ins. */
final class Embeddings {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Embeddings() {}

  /** {@return a vector for each text of a request} */
  static byte[] of(byte[] request) {
    try {
      List<float[]> vectors = new ArrayList<>();
      for (JsonNode text : JSON.readTree(request).get("inputs")) {
        vectors.add(vector(text.asText()));
      }
      return JSON.writeValueAsBytes(vectors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static float[] vector(String text) {
    float[] vector = new float[512];
    for (String word : text.toLowerCase(Locale.ROOT).split("\\W+", -1)) {
      vector[Math.floorMod(word.hashCode(), vector.length)] = 1;
    }
    return vector;
  }
}
