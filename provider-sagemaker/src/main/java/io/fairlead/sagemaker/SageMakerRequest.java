package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RequestOptions;
import io.fairlead.sagemaker.internal.rules.RequestRules;
import io.fairlead.spi.Hidden;
import io.fairlead.spi.Settings;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * SageMaker's options of a request, for {@link io.fairlead.platform.Request#with}; absent ones are not sent.
 *
 * <pre>{@code
 * request.with(SageMakerRequest.DEFAULT.withTargetModel("eu/churn.tar.gz"))
 * }</pre>
 *
 * <p>The rules are those of AWS's InvokeEndpoint. Custom attributes never appear in {@link #toString()}.
 */
public final class SageMakerRequest extends Settings<SageMakerRequest.Draft>
    implements RequestOptions {
  /** The {@code sessionId} that starts a stateful session; {@link SageMakerResponse#newSession()} has its id. */
  public static final String NEW_SESSION = "NEW_SESSION";

  private static final int LONGEST_SESSION_ID = 256;

  /** No options. */
  public static final SageMakerRequest DEFAULT = new SageMakerRequest(new Draft());

  static final class Draft extends Settings.Draft {
    Optional<String> targetModel = Optional.empty();
    Optional<String> inferenceComponent = Optional.empty();
    Optional<String> sessionId = Optional.empty();
    Optional<String> inferenceId = Optional.empty();

    @Hidden
    Optional<String> customAttributes = Optional.empty();

    Optional<String> accept = Optional.empty();
  }

  private SageMakerRequest(Draft draft) {
    super(draft);
    Problems problems = Problems.in("SageMakerRequest");
    check(
        problems,
        "targetModel",
        draft.targetModel,
        RequestRules::isHeader,
        RequestRules.HEADER_RULE);
    check(
        problems,
        "inferenceComponent",
        draft.inferenceComponent,
        RequestRules::isResourceName,
        RequestRules.NAME_RULE);
    check(
        problems,
        "sessionId",
        draft.sessionId,
        id -> id.equals(NEW_SESSION) || RequestRules.isName(id, LONGEST_SESSION_ID),
        "must be NEW_SESSION, or at most 256 letters, digits and hyphens");
    check(
        problems,
        "inferenceId",
        draft.inferenceId,
        RequestRules::isInferenceId,
        RequestRules.INFERENCE_ID_RULE);
    draft.customAttributes.ifPresent(attributes -> problems
        .check(!attributes.isEmpty(), "customAttributes", "must not be empty")
        .check(RequestRules.isHeader(attributes), "customAttributes", RequestRules.HEADER_RULE));
    check(problems, "accept", draft.accept, RequestRules::isHeader, RequestRules.HEADER_RULE);
    problems.throwIfAny();
  }

  private static void check(
      Problems problems,
      String field,
      Optional<String> value,
      Predicate<String> rule,
      String text) {
    value.ifPresent(given -> problems
        .check(!given.isEmpty(), field, "must not be empty")
        .check(rule.test(given), field, text, given));
  }

  /**
   * {@return the model to invoke of a multi-model endpoint, as its path under the endpoint's S3 prefix; at most 1024
   * printable characters}
   */
  public Optional<String> targetModel() {
    return draft().targetModel;
  }

  /** {@return the name of the inference component to invoke} */
  public Optional<String> inferenceComponent() {
    return draft().inferenceComponent;
  }

  /** {@return {@link #NEW_SESSION}, or the id of a stateful session, which is routed to the instance that holds it} */
  public Optional<String> sessionId() {
    return draft().sessionId;
  }

  /** {@return the caller's own id for this request in captured data; at most 64 printable characters} */
  public Optional<String> inferenceId() {
    return draft().inferenceId;
  }

  /** {@return the custom attributes that the container gets with the body; at most 1024 printable ASCII characters} */
  public Optional<String> customAttributes() {
    return draft().customAttributes;
  }

  /** {@return the content type that the answer should have; most containers have a default} */
  public Optional<String> accept() {
    return draft().accept;
  }

  public SageMakerRequest withTargetModel(String path) {
    return new SageMakerRequest(with(draft -> draft.targetModel = Optional.of(path)));
  }

  public SageMakerRequest withInferenceComponent(String name) {
    return new SageMakerRequest(with(draft -> draft.inferenceComponent = Optional.of(name)));
  }

  public SageMakerRequest withSessionId(String id) {
    return new SageMakerRequest(with(draft -> draft.sessionId = Optional.of(id)));
  }

  public SageMakerRequest withInferenceId(String id) {
    return new SageMakerRequest(with(draft -> draft.inferenceId = Optional.of(id)));
  }

  public SageMakerRequest withCustomAttributes(String attributes) {
    return new SageMakerRequest(with(draft -> draft.customAttributes = Optional.of(attributes)));
  }

  public SageMakerRequest withAccept(String contentType) {
    return new SageMakerRequest(with(draft -> draft.accept = Optional.of(contentType)));
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
