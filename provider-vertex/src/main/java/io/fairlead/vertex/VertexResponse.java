package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.platform.ResponseDetail;
import java.util.Optional;

/**
 * What Vertex AI tells beside an answer, as a response carries it that names who gave it.
 *
 * @param deployedModelId the deployed model that answered, under Vertex AI's own id
 * @param model the full name of the model, in which Vertex AI writes the project's number; {@link VertexPlatform#predict}
 *     alone tells it
 * @param modelVersion the number of the model's version; {@link VertexPlatform#predict} alone tells it
 */
public record VertexResponse(
    Optional<String> deployedModelId, Optional<String> model, Optional<String> modelVersion)
    implements ResponseDetail {
  public VertexResponse {
    requireNonNull(deployedModelId, "deployedModelId");
    requireNonNull(model, "model");
    requireNonNull(modelVersion, "modelVersion");
  }

  /** {@return what an answer tells that names its deployed model alone} */
  public static VertexResponse of(String deployedModelId) {
    return new VertexResponse(Optional.of(deployedModelId), Optional.empty(), Optional.empty());
  }
}
