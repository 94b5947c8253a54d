package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.sagemaker.internal.rules.RequestRules;
import io.fairlead.sagemaker.internal.rules.S3Location;
import java.time.Duration;

/**
 * A question to a model whose body lies in S3, for {@link SageMakerPlatform#invokeAsync}; what is empty or zero is left to
 * SageMaker.
 *
 * <p>The rules are those of AWS's InvokeEndpointAsync. Custom attributes never appear in {@link #toString()}.
 *
 * @param inputLocation the body, such as {@code s3://bucket/questions/1.json}; at most 1 GB
 * @param contentType what the body is, such as {@code application/json}
 * @param accept the content type that the answer should have
 * @param inferenceId the caller's own name for this request; at most 64 printable characters
 * @param customAttributes what the container is given beside the body; at most 1024 printable ASCII characters
 * @param timeToLive how long the request may wait for its turn, 60 seconds to 6 hours in whole seconds; SageMaker takes 6
 *     hours
 * @param invocationTimeout how long the model may take, 1 second to an hour in whole seconds; SageMaker takes 15 minutes
 */
public record AsyncRequest(
    String inputLocation,
    String contentType,
    String accept,
    String inferenceId,
    String customAttributes,
    Duration timeToLive,
    Duration invocationTimeout) {
  private static final long SHORTEST_LIFE = 60;
  private static final long LONGEST_LIFE = 21_600;
  private static final long LONGEST_INVOCATION = 3600;

  public AsyncRequest {
    requireNonNull(inputLocation, "inputLocation");
    requireNonNull(contentType, "contentType");
    requireNonNull(accept, "accept");
    requireNonNull(inferenceId, "inferenceId");
    requireNonNull(customAttributes, "customAttributes");
    requireNonNull(timeToLive, "timeToLive");
    requireNonNull(invocationTimeout, "invocationTimeout");
    Problems.in("AsyncRequest")
        .check(S3Location.isObject(inputLocation), "inputLocation", S3Location.RULE, inputLocation)
        .check(
            RequestRules.isHeader(contentType),
            "contentType",
            RequestRules.HEADER_RULE,
            contentType)
        .check(RequestRules.isHeader(accept), "accept", RequestRules.HEADER_RULE, accept)
        .check(
            RequestRules.isInferenceId(inferenceId),
            "inferenceId",
            RequestRules.INFERENCE_ID_RULE,
            inferenceId)
        .check(
            RequestRules.isHeader(customAttributes), "customAttributes", RequestRules.HEADER_RULE)
        .check(
            isWithin(timeToLive, SHORTEST_LIFE, LONGEST_LIFE),
            "timeToLive",
            "must be from 60 seconds to 6 hours in whole seconds, or 0",
            timeToLive)
        .check(
            isWithin(invocationTimeout, 1, LONGEST_INVOCATION),
            "invocationTimeout",
            "must be from 1 second to 1 hour in whole seconds, or 0",
            invocationTimeout)
        .throwIfAny();
  }

  private static boolean isWithin(Duration duration, long least, long most) {
    long seconds = duration.toSeconds();
    return duration.isZero()
        || (duration.equals(Duration.ofSeconds(seconds)) && seconds >= least && seconds <= most);
  }

  /** {@return a request with a body in S3, and nothing else said} */
  public static AsyncRequest of(String inputLocation, String contentType) {
    return new AsyncRequest(inputLocation, contentType, "", "", "", Duration.ZERO, Duration.ZERO);
  }

  public AsyncRequest withAccept(String type) {
    return new AsyncRequest(
        inputLocation,
        contentType,
        type,
        inferenceId,
        customAttributes,
        timeToLive,
        invocationTimeout);
  }

  public AsyncRequest withInferenceId(String id) {
    return new AsyncRequest(
        inputLocation, contentType, accept, id, customAttributes, timeToLive, invocationTimeout);
  }

  public AsyncRequest withCustomAttributes(String attributes) {
    return new AsyncRequest(
        inputLocation, contentType, accept, inferenceId, attributes, timeToLive, invocationTimeout);
  }

  public AsyncRequest withTimeToLive(Duration time) {
    return new AsyncRequest(
        inputLocation, contentType, accept, inferenceId, customAttributes, time, invocationTimeout);
  }

  public AsyncRequest withInvocationTimeout(Duration timeout) {
    return new AsyncRequest(
        inputLocation, contentType, accept, inferenceId, customAttributes, timeToLive, timeout);
  }

  @Override
  public String toString() {
    return "AsyncRequest[inputLocation=" + inputLocation + ", contentType=" + contentType
        + ", accept=" + accept + ", inferenceId=" + inferenceId + ", customAttributes="
        + customAttributes.length() + " characters, timeToLive=" + timeToLive
        + ", invocationTimeout=" + invocationTimeout + "]";
  }
}
