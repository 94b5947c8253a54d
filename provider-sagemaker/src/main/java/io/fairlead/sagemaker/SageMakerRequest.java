package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RequestOptions;
import io.fairlead.sagemaker.internal.rules.RequestRules;

/**
 * What SageMaker alone knows of a request, for {@link io.fairlead.platform.Request#with}; what is empty is not sent.
 *
 * <pre>{@code
 * request.with(SageMakerRequest.DEFAULT.withTargetModel("eu/churn.tar.gz"))
 * }</pre>
 *
 * <p>The rules are those of AWS's InvokeEndpoint. Custom attributes never appear in {@link #toString()}.
 *
 * @param targetModel the model of a multi-model endpoint, as its path under the endpoint's S3 prefix; at most 1024 printable
 *     characters
 * @param inferenceComponent the inference component that has to answer, under its name
 * @param targetContainer the host name of one container of an endpoint whose containers are asked directly
 * @param sessionId {@link #NEW_SESSION}, or the id of a stateful session, which leads to the instance that holds it
 * @param inferenceId the caller's own name for this request in captured data; at most 64 printable characters
 * @param customAttributes what the container is given beside the body; at most 1024 printable ASCII characters
 * @param accept the content type that the answer should have; most containers have one that they take otherwise
 */
public record SageMakerRequest(
    String targetModel,
    String inferenceComponent,
    String targetContainer,
    String sessionId,
    String inferenceId,
    String customAttributes,
    String accept)
    implements RequestOptions {
  /** The {@code sessionId} that asks the model to begin a session; {@link SageMakerResponse#newSession()} has its id. */
  public static final String NEW_SESSION = "NEW_SESSION";

  /** Nothing is said. */
  public static final SageMakerRequest DEFAULT = new SageMakerRequest("", "", "", "", "", "", "");

  private static final int LONGEST_SESSION_ID = 256;

  public SageMakerRequest {
    requireNonNull(targetModel, "targetModel");
    requireNonNull(inferenceComponent, "inferenceComponent");
    requireNonNull(targetContainer, "targetContainer");
    requireNonNull(sessionId, "sessionId");
    requireNonNull(inferenceId, "inferenceId");
    requireNonNull(customAttributes, "customAttributes");
    requireNonNull(accept, "accept");
    Problems.in("SageMakerRequest")
        .check(
            RequestRules.isHeader(targetModel),
            "targetModel",
            RequestRules.HEADER_RULE,
            targetModel)
        .check(
            RequestRules.isResourceName(inferenceComponent),
            "inferenceComponent",
            RequestRules.NAME_RULE,
            inferenceComponent)
        .check(
            RequestRules.isResourceName(targetContainer),
            "targetContainer",
            RequestRules.NAME_RULE,
            targetContainer)
        .check(
            sessionId.equals(NEW_SESSION) || RequestRules.isName(sessionId, LONGEST_SESSION_ID),
            "sessionId",
            "must be NEW_SESSION, or at most 256 letters, digits and hyphens",
            sessionId)
        .check(
            RequestRules.isInferenceId(inferenceId),
            "inferenceId",
            RequestRules.INFERENCE_ID_RULE,
            inferenceId)
        .check(
            RequestRules.isHeader(customAttributes), "customAttributes", RequestRules.HEADER_RULE)
        .check(RequestRules.isHeader(accept), "accept", RequestRules.HEADER_RULE, accept)
        .throwIfAny();
  }

  public SageMakerRequest withTargetModel(String path) {
    return new SageMakerRequest(
        path,
        inferenceComponent,
        targetContainer,
        sessionId,
        inferenceId,
        customAttributes,
        accept);
  }

  public SageMakerRequest withInferenceComponent(String name) {
    return new SageMakerRequest(
        targetModel, name, targetContainer, sessionId, inferenceId, customAttributes, accept);
  }

  public SageMakerRequest withTargetContainer(String hostName) {
    return new SageMakerRequest(
        targetModel,
        inferenceComponent,
        hostName,
        sessionId,
        inferenceId,
        customAttributes,
        accept);
  }

  public SageMakerRequest withSessionId(String id) {
    return new SageMakerRequest(
        targetModel,
        inferenceComponent,
        targetContainer,
        id,
        inferenceId,
        customAttributes,
        accept);
  }

  public SageMakerRequest withInferenceId(String id) {
    return new SageMakerRequest(
        targetModel, inferenceComponent, targetContainer, sessionId, id, customAttributes, accept);
  }

  public SageMakerRequest withCustomAttributes(String attributes) {
    return new SageMakerRequest(
        targetModel,
        inferenceComponent,
        targetContainer,
        sessionId,
        inferenceId,
        attributes,
        accept);
  }

  public SageMakerRequest withAccept(String contentType) {
    return new SageMakerRequest(
        targetModel,
        inferenceComponent,
        targetContainer,
        sessionId,
        inferenceId,
        customAttributes,
        contentType);
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }

  @Override
  public String toString() {
    return "SageMakerRequest[targetModel=" + targetModel + ", inferenceComponent="
        + inferenceComponent + ", targetContainer=" + targetContainer + ", sessionId=" + sessionId
        + ", inferenceId=" + inferenceId + ", customAttributes=" + customAttributes.length()
        + " characters, accept=" + accept + "]";
  }
}
