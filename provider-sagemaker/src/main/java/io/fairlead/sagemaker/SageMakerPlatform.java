package io.fairlead.sagemaker;

import io.fairlead.grammar.Endpoint;
import io.fairlead.language.OpenAiAccess;
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

  /** {@return access as by {@link #openAi(Endpoint, Duration)}, with tokens that live for 15 minutes} */
  OpenAiAccess openAi(Endpoint endpoint);

  /**
   * {@return access to an endpoint for a client of OpenAI's API, by SageMaker's route {@code /openai/v1}}
   *
   * <p>No call is made, now or for a token, unless the credentials have to be loaded. A token is made of the platform's
   * credentials, renewed before its end, and ends with them if that is earlier; a platform that is closed gives none.
   * SageMaker's route has {@code /chat/completions} only, with and without streaming, and passes it to the container as
   * it is: vLLM, SGLang, DJL LMI and llama.cpp answer it. Its requests follow the traffic weights. The caller needs the
   * rights {@code sagemaker:CallWithBearerToken} and {@code sagemaker:InvokeEndpoint}.
   *
   * @param tokenLife how long a token lives, from 1 minute to 12 hours; whoever has one may call until its end
   * @throws io.fairlead.grammar.InvalidValueException if the model has another task than chat, the endpoint is
   *     asynchronous, or the life is out of its range
   */
  OpenAiAccess openAi(Endpoint endpoint, Duration tokenLife);
}
