package io.fairlead.engine.internal.json;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.grammar.Problems;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The writer of an answer to a request for embeddings, as OpenAI's API has it. */
final class EmbeddingsAnswer {
  private final EmbeddingsRequest request;
  private final Failures failures;

  EmbeddingsAnswer(EmbeddingsRequest request, Failures failures) {
    this.request = request;
    this.failures = failures;
  }

  /**
   * Writes the answer.
   *
   * @param tokens the number of tokens that the model saw
   */
  void write(JsonGenerator json, Tensor[] vectors, long tokens, Call call) throws IOException {
    json.writeStartObject();
    json.writeStringField("object", "list");
    json.writeArrayFieldStart("data");
    for (int i = 0; i < vectors.length; i++) {
      json.writeStartObject();
      json.writeStringField("object", "embedding");
      json.writeNumberField("index", i);
      json.writeFieldName("embedding");
      writeVector(json, floats(vectors[i], call));
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeStringField("model", request.model() == null ? call.model() : request.model());
    json.writeObjectFieldStart("usage");
    json.writeNumberField("prompt_tokens", tokens);
    json.writeNumberField("total_tokens", tokens);
    json.writeEndObject();
    json.writeEndObject();
  }

  private void writeVector(JsonGenerator json, float[] vector) throws IOException {
    int wanted = request.dimensions();
    Problems.in("Request")
        .check(
            wanted == 0 || wanted == vector.length,
            "dimensions",
            "must be the length of this model's vectors, " + vector.length
                + ", which are not shortened here",
            wanted)
        .throwIfAny();
    if (request.isBase64()) {
      ByteBuffer bytes =
          ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(vector);
      json.writeBinary(bytes.array());
      return;
    }
    json.writeStartArray();
    for (float value : vector) {
      json.writeNumber(value);
    }
    json.writeEndArray();
  }

  private float[] floats(Tensor vector, Call call) {
    if (vector.datatype() == Datatype.FP32) {
      return vector.floats();
    }
    if (vector.datatype() == Datatype.FP64) {
      float[] floats = new float[vector.size()];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) vector.doubles()[i];
      }
      return floats;
    }
    throw failures.failure(
        ErrorKind.INVALID,
        "Model '" + call.model() + "' answers to a text with " + vector.datatype()
            + " as its output '" + vector.name()
            + "', which is no embedding: send the texts as inputs");
  }
}
