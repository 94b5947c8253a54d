package io.fairlead.engine;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * A model that answers requests as they come, instead of tensors.
 *
 * <p>It reads and checks them itself, and says what forms it takes.
 */
public non-sealed interface RequestModel extends Model {
  /**
   * {@return the answer to a request}
   *
   * @param call says how long it may take, and ends it
   * @throws io.fairlead.grammar.InvalidValueException if the request is wrong, before the model runs
   * @throws io.fairlead.error.ServingException if the model fails or is stopped
   */
  Response answer(Request request, Call call);

  /**
   * Answers a request in pieces; by default in one.
   *
   * @param pieces takes each piece on this thread; it is called while nothing can be stopped here
   * @param call says how long it may take, and ends it
   * @return what is told beside the pieces
   */
  default Response stream(Request request, Consumer<? super ByteBuffer> pieces, Call call) {
    return answer(request, call).handOn(pieces);
  }
}
