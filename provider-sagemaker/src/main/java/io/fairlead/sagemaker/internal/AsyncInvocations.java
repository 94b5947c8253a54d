package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.Problems;
import io.fairlead.platform.Response;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.Durations;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.provider.TimeSource;
import io.fairlead.sagemaker.AsyncInvocation;
import io.fairlead.sagemaker.AsyncRequest;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.internal.rules.S3Location;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.ResponseBytes;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointAsyncRequest;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointAsyncResponse;

/** Asynchronous invocations: AWS's InvokeEndpointAsync, and polling of S3 for the answers. */
final class AsyncInvocations {
  /** An answer may have 1 GB. */
  private static final Duration DOWNLOAD_TIMEOUT = Duration.ofMinutes(15);

  private static final Duration SHORTEST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);
  /** The timeout of the last poll, which starts when the time to wait has passed. */
  private static final Duration LAST_POLL_TIMEOUT = Duration.ofSeconds(5);

  private final SageMakerClients clients;
  private final RefusedCalls calls;
  private final SageMakerErrors errors;
  private final TimeSource time;
  private final Duration callTimeout;

  /**
   * Creates the calls.
   *
   * @param callTimeout the timeout of an invocation, which does not include the model's time
   */
  AsyncInvocations(
      SageMakerClients clients,
      RefusedCalls calls,
      SageMakerErrors errors,
      TimeSource time,
      Duration callTimeout) {
    this.clients = clients;
    this.calls = calls;
    this.errors = errors;
    this.time = time;
    this.callTimeout = callTimeout;
  }

  AsyncInvocation invoke(Endpoint endpoint, AsyncRequest request) {
    InvokeEndpointAsyncRequest.Builder call = InvokeEndpointAsyncRequest.builder()
        .endpointName(endpoint.name())
        .inputLocation(request.inputLocation())
        .contentType(request.contentType())
        .accept(request.accept().orElse(null))
        .inferenceId(request.inferenceId().orElse(null))
        .customAttributes(request.customAttributes().orElse(null))
        .requestTTLSeconds(seconds(request.timeToLive()))
        .invocationTimeoutSeconds(seconds(request.invocationTimeout()));
    InvokeEndpointAsyncResponse taken = calls.call(
        "Invoking endpoint '" + endpoint.name() + "' asynchronously",
        Deadline.after(callTimeout, time),
        errors,
        left -> {
          Duration rest = clients.awaitRuntimeCredentials(left);
          return clients
              .runtime()
              .invokeEndpointAsync(
                  call.overrideConfiguration(SageMakerInvoker.within(rest)).build());
        });
    String output = SageMakerInvoker.given(taken.outputLocation())
        .orElseThrow(
            () -> new ServingException(
                SageMakerProvider.ID,
                ErrorKind.UNSUPPORTED,
                "Endpoint '" + endpoint.name()
                    + "' has accepted the request, but does not store answers: deploy it with SageMakerAsync.to(..)"));
    return new AsyncInvocation(
        endpoint.name(),
        SageMakerInvoker.given(taken.inferenceId()).orElse(""),
        output,
        SageMakerInvoker.given(taken.failureLocation()));
  }

  private static @Nullable Integer seconds(Optional<Duration> duration) {
    return duration.map(time -> (int) time.toSeconds()).orElse(null);
  }

  Optional<Response> result(AsyncInvocation invocation) {
    return result(invocation, DOWNLOAD_TIMEOUT);
  }

  private Optional<Response> result(AsyncInvocation invocation, Duration timeout) {
    String what = what(invocation);
    Optional<Response> answer = read(what, invocation.outputLocation(), timeout);
    if (answer.isPresent() || invocation.failureLocation().isEmpty()) {
      return answer;
    }
    read(what, invocation.failureLocation().get(), timeout).ifPresent(failure -> {
      throw new ServingException(
          SageMakerProvider.ID,
          ErrorKind.MODEL_FAILED,
          "The " + what + " failed: " + SageMakerErrors.quote(failure.text().strip())
              + ". The whole text is in " + invocation.failureLocation().get());
    });
    return Optional.empty();
  }

  private static String what(AsyncInvocation invocation) {
    return "request '" + invocation.inferenceId() + "' to endpoint '" + invocation.endpoint() + "'";
  }

  private Optional<Response> read(String what, String location, Duration timeout) {
    S3Location object = S3Location.of(location);
    try {
      return errors
          .find(
              "Reading the result of " + what + " in " + location,
              () -> clients
                  .s3()
                  .getObject(
                      GetObjectRequest.builder()
                          .bucket(object.bucket())
                          .key(object.key())
                          .overrideConfiguration(SageMakerInvoker.within(timeout))
                          .build(),
                      ResponseTransformer.<GetObjectResponse>toBytes()))
          .map(AsyncInvocations::response);
    } catch (ServingException e) {
      throw e.kind() == ErrorKind.UNAUTHORIZED ? explained(e, object.bucket()) : e;
    }
  }

  private static Response response(ResponseBytes<GetObjectResponse> object) {
    return SageMakerInvoker.response(
        object.asByteArrayUnsafe(), object.response().contentType(), null);
  }

  /** Without the permission to list the bucket, S3 answers 403 for a missing object. */
  private static ServingException explained(ServingException e, String bucket) {
    return ServingException.builder(
            e.platform(),
            e.kind(),
            e.getMessage() + ". Without s3:ListBucket on " + bucket
                + ", S3 gives the same answer while the result does not exist yet")
        .cause(e.getCause())
        .requestId(e.requestId().orElse(null))
        .build();
  }

  Response await(AsyncInvocation invocation, Duration timeout) {
    Problems.in("awaitResult")
        .check(timeout.compareTo(Duration.ZERO) > 0, "timeout", "must be more than 0", timeout)
        .throwIfAny();
    Duration end = time.elapsed().plus(timeout);
    for (Duration pause = SHORTEST_PAUSE; ; pause = longer(pause)) {
      ServingException trouble = null;
      try {
        Optional<Response> answer =
            result(invocation, later(end.minus(time.elapsed()), LAST_POLL_TIMEOUT));
        if (answer.isPresent()) {
          return answer.get();
        }
      } catch (ServingException e) {
        if (!e.retryable()) {
          throw e;
        }
        trouble = e;
      }
      Duration left = end.minus(time.elapsed());
      if (left.compareTo(Duration.ZERO) <= 0) {
        throw tooLate(invocation, timeout, trouble);
      }
      pause(invocation, sooner(pause, left));
    }
  }

  private static Duration longer(Duration pause) {
    return sooner(pause.multipliedBy(3).dividedBy(2), LONGEST_PAUSE);
  }

  private static Duration sooner(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private static Duration later(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  private void pause(AsyncInvocation invocation, Duration pause) {
    try {
      time.pause(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServingException(
          SageMakerProvider.ID,
          ErrorKind.CANCELLED,
          "Waiting for " + what(invocation) + " was interrupted; the request itself continues",
          e);
    }
  }

  private static ServingException tooLate(
      AsyncInvocation invocation, Duration timeout, @Nullable ServingException trouble) {
    String way = invocation.failureLocation().isEmpty()
        ? ". The endpoint does not store failures: deploy it with SageMakerAsync.withFailurePath"
        : "";
    return ServingException.builder(
            SageMakerProvider.ID,
            ErrorKind.TIMEOUT,
            "The " + what(invocation) + " has no result after " + Durations.shown(timeout)
                + "; it continues: wait for it again" + way
                + (trouble == null ? "" : ". The last poll failed: " + trouble.getMessage()))
        .cause(trouble)
        .build();
  }
}
