package io.fairlead.engine.internal.run;

import io.fairlead.engine.Call;
import io.fairlead.engine.ModelHandler;
import io.fairlead.engine.RequestModel;
import io.fairlead.engine.StreamingModelHandler;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A model that is Java code; it runs on its caller's thread. */
final class HandlerModel implements RequestModel {
  private static final Logger LOG = LoggerFactory.getLogger(HandlerModel.class);

  private final ModelHandler handler;
  private final boolean owned;
  private final Failures failures;

  /** Creates a model; it closes a handler that it owns. */
  HandlerModel(ModelHandler handler, boolean owned, Failures failures) {
    this.handler = handler;
    this.owned = owned;
    this.failures = failures;
  }

  @Override
  public List<TensorSpec> inputs() {
    return List.of();
  }

  @Override
  public List<TensorSpec> outputs() {
    return List.of();
  }

  @Override
  public Response answer(Request request, Call call) {
    return run(() -> handler.handle(request), call);
  }

  @Override
  public Response stream(Request request, Consumer<? super ByteBuffer> pieces, Call call) {
    return handler instanceof StreamingModelHandler streaming
        ? run(() -> streaming.stream(request, new Pieces(pieces, call)), call)
        : RequestModel.super.stream(request, pieces, call);
  }

  @Override
  public String streamedType() {
    return handler instanceof StreamingModelHandler streaming
        ? streaming.streamedType()
        : RequestModel.super.streamedType();
  }

  private Response run(Callable<Response> code, Call call) {
    Response response = null;
    Throwable thrown = null;
    call.enter(Thread.currentThread()::interrupt);
    try {
      response = code.call();
    } catch (Exception | LinkageError | AssertionError | StackOverflowError e) {
      thrown = e;
    } finally {
      leave(call);
    }
    call.checkNotStopped(thrown);
    if (thrown != null) {
      throw failure(thrown, call);
    }
    if (response == null) {
      throw failures.failure(
          ErrorKind.MODEL_FAILED,
          "Model '" + call.model() + "' returned null instead of a Response");
    }
    return response;
  }

  private static void leave(Call call) {
    call.leave();
    if (call.isStopped()) {
      // The interrupt was for this call; the next task of the thread must not see it.
      Thread.interrupted();
    }
  }

  /** The pieces of a handler. Their consumer is not part of the model, and not interrupted with it. */
  private static final class Pieces implements Consumer<ByteBuffer> {
    private final Consumer<? super ByteBuffer> consumer;
    private final Call call;
    private final Thread thread = Thread.currentThread();

    Pieces(Consumer<? super ByteBuffer> consumer, Call call) {
      this.consumer = consumer;
      this.call = call;
    }

    @Override
    public void accept(ByteBuffer piece) {
      if (Thread.currentThread() != thread) {
        throw new IllegalStateException(
            "pieces have to be passed on the thread on which the handler was called, "
                + thread.getName() + ", not on " + Thread.currentThread().getName());
      }
      leave(call);
      call.checkNotStopped(null);
      try {
        consumer.accept(piece);
      } finally {
        call.enter(thread::interrupt);
      }
    }
  }

  private RuntimeException failure(Throwable thrown, Call call) {
    if (thrown instanceof ServingException || thrown instanceof InvalidValueException) {
      return (RuntimeException) thrown;
    }
    if (thrown instanceof InterruptedException) {
      Thread.currentThread().interrupt();
      return failures.failure(
          ErrorKind.CANCELLED,
          "Model '" + call.model() + "' did not answer: its thread was interrupted",
          thrown);
    }
    return failures.ofModel(call, describe(thrown), thrown);
  }

  private static String describe(Throwable thrown) {
    String message = thrown.getMessage();
    String type = thrown.getClass().getSimpleName();
    return message == null || message.isBlank() ? type : type + ": " + Failures.reason(thrown);
  }

  @Override
  public void close() {
    if (owned && handler instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Exception e) {
        LOG.warn("Model {} could not be closed", handler.getClass().getName(), e);
      }
    }
  }
}
