package io.fairlead.engine;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * A model that handles raw requests instead of tensors.
 *
 * <p>It parses and validates them itself, and defines its own formats.
 */
public non-sealed interface RequestModel extends Model {
  /**
   * {@return the response to a request}
   *
   * @param call the call, with its deadline; it stops the work
   * @throws io.fairlead.grammar.InvalidValueException if the request is wrong, before the model runs
   * @throws io.fairlead.error.ServingException if the model fails or is stopped
   */
  Response answer(Request request, Call call);

  /**
   * Streams the response to a request; by default as one piece.
   *
   * @param pieces the consumer of the pieces, called on this thread while the call is not entered
   * @param call the call, with its deadline; it stops the work
   * @return the response without the pieces; its body, if any, is the last piece
   */
  default Response stream(Request request, Consumer<? super ByteBuffer> pieces, Call call) {
    return answer(request, call);
  }

  /** {@return the content type of the pieces, which the head of an HTTP response has before the first of them} */
  default String streamedType() {
    return "text/event-stream";
  }
}
