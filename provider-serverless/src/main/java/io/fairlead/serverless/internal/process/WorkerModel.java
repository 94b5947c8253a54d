package io.fairlead.serverless.internal.process;

import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.run.LoadedModel;
import io.fairlead.engine.internal.text.TextDescription;
import io.fairlead.error.ErrorKind;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A model in a worker process.
 *
 * <p>Thread-safe. A failure of the process affects this model alone: if it runs out of memory, crashes, exits or is
 * killed, its pending calls fail.
 */
public final class WorkerModel implements LoadedModel {
  private final Worker worker;
  private final Wire.Ready ready;

  WorkerModel(Worker worker, Wire.Ready ready) {
    this.worker = worker;
    this.ready = ready;
  }

  @Override
  public String name() {
    return ready.name();
  }

  @Override
  public String digest() {
    return ready.digest();
  }

  @Override
  public List<TensorSpec> inputs() {
    return ready.inputs();
  }

  @Override
  public List<TensorSpec> outputs() {
    return ready.outputs();
  }

  @Override
  public Optional<TextDescription> text() {
    return ready.text();
  }

  /** {@return the id of the process} */
  public long pid() {
    return worker.pid();
  }

  /** {@return whether the process is alive and not being killed} */
  public boolean isAlive() {
    return worker.isAlive();
  }

  /** {@return a future of the exit; it completes when the process has exited and its resources are released} */
  public CompletableFuture<WorkerExit> onExit() {
    return worker.exit().copy();
  }

  /**
   * {@return a future that completes as soon as the process can serve no more calls: it is being killed, or has exited}
   */
  public CompletableFuture<Void> onEnding() {
    return worker.ending().copy();
  }

  /**
   * {@return the model's response}
   *
   * <p>At the request's deadline the call fails at once. The model is stopped, and if it does not stop within {@link
   * WorkerLimits#stopGrace}, the process is killed. Options and variant of the request are not sent to the worker.
   *
   * @throws io.fairlead.grammar.InvalidValueException if the request is wrong, with all problems, before the model runs
   * @throws io.fairlead.error.ServingException {@code INVALID} if the request or its tensors are larger than the memory
   *     of the process, {@code TIMEOUT} after the request's timeout, {@code MODEL_FAILED} if the model failed or its
   *     process exited by itself, {@code UNAVAILABLE} if the process was killed because of another call, or had exited
   *     before, {@code NOT_FOUND} if this model is closed, {@code CANCELLED} if the thread was interrupted
   */
  @Override
  public Response invoke(Request request) {
    return worker.invoke(ready.name(), request);
  }

  /** Kills the process; pending calls fail as {@code UNAVAILABLE}. See {@link #onExit()} for its exit. Idempotent. */
  public void kill() {
    worker.kill(ErrorKind.UNAVAILABLE, "it was killed on request");
  }

  /** Rejects further calls and returns; the process exits when the pending ones have ended. Idempotent. */
  @Override
  public void close() {
    worker.close();
  }

  /** Closes, waits for the exit of the process, and kills it after the grace period. Idempotent. */
  public void close(Duration grace) {
    worker.close(grace);
  }

  @Override
  public String toString() {
    return "WorkerModel[" + name() + ", pid=" + pid() + "]";
  }
}
