package io.fairlead.sagemaker;

import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/** Endpoints on Amazon SageMaker. */
public interface SageMakerPlatform extends EndpointPlatform {
  /**
   * Asks a model as {@link #invoke} does, and tells what SageMaker says beside the answer: sessions and custom attributes.
   *
   * <pre>{@code
   * SageMakerRequest begin = SageMakerRequest.DEFAULT.withSessionId(SageMakerRequest.NEW_SESSION);
   * String session = sagemaker.invokeFully(endpoint, request.with(begin)).newSession().orElseThrow().id();
   * sagemaker.invoke(endpoint, request.with(SageMakerRequest.DEFAULT.withSessionId(session)));
   * }</pre>
   *
   * @throws io.fairlead.error.ServingException as {@link #invoke} does
   */
  SageMakerAnswer invokeFully(Endpoint endpoint, Request request);

  /**
   * Asks a model that answers in pieces, and hands on each piece as it comes, on the calling thread.
   *
   * <p>It needs {@code software.amazon.awssdk:netty-nio-client} on the class path, and takes neither the caller's own
   * HTTP client nor the caller's own clients of services. The request's timeout is a limit on the whole answer. Nothing
   * is asked again once a piece has come. Stateful sessions cannot be begun so.
   *
   * @param pieces what gets them, to be read only while it is called; what it throws ends the answer and is thrown here
   * @return what was told beside the pieces: the content type and the variant of a response without a body, and custom
   *     attributes
   * @throws io.fairlead.error.ServingException if the answer does not come to its end; of kind {@code UNSUPPORTED} if the
   *     artifact is missing
   */
  SageMakerAnswer invokeStreaming(
      Endpoint endpoint, Request request, Consumer<? super ByteBuffer> pieces);

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
