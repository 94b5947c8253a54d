package io.fairlead.serverless.internal.process;

import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.run.LoadedModel;
import io.fairlead.error.ErrorKind;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A model in a process of its own, for as long as that lives.
 *
 * <p>Safe for any number of callers at the same time. What happens to the process happens to this model alone: it may
 * run out of memory, crash, exit, or be killed, and its callers are told.
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

  /** {@return the id of the process} */
  public long pid() {
    return worker.pid();
  }

  /** {@return whether the process is there, and is not being killed} */
  public boolean isAlive() {
    return worker.isAlive();
  }

  /** {@return how the process ended, once it has and nothing of it is left; to complete it changes nothing here} */
  public CompletableFuture<WorkerExit> onExit() {
    return worker.exit().copy();
  }

  /** {@return what ends as soon as the process is of no use any more: it is being killed, or has ended} */
  public CompletableFuture<Void> onEnding() {
    return worker.ending().copy();
  }

  /**
   * {@return the model's answer}
   *
   * <p>At the request's deadline the caller is answered at once. The model is told to stop, and if it has not within the
   * grace of its {@link WorkerLimits}, the process is killed. Options and variant of the request stay here.
   *
   * @throws io.fairlead.grammar.InvalidValueException if the request is wrong, with all that is, before the model runs
   * @throws io.fairlead.error.ServingException {@code INVALID} if the request, or what its tensors take, is more than the
   *     process may, {@code TIMEOUT} if it took too long, {@code MODEL_FAILED} if the model failed or its process ended by itself, {@code UNAVAILABLE} if the process was killed for another call's sake, or
   *     had ended before it was asked, {@code NOT_FOUND} if this model is closed, {@code CANCELLED} if the thread was interrupted
   */
  @Override
  public Response invoke(Request request) {
    return worker.invoke(ready.name(), request);
  }

  /** Ends the process at once; callers get {@code UNAVAILABLE}. {@link #onExit()} says when it is gone. Idempotent. */
  public void kill() {
    worker.kill(ErrorKind.UNAVAILABLE, "it was told to end at once");
  }

  /** Lets no call begin any more and returns; the process ends when those that are under way have. Idempotent. */
  @Override
  public void close() {
    worker.close();
  }

  /** Closes, waits until the process is gone, and kills it after the grace. Idempotent. */
  public void close(Duration grace) {
    worker.close(grace);
  }

  @Override
  public String toString() {
    return "WorkerModel[" + name() + ", pid=" + pid() + "]";
  }
}
