package io.fairlead.serverless.internal.http;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.serverless.FunctionMetrics;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A function that an {@link HttpFront} serves.
 *
 * <p>Called on the threads of all connections: no method may block.
 */
public interface HttpFunction {
  String name();

  /** {@return the version for the protocol; empty if there are no versions} */
  Optional<String> version();

  /** {@return the time of its deployment} */
  Instant deployedAt();

  /**
   * {@return whether it can be invoked; a function that is scaled to zero is ready, unless its last start has failed}
   */
  boolean isReady();

  /** {@return its instances and invocations} */
  FunctionMetrics metrics();

  /** {@return the timeout of an invocation} */
  Duration timeout();

  /**
   * Starts an invocation.
   *
   * <p>The future is cancelled when the client disconnects: an invocation that still waits should leave the queue. It
   * fails with {@link io.fairlead.grammar.InvalidValueException} or {@link io.fairlead.error.ServingException}; the
   * details of other exceptions are not sent to the client. The MDC of the calling thread is that of the request: it
   * belongs on the thread that runs the function, too.
   */
  CompletableFuture<Response> invoke(Request request);

  /**
   * Starts an invocation whose response is streamed if the function can; by default it cannot.
   *
   * <p>As with {@link #invoke}; and cancelling the future stops a model that is running, too.
   *
   * @param pieces the consumer of the pieces, called on the thread that runs the function, never on this one
   * @return the response without the pieces; its body, if any, is the last piece
   */
  default CompletableFuture<Response> invokeStreaming(Request request, StreamedPieces pieces) {
    return invoke(request);
  }

  /** Starts to read the inputs and outputs of the function, which may have to be loaded first. */
  CompletableFuture<FunctionDescription> describe();
}
