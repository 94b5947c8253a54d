package io.fairlead.reconcile;

import io.fairlead.grammar.Served;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * The one call of a provider that is not about resources: asking a model.
 *
 * @param <S> what the platform serves
 */
@FunctionalInterface
public interface Invoker<S extends Served> {
  /**
   * Asks the model behind a name, within the request's timeout; where there are variants, by the weights or pinned to
   * one.
   *
   * @return the answer, marked with the variant that gave it, if there are any
   * @throws io.fairlead.error.ServingException if there is none
   */
  Response invoke(S served, Request request);

  /**
   * Asks the model for an answer in pieces; by default, for a whole one that is handed on as one piece.
   *
   * <p>The platform ends the answer with what the consumer throws, and sees to it that its caller gets that: here it only
   * has to pass.
   *
   * @param pieces what gets each piece, in order and on the calling thread; it skips those that are empty
   * @return what was told beside the pieces: an answer without a body
   * @throws io.fairlead.error.ServingException if the answer does not come to its end, by the request's timeout or because
   *     the provider's clients are closed, too
   */
  default Response invokeStreaming(S served, Request request, Consumer<? super ByteBuffer> pieces) {
    return invoke(served, request).handOn(pieces);
  }
}
