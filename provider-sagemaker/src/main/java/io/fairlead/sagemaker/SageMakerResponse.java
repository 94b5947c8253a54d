package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.platform.ResponseDetail;
import java.time.Instant;
import java.util.Optional;

/**
 * The session and the custom attributes of an answer; a response has this detail if there are any.
 *
 * @param newSession the session that this request started
 * @param closedSession the id of the session that this request ended
 * @param customAttributes the custom attributes from the container
 */
public record SageMakerResponse(
    Optional<Session> newSession, Optional<String> closedSession, Optional<String> customAttributes)
    implements ResponseDetail {
  /**
   * A stateful session that a model has started.
   *
   * @param id the id for further requests, see {@link SageMakerRequest#withSessionId}
   * @param expires when it expires; empty if SageMaker does not say
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

  /** Omits the custom attributes, which AWS treats as confidential. */
  @Override
  public String toString() {
    return "SageMakerResponse[newSession=" + newSession.map(Session::id) + ", closedSession="
        + closedSession + "]";
  }
}
