package io.fairlead.serverless.internal.http;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A function, as an {@link HttpFront} sees it.
 *
 * <p>It is called on the threads that all connections share: no method may wait for anything.
 */
public interface HttpFunction {
  String name();

  /** {@return the version that the protocol shows; empty if there are none} */
  Optional<String> version();

  /** {@return whether an invocation may be sent; a function that has yet to be loaded by its first one is ready} */
  boolean isReady();

  /** {@return the longest that an invocation may take} */
  Duration timeout();

  /**
   * Begins an invocation.
   *
   * <p>The future is cancelled when the client goes, after which nobody reads the answer: an invocation that still waits
   * should give up its place. It fails with {@link io.fairlead.grammar.InvalidValueException} or {@link
   * io.fairlead.error.ServingException}; what else it fails with is not shown to the client.
   */
  CompletableFuture<Response> invoke(Request request);

  /** Begins to find out what the function takes and gives, for which it may have to be loaded. */
  CompletableFuture<FunctionDescription> describe();
}
