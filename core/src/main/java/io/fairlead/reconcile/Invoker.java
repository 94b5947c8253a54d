package io.fairlead.reconcile;

import io.fairlead.grammar.Served;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * The data-plane call of a provider: invokes a model.
 *
 * @param <S> the type of what the platform serves
 */
@FunctionalInterface
public interface Invoker<S extends Served> {
  /**
   * Invokes the model of a public name within the request's timeout; where there are variants, by the traffic weights,
   * or the one that the request is pinned to.
   *
   * @return the answer, with the variant that gave it where there are variants
   * @throws io.fairlead.error.ServingException if there is no answer
   */
  Response invoke(S served, Request request);

  /**
   * Invokes the model with a streaming answer; by default, {@link #invoke invokes} it and passes the answer on as one
   * piece.
   *
   * <p>What the consumer throws must not be caught here: the platform ends the answer with it and throws it to the
   * caller.
   *
   * @param pieces receives each piece, in order and on the calling thread; empty pieces are skipped
   * @return the answer without its body
   * @throws io.fairlead.error.ServingException if the answer is not complete, also because the request's timeout passed
   *     or the provider's clients were closed
   */
  default Response invokeStreaming(S served, Request request, Consumer<? super ByteBuffer> pieces) {
    return invoke(served, request).handOn(pieces);
  }
}
