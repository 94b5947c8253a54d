package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.platform.Response;

/**
 * A model's answer with what Vertex AI tells beside it; what it does not tell is empty.
 *
 * @param response the answer
 * @param deployedModelId the deployed model that answered, under Vertex AI's own id
 * @param model the full name of the model, in which Vertex AI writes the project's number
 * @param modelVersion the number of the model's version
 */
public record VertexAnswer(
    Response response, String deployedModelId, String model, String modelVersion) {
  public VertexAnswer {
    requireNonNull(response, "response");
    requireNonNull(deployedModelId, "deployedModelId");
    requireNonNull(model, "model");
    requireNonNull(modelVersion, "modelVersion");
  }
}
