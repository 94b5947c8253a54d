package io.fairlead.sagemaker;

import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Response;
import java.time.Duration;
import java.util.Optional;

/**
 * Endpoints on Amazon SageMaker.
 *
 * <p>Stateful sessions and custom attributes of an answer are the response's {@link SageMakerResponse}:
 *
 * <pre>{@code
 * SageMakerRequest begin = SageMakerRequest.DEFAULT.withSessionId(SageMakerRequest.NEW_SESSION);
 * Response first = sagemaker.invoke(endpoint, request.with(begin));
 * String session = first.find(SageMakerResponse.class).orElseThrow().newSession().orElseThrow().id();
 * sagemaker.invoke(endpoint, request.with(SageMakerRequest.DEFAULT.withSessionId(session)));
 * }</pre>
 *
 * <p>{@link #invokeStreaming} needs {@code software.amazon.awssdk:netty-nio-client} on the class path, or fails as
 * {@code UNSUPPORTED}. It uses neither the caller's own HTTP client nor the caller's own clients of services, and
 * cannot start a stateful session.
 */
public interface SageMakerPlatform extends EndpointPlatform {
  /**
   * Invokes an endpoint with {@link SageMakerAsync}, and does not wait for the answer.
   *
   * @throws io.fairlead.error.ServingException if SageMaker does not accept the request
   */
  AsyncInvocation invokeAsync(Endpoint endpoint, AsyncRequest request);

  /**
   * Reads the answer if it exists, without waiting. It is read into memory: large answers are better read from their
   * {@code outputLocation}.
   *
   * @return the answer; empty while it does not exist
   * @throws io.fairlead.error.ServingException of kind {@code MODEL_FAILED} with the text of the failure object, or
   *     if S3 cannot be read
   */
  Optional<Response> result(AsyncInvocation invocation);

  /**
   * Waits for an answer: polls S3, each second at first and each 15 seconds later.
   *
   * @param timeout the maximum time to wait, more than 0; the request itself continues after it
   * @throws io.fairlead.error.ServingException as {@link #result} does; of kind {@code TIMEOUT} if there is no answer
   *     in time
   */
  Response awaitResult(AsyncInvocation invocation, Duration timeout);
}
