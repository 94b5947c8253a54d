package io.fairlead.engine.internal.run;

import io.fairlead.engine.RequestModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.text.TextDescription;
import io.fairlead.engine.internal.text.TextModel;
import io.fairlead.error.ErrorKind;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A lease of a loaded model.
 *
 * <p>Thread-safe; each call runs on its caller's thread. Leases of the same bytes, loaded with equal options, share one
 * model, which is closed when the last of them is closed and the last call has ended.
 */
public final class LeasedModel implements LoadedModel {
  private final String name;
  private final SharedModel shared;
  private final RequestModel model;
  private final long memoryBytes;
  private final int processors;
  private final int maxRuns;
  private final Calls calls;
  private final Failures failures;
  private final Consumer<LeasedModel> onClose;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * Creates a lease, which waits until the model is loaded.
   *
   * @param memoryBytes the limit for the tensors of one run
   * @param maxRuns the maximum number of runs of one call at the same time, if there are processors for them
   */
  public LeasedModel(
      String name,
      SharedModel shared,
      long memoryBytes,
      int maxRuns,
      Calls calls,
      Failures failures,
      Consumer<LeasedModel> onClose) {
    this.name = name;
    this.shared = shared;
    this.model = shared.await();
    this.memoryBytes = memoryBytes;
    this.processors = Math.max(
        1, Runtime.getRuntime().availableProcessors() / shared.key().options().threads());
    this.maxRuns = Math.min(maxRuns, processors);
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

  @Override
  public Optional<TextDescription> text() {
    return model instanceof TextModel texts ? texts.text() : Optional.empty();
  }

  @Override
  public Optional<String> batching() {
    return model instanceof BatchingModel batching ? batching.batching() : Optional.empty();
  }

  /**
   * {@return the model's response}
   *
   * <p>At the request's timeout the model is stopped: an ONNX model between two of its operators, Java code by an
   * interrupt. A model that does not stop blocks its caller until it ends.
   *
   * @throws io.fairlead.grammar.InvalidValueException if the request is wrong, with all problems, before the model runs
   * @throws io.fairlead.error.ServingException {@code INVALID} if its tensors exceed the memory limit, before the
   *     model runs, {@code TIMEOUT} after the timeout, {@code MODEL_FAILED} if the model
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

  @Override
  public String streamedType() {
    return model.streamedType();
  }

  private Response inCall(Request request, Function<RunningCall, Response> work) {
    RunningCall call = calls.begin(name, request.timeout(), memoryBytes, processors, maxRuns);
    try {
      if (closed.get() || !shared.hold()) {
        throw failures.failure(
            ErrorKind.NOT_FOUND, "Model '" + name + "' is no longer loaded: load it again");
      }
      // Released before the call ends, so that a close that waits for the calls finds the model
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
