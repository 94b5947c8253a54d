package io.fairlead.azureml.internal.scoring;

import io.fairlead.azureml.AzureMlRequest;
import io.fairlead.error.ServingException;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.HttpAnswer;
import io.fairlead.provider.HttpFailure;
import io.fairlead.provider.RefusedCalls.Refusals;
import io.fairlead.provider.RetryPolicy;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One request to an endpoint: its attempts, and the classification of their failures. */
final class Invocation<B> implements Function<Duration, HttpAnswer<B>>, Refusals<HttpFailure> {
  /** The header with the deployment that is to answer, and of the one that did. */
  static final String DEPLOYMENT = "azureml-model-deployment";

  private static final RetryPolicy REFUSED = new RetryPolicy(
      5, Duration.ofMillis(250), Duration.ofSeconds(4), RetryPolicy.DEFAULT.settling());

  private final String endpoint;
  private final Request request;
  private final @Nullable String variant;
  private final Deadline deadline;
  private final ScoringTargets targets;
  private final Sender<B> sender;
  private @Nullable ScoringTarget target;
  private boolean isCredentialNew;

  Invocation(
      String endpoint,
      Request request,
      Deadline deadline,
      ScoringTargets targets,
      Sender<B> sender) {
    this.endpoint = endpoint;
    this.request = request;
    this.variant = request.variant().orElse(null);
    this.deadline = deadline;
    this.targets = targets;
    this.sender = sender;
  }

  /** Sends a request. */
  @FunctionalInterface
  interface Sender<B> {
    HttpAnswer<B> send(HttpRequest.Builder request, Duration limit);
  }

  /** {@return the request, as the beginning of a sentence} */
  String what() {
    String what = "Invoking endpoint '" + endpoint;
    return variant == null ? what + "'" : what + "', variant '" + variant + "'";
  }

  Deadline deadline() {
    return deadline;
  }

  boolean isPinned() {
    return variant != null;
  }

  /** Makes one attempt; a credential that is refused is fetched again once, because the model did not get the request. */
  @Override
  public HttpAnswer<B> apply(Duration left) {
    ScoringTarget known = targets.find(endpoint, deadline);
    try {
      return sent(known);
    } catch (HttpFailure e) {
      if (isCredentialNew || !ScoringErrors.isCredentialRefused(e)) {
        throw e;
      }
      isCredentialNew = true;
      return sent(targets.findAfter(known, endpoint, deadline));
    }
  }

  private HttpAnswer<B> sent(ScoringTarget to) {
    target = to;
    Duration left = deadline.left();
    if (left.isZero()) {
      throw HttpFailure.notSent("there was no time left", null);
    }
    return sender.send(http(to), left);
  }

  private HttpRequest.Builder http(ScoringTarget to) {
    HttpRequest.Builder http = HttpRequest.newBuilder()
        .uri(to.scoring().uri())
        .header("Content-Type", request.contentType())
        .header("Authorization", to.authorization())
        .POST(BodyPublishers.ofByteArray(request.bodyUnsafe()));
    if (variant != null) {
      http.header(DEPLOYMENT, variant);
    }
    request.path().ifPresent(path -> http.uri(to.at(path)));
    if (!request.options().values().isEmpty()) {
      request
          .options()
          .find(AzureMlRequest.class)
          .ifPresent(option -> http.header("x-ms-client-request-id", option.clientRequestId()));
    }
    return http;
  }

  /** {@return a response with the variant that answered} */
  Response named(HttpAnswer<?> answer, byte[] body) {
    Response response = Response.ofUnsafe(body, answer.contentType());
    String answering = answering(answer);
    return answering == null ? response : response.servedBy(answering);
  }

  /** {@return the exception of an answer that did not end, with the variant that it is of} */
  ServingException named(HttpAnswer<?> answer, ServingException failure) {
    String answering = answering(answer);
    return answering == null ? failure : failure.withVariant(answering);
  }

  private @Nullable String answering(HttpAnswer<?> answer) {
    String deployment = answer.header(DEPLOYMENT, "");
    return deployment.isEmpty() ? variant : deployment;
  }

  @Override
  public Class<HttpFailure> type() {
    return HttpFailure.class;
  }

  @Override
  public Optional<RetryPolicy> policy(HttpFailure refusal) {
    return ScoringErrors.isRefusedForNow(refusal) ? Optional.of(REFUSED) : Optional.empty();
  }

  @Override
  public Optional<Duration> retryAfter(HttpFailure refusal) {
    return refusal.retryAfter();
  }

  @Override
  public ServingException failure(String what, HttpFailure failure) {
    return ScoringErrors.exception(what, failure, variant, target);
  }
}
