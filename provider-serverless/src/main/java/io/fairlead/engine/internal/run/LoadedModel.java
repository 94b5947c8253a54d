package io.fairlead.engine.internal.run;

import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.text.TextDescription;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A loaded model, in this process or in a worker; thread-safe. */
public interface LoadedModel extends AutoCloseable {
  /** {@return its name in messages and responses} */
  String name();

  /** {@return the digest of all files of the model, as 64 hexadecimal digits} */
  String digest();

  /** {@return the model's inputs; empty for code, which does not declare them} */
  List<TensorSpec> inputs();

  /** {@return the model's outputs; empty for code, which does not declare them} */
  List<TensorSpec> outputs();

  /** {@return what becomes of its texts; empty for a model that takes none} */
  default Optional<TextDescription> text() {
    return Optional.empty();
  }

  /**
   * {@return whether its requests are batched: {@code on}, or {@code off} with the reason; empty if they are not to be, or
   * if that is not known}
   */
  default Optional<String> batching() {
    return Optional.empty();
  }

  /**
   * {@return the model's response, within the request's timeout}
   *
   * @throws io.fairlead.grammar.InvalidValueException if the request is wrong, with all problems, before the model runs
   * @throws io.fairlead.error.ServingException {@code INVALID} if its tensors exceed the memory limit, before the
   *     model runs, {@code TIMEOUT} after the timeout, {@code MODEL_FAILED} if the model
   *     failed, {@code CANCELLED} if its engine or process is closed, {@code NOT_FOUND} if this model is
   */
  Response invoke(Request request);

  /**
   * Streams the response, within the request's timeout; a model without streaming returns it as it is.
   *
   * @param pieces the consumer of the pieces, called on this thread
   * @return the response without the pieces; its body, if any, is the last piece
   * @throws io.fairlead.grammar.InvalidValueException as {@link #invoke} does
   * @throws io.fairlead.error.ServingException as {@link #invoke} does
   */
  default Response invokeStreaming(Request request, Consumer<? super ByteBuffer> pieces) {
    return invoke(request);
  }

  /** {@return the content type of the pieces that it streams} */
  default String streamedType() {
    return "text/event-stream";
  }

  /** Releases the model at once; calls in progress go on. Idempotent. */
  @Override
  void close();
}
