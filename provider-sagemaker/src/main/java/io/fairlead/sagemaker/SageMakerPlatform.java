package io.fairlead.sagemaker;

import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Response;
import java.time.Duration;
import java.util.Optional;

/**
 * Endpoints on Amazon SageMaker.
 *
 * <p>What SageMaker tells beside an answer, sessions and custom attributes, is the response's {@link SageMakerResponse}:
 *
 * <pre>{@code
 * SageMakerRequest begin = SageMakerRequest.DEFAULT.withSessionId(SageMakerRequest.NEW_SESSION);
 * Response first = sagemaker.invoke(endpoint, request.with(begin));
 * String session = first.find(SageMakerResponse.class).orElseThrow().newSession().orElseThrow().id();
 * sagemaker.invoke(endpoint, request.with(SageMakerRequest.DEFAULT.withSessionId(session)));
 * }</pre>
 *
 * <p>{@link #invokeStreaming} needs {@code software.amazon.awssdk:netty-nio-client} on the class path, or fails as {@code
 * UNSUPPORTED}. It takes neither the caller's own HTTP client nor the caller's own clients of services, and stateful sessions
 * cannot be begun so.
 */
public interface SageMakerPlatform extends EndpointPlatform {
  /**
   * Asks a model of an endpoint with {@link SageMakerAsync}, and does not wait for it.
   *
   * @throws io.fairlead.error.ServingException if SageMaker does not take the request in
   */
  AsyncInvocation invokeAsync(Endpoint endpoint, AsyncRequest request);

  /**
   * Looks for an answer once. It is read into memory: larger ones are better read from their {@code outputLocation}.
   *
   * @return the answer; empty while there is none
   * @throws io.fairlead.error.ServingException of kind {@code MODEL_FAILED} with what the failure object says, or if S3
   *     cannot be read
   */
  Optional<Response> result(AsyncInvocation invocation);

  /**
   * Waits for an answer, looking each second at first and each 15 seconds later.
   *
   * @param timeout the longest to wait, more than 0; the request itself goes on afterwards
   * @throws io.fairlead.error.ServingException as {@link #result} does; of kind {@code TIMEOUT} if there is none in time
   */
  Response awaitResult(AsyncInvocation invocation, Duration timeout);
}
