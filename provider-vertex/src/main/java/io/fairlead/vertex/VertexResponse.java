package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.platform.ResponseDetail;
import java.util.Optional;

/**
 * The deployed model and the model that answered, as a detail of a response.
 *
 * @param deployedModelId Vertex AI's id of the deployed model that answered
 * @param model the full name of the model, in which Vertex AI writes the project's number; {@link
 *     VertexPlatform#predict} alone returns it
 * @param modelVersion the number of the model's version; {@link VertexPlatform#predict} alone returns it
 */
public record VertexResponse(
    Optional<String> deployedModelId, Optional<String> model, Optional<String> modelVersion)
    implements ResponseDetail {
  public VertexResponse {
    requireNonNull(deployedModelId, "deployedModelId");
    requireNonNull(model, "model");
    requireNonNull(modelVersion, "modelVersion");
  }

  /** {@return the detail of an answer that names only its deployed model} */
  public static VertexResponse of(String deployedModelId) {
    return new VertexResponse(Optional.of(deployedModelId), Optional.empty(), Optional.empty());
  }
}
