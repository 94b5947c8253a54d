package io.fairlead.engine.internal.json;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request to rank texts by how well they answer a query.
 *
 * @param isOfDocuments whether it has the form of Cohere, Jina and vLLM, with documents; otherwise that of Text
 *     Embeddings Inference
 * @param query the query
 * @param texts the texts to be ranked
 * @param model the name that the client gives the model, for the answer; null if it gives none
 * @param count the number of texts wanted, the best ones
 * @param returnsTexts whether the answer has the texts
 * @param isRaw whether scores are the model's logits
 * @param cutsOff whether a pair with too many tokens may be cut off
 */
record RerankRequest(
    boolean isOfDocuments,
    String query,
    List<String> texts,
    @Nullable String model,
    int count,
    boolean returnsTexts,
    boolean isRaw,
    boolean cutsOff) {
  RerankRequest {
    texts = List.copyOf(texts);
  }
}
