package io.fairlead.engine.internal.json;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request for embeddings, as OpenAI's API has it.
 *
 * @param texts the texts
 * @param model the name that the client gives the model, for the answer; null if it gives none
 * @param isBase64 whether vectors are wanted as the Base64 of their little-endian floats
 * @param dimensions the length that vectors must have; 0 if the client does not say
 */
record EmbeddingsRequest(
    List<String> texts, @Nullable String model, boolean isBase64, int dimensions) {
  EmbeddingsRequest {
    texts = List.copyOf(texts);
  }
}
