package io.fairlead.engine.internal.json;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fairlead.engine.Call;
import io.fairlead.engine.internal.text.PairScores;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** The writer of an answer to a request for a ranking, the best text first. */
final class RerankAnswer {
  private final RerankRequest request;
  private final PairScores scores;

  RerankAnswer(RerankRequest request, PairScores scores) {
    this.request = request;
    this.scores = scores;
  }

  /**
   * Writes the answer.
   *
   * @param logits the logit of each text
   * @param tokens the number of tokens that the model saw
   */
  void write(JsonGenerator json, double[] logits, long tokens, Call call) throws IOException {
    if (!request.isOfDocuments()) {
      writeResults(json, logits);
      return;
    }
    json.writeStartObject();
    json.writeStringField("model", request.model() == null ? call.model() : request.model());
    json.writeFieldName("results");
    writeResults(json, logits);
    json.writeObjectFieldStart("usage");
    json.writeNumberField("total_tokens", tokens);
    json.writeEndObject();
    json.writeEndObject();
  }

  private void writeResults(JsonGenerator json, double[] logits) throws IOException {
    json.writeStartArray();
    for (int index : best(logits)) {
      json.writeStartObject();
      json.writeNumberField("index", index);
      json.writeNumberField(request.isOfDocuments() ? "relevance_score" : "score", (float)
          (request.isRaw() ? logits[index] : scores.score(logits[index])));
      if (request.returnsTexts()) {
        if (request.isOfDocuments()) {
          json.writeObjectFieldStart("document");
        }
        json.writeStringField("text", request.texts().get(index));
        if (request.isOfDocuments()) {
          json.writeEndObject();
        }
      }
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /** The positions of the best texts, by their logits, which are still apart where their scores are all 1. */
  private List<Integer> best(double[] logits) {
    return IntStream.range(0, logits.length)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer index) -> -logits[index]))
        .limit(request.count())
        .toList();
  }
}
