package io.fairlead.engine.internal.run;

import io.fairlead.engine.RequestModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A loaded model, for as long as it is needed.
 *
 * <p>Safe for any number of callers at the same time; each call runs on its caller's thread. Leases of the same bytes,
 * loaded with equal options, share one model, which goes when the last of them is closed and the last call has ended.
 */
public final class LeasedModel implements LoadedModel {
  private final String name;
  private final SharedModel shared;
  private final RequestModel model;
  private final long memoryBytes;
  private final Calls calls;
  private final Failures failures;
  private final Consumer<LeasedModel> onClose;
  private final AtomicBoolean closed = new AtomicBoolean();

  public LeasedModel(
      String name,
      SharedModel shared,
      long memoryBytes,
      Calls calls,
      Failures failures,
      Consumer<LeasedModel> onClose) {
    this.name = name;
    this.shared = shared;
    this.model = shared.await();
    this.memoryBytes = memoryBytes;
    this.calls = calls;
    this.failures = failures;
    this.onClose = onClose;
  }

  /** {@return the artifact's name, or that of its file, function or class} */
  @Override
  public String name() {
    return name;
  }

  @Override
  public String digest() {
    return shared.key().digest();
  }

  @Override
  public List<TensorSpec> inputs() {
    return model.inputs();
  }

  @Override
  public List<TensorSpec> outputs() {
    return model.outputs();
  }

  /**
   * {@return the model's answer}
   *
   * <p>The request's timeout is kept by stopping the model: one in a file between two of its operators, Java code by an
   * interrupt. What does neither end nor heed that keeps its caller waiting.
   *
   * @throws io.fairlead.grammar.InvalidValueException if the request is wrong, with all that is, before the model runs
   * @throws io.fairlead.error.ServingException {@code INVALID} if its tensors take more memory than they may, before the
   *     model runs, {@code TIMEOUT} if it took too long, {@code MODEL_FAILED} if the model
   *     failed, {@code CANCELLED} if the engine is closed, {@code NOT_FOUND} if this lease is
   */
  @Override
  public Response invoke(Request request) {
    return inCall(request, call -> model.answer(request, call));
  }

  @Override
  public Response invokeStreaming(Request request, Consumer<? super ByteBuffer> pieces) {
    return inCall(request, call -> model.stream(request, pieces, call));
  }

  private Response inCall(Request request, Function<RunningCall, Response> work) {
    RunningCall call = calls.begin(name, request.timeout(), memoryBytes);
    try {
      if (closed.get() || !shared.hold()) {
        throw failures.failure(
            ErrorKind.NOT_FOUND, "Model '" + name + "' is not loaded any more: load it again");
      }
      // Given back before the call ends, so that whoever waits for the calls to end finds the model
      // closed, too.
      try {
        return work.apply(call);
      } finally {
        shared.release();
      }
    } finally {
      calls.end(call);
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      onClose.accept(this);
      shared.release();
    }
  }
}
