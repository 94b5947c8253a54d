package io.fairlead.serverless.internal;

import io.fairlead.engine.internal.run.LoadedModel;
import io.fairlead.serverless.internal.pool.Refusal;
import io.fairlead.serverless.internal.pool.Ticket;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** An invocation that runs on its caller's thread. */
final class CallerInvocation extends Ticket<LoadedModel> {
  private final Thread caller = Thread.currentThread();
  private volatile @Nullable LoadedModel model;
  private volatile @Nullable Refusal refusal;

  CallerInvocation(long deadline) {
    super(deadline);
  }

  /**
   * Waits until it may run or is refused; an interrupt cancels it.
   *
   * @return the model to run; {@code null} if it was refused
   */
  @Nullable
  LoadedModel await() {
    boolean interrupted = false;
    while (model == null && refusal == null) {
      LockSupport.park(this);
      if (Thread.interrupted()) {
        interrupted = true;
        cancel();
      }
    }
    if (interrupted) {
      caller.interrupt();
    }
    return model;
  }

  /** {@return why it was refused} */
  @Nullable
  Refusal refusal() {
    return refusal;
  }

  @Override
  protected void granted(LoadedModel granted) {
    model = granted;
    wake();
  }

  @Override
  protected void refused(Refusal why) {
    // If it runs already, the model itself is stopped at the deadline.
    refusal = why;
    wake();
  }

  private void wake() {
    if (Thread.currentThread() != caller) {
      LockSupport.unpark(caller);
    }
  }
}
