package io.fairlead.engine.internal.run;

import io.fairlead.engine.TensorSpec;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/** A model that is loaded, in this process or in another, and answers any number of callers at the same time. */
public interface LoadedModel extends AutoCloseable {
  /** {@return what messages and answers call it} */
  String name();

  /** {@return a hash over all that the model is made of, as 64 hexadecimal digits} */
  String digest();

  /** {@return what the model takes; empty for code, which does not say} */
  List<TensorSpec> inputs();

  /** {@return what the model gives; empty for code, which does not say} */
  List<TensorSpec> outputs();

  /**
   * {@return the model's answer, within the request's timeout}
   *
   * @throws io.fairlead.grammar.InvalidValueException if the request is wrong, with all that is, before the model runs
   * @throws io.fairlead.error.ServingException {@code INVALID} if its tensors take more memory than they may, before the
   *     model runs, {@code TIMEOUT} if it took too long, {@code MODEL_FAILED} if the model
   *     failed, {@code CANCELLED} if what it runs in is closed, {@code NOT_FOUND} if this model is
   */
  Response invoke(Request request);

  /**
   * Answers in pieces, within the request's timeout; a model that cannot answers in one.
   *
   * @param pieces takes each piece, on this thread
   * @return what is told beside the pieces
   * @throws io.fairlead.grammar.InvalidValueException as {@link #invoke} does
   * @throws io.fairlead.error.ServingException as {@link #invoke} does
   */
  default Response invokeStreaming(Request request, Consumer<? super ByteBuffer> pieces) {
    return invoke(request).handOn(pieces);
  }

  /** Gives the model back, at once; calls that are under way go on. Idempotent. */
  @Override
  void close();
}
