package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.platform.Response;
import java.time.Instant;
import java.util.Optional;

/**
 * A model's answer with what SageMaker tells beside it.
 *
 * @param response the answer
 * @param newSession the session that this request began; empty if it began none
 * @param closedSession the id of the session that this request ended; empty if it ended none
 * @param customAttributes what the container gave beside the body; may be empty
 */
public record SageMakerAnswer(
    Response response,
    Optional<Session> newSession,
    Optional<String> closedSession,
    String customAttributes) {
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

  public SageMakerAnswer {
    requireNonNull(response, "response");
    requireNonNull(newSession, "newSession");
    requireNonNull(closedSession, "closedSession");
    requireNonNull(customAttributes, "customAttributes");
  }

  /** Without custom attributes, which AWS takes for confidential. */
  @Override
  public String toString() {
    return "SageMakerAnswer[" + response + ", newSession=" + newSession.map(Session::id)
        + ", closedSession=" + closedSession + "]";
  }
}
