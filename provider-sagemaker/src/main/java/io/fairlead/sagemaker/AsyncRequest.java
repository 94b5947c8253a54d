package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.sagemaker.internal.rules.RequestRules;
import io.fairlead.sagemaker.internal.rules.S3Location;
import io.fairlead.spi.Hidden;
import io.fairlead.spi.Settings;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A request to a model whose body is in S3, for {@link SageMakerPlatform#invokeAsync}.
 *
 * <p>The rules are those of AWS's InvokeEndpointAsync. Absent values are not sent, so that SageMaker's defaults
 * apply. Custom attributes never appear in {@link #toString()}.
 */
public final class AsyncRequest extends Settings<AsyncRequest.Draft> {
  private static final long SHORTEST_LIFE = 60;
  private static final long LONGEST_LIFE = 21_600;
  private static final long LONGEST_INVOCATION = 3600;

  static final class Draft extends Settings.Draft {
    String inputLocation = "";
    String contentType = "";
    Optional<String> accept = Optional.empty();
    Optional<String> inferenceId = Optional.empty();

    @Hidden
    Optional<String> customAttributes = Optional.empty();

    Optional<Duration> timeToLive = Optional.empty();
    Optional<Duration> invocationTimeout = Optional.empty();
  }

  private AsyncRequest(Draft draft) {
    super(draft);
    Problems.in("AsyncRequest")
        .check(
            S3Location.isObject(draft.inputLocation),
            "inputLocation",
            S3Location.RULE,
            draft.inputLocation)
        .check(
            !draft.contentType.isEmpty() && RequestRules.isHeader(draft.contentType),
            "contentType",
            RequestRules.HEADER_RULE,
            draft.contentType)
        .check(
            isValid(draft.accept, RequestRules::isHeader),
            "accept",
            RequestRules.HEADER_RULE,
            draft.accept.orElse(""))
        .check(
            isValid(draft.inferenceId, RequestRules::isInferenceId),
            "inferenceId",
            RequestRules.INFERENCE_ID_RULE,
            draft.inferenceId.orElse(""))
        .check(
            isValid(draft.customAttributes, RequestRules::isHeader),
            "customAttributes",
            RequestRules.HEADER_RULE)
        .check(
            isWithin(draft.timeToLive, SHORTEST_LIFE, LONGEST_LIFE),
            "timeToLive",
            "must be from 60 seconds to 6 hours in whole seconds",
            draft.timeToLive.orElse(Duration.ZERO))
        .check(
            isWithin(draft.invocationTimeout, 1, LONGEST_INVOCATION),
            "invocationTimeout",
            "must be from 1 second to 1 hour in whole seconds",
            draft.invocationTimeout.orElse(Duration.ZERO))
        .throwIfAny();
  }

  private static boolean isValid(Optional<String> value, Predicate<String> rule) {
    return value.filter(text -> text.isEmpty() || !rule.test(text)).isEmpty();
  }

  private static boolean isWithin(Optional<Duration> value, long least, long most) {
    return value
        .filter(
            time -> time.toNanosPart() != 0 || time.toSeconds() < least || time.toSeconds() > most)
        .isEmpty();
  }

  /** {@return a request with a body in S3 and SageMaker's defaults} */
  public static AsyncRequest of(String inputLocation, String contentType) {
    Draft draft = new Draft();
    draft.inputLocation = inputLocation;
    draft.contentType = contentType;
    return new AsyncRequest(draft);
  }

  /** {@return the body, such as {@code s3://bucket/questions/1.json}; at most 1 GB} */
  public String inputLocation() {
    return draft().inputLocation;
  }

  /** {@return the content type of the body, such as {@code application/json}} */
  public String contentType() {
    return draft().contentType;
  }

  /** {@return the content type that the answer should have} */
  public Optional<String> accept() {
    return draft().accept;
  }

  /** {@return the caller's own id for this request; at most 64 printable characters} */
  public Optional<String> inferenceId() {
    return draft().inferenceId;
  }

  /** {@return the custom attributes that the container gets with the body; at most 1024 printable ASCII characters} */
  public Optional<String> customAttributes() {
    return draft().customAttributes;
  }

  /**
   * {@return the maximum time that the request may wait in the queue, 60 seconds to 6 hours in whole seconds; by
   * default 6 hours}
   */
  public Optional<Duration> timeToLive() {
    return draft().timeToLive;
  }

  /** {@return the maximum time that the model may take, 1 second to an hour in whole seconds; by default 15 minutes} */
  public Optional<Duration> invocationTimeout() {
    return draft().invocationTimeout;
  }

  public AsyncRequest withAccept(String type) {
    return new AsyncRequest(with(draft -> draft.accept = Optional.of(type)));
  }

  public AsyncRequest withInferenceId(String id) {
    return new AsyncRequest(with(draft -> draft.inferenceId = Optional.of(id)));
  }

  public AsyncRequest withCustomAttributes(String attributes) {
    return new AsyncRequest(with(draft -> draft.customAttributes = Optional.of(attributes)));
  }

  public AsyncRequest withTimeToLive(Duration time) {
    return new AsyncRequest(with(draft -> draft.timeToLive = Optional.of(time)));
  }

  public AsyncRequest withInvocationTimeout(Duration timeout) {
    return new AsyncRequest(with(draft -> draft.invocationTimeout = Optional.of(timeout)));
  }
}
