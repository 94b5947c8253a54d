package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.platform.ResponseDetail;
import java.time.Instant;
import java.util.Optional;

/**
 * What SageMaker tells beside an answer; a response carries it if there is any of it.
 *
 * @param newSession the session that this request began
 * @param closedSession the id of the session that this request ended
 * @param customAttributes what the container gave beside the body
 */
public record SageMakerResponse(
    Optional<Session> newSession, Optional<String> closedSession, Optional<String> customAttributes)
    implements ResponseDetail {
  /**
   * A stateful session that a model has begun.
   *
   * @param id what further requests give in {@link SageMakerRequest#withSessionId}
   * @param expires when the model forgets it; empty if SageMaker does not tell
   */
  public record Session(String id, Optional<Instant> expires) {
    public Session {
      requireNonNull(id, "id");
      requireNonNull(expires, "expires");
    }
  }

  public SageMakerResponse {
    requireNonNull(newSession, "newSession");
    requireNonNull(closedSession, "closedSession");
    requireNonNull(customAttributes, "customAttributes");
  }

  /** Without custom attributes, which AWS takes for confidential. */
  @Override
  public String toString() {
    return "SageMakerResponse[newSession=" + newSession.map(Session::id) + ", closedSession="
        + closedSession + "]";
  }
}
