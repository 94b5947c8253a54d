package io.fairlead.language;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/** The JSON of embeddings in OpenAI's API. */
final class EmbeddingsJson {
  private static final JsonFactory JSON = new JsonFactory();

  private EmbeddingsJson() {}

  static byte[] write(List<String> texts, Optional<String> model) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(body)) {
      json.writeStartObject();
      if (model.isPresent()) {
        json.writeStringField("model", model.get());
      }
      json.writeArrayFieldStart("input");
      for (String text : texts) {
        json.writeString(text);
      }
      json.writeEndArray();
      json.writeStringField("encoding_format", "float");
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return body.toByteArray();
  }

  /** {@return the vector of each text, by its index; empty if one is missing, or the answer has another form} */
  static Optional<float[][]> vectors(JsonNode answer, int count) {
    float[][] vectors = new float[count][];
    for (JsonNode one : answer.path("data")) {
      int index = one.path("index").asInt(-1);
      JsonNode numbers = one.path("embedding");
      if (index < 0 || index >= count || vectors[index] != null || !numbers.isArray()) {
        return Optional.empty();
      }
      vectors[index] = new float[numbers.size()];
      for (int i = 0; i < numbers.size(); i++) {
        if (!numbers.get(i).isNumber()) {
          return Optional.empty();
        }
        vectors[index][i] = numbers.get(i).floatValue();
      }
    }
    for (float[] vector : vectors) {
      if (vector == null) {
        return Optional.empty();
      }
    }
    return Optional.of(vectors);
  }
}
