package io.fairlead.serverless.internal.pool;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Why an invocation gets no answer from its pool.
 *
 * @param reason the reason
 * @param retryAfter when it may be worth another try; zero if that is not known
 * @param cause what went wrong before, if something did
 */
public record Refusal(
    Reason reason, Duration retryAfter, @Nullable Throwable cause) {
  /** A reason for a refusal. */
  public enum Reason {
    /** So many wait already that no more may. */
    QUEUE_FULL,
    /** Its time was up before it began to run. */
    TIMED_OUT_WAITING,
    /** Its time is up, and it is still running. */
    TIMED_OUT_RUNNING,
    /** No instance could be started; the cause says why. */
    START_FAILED,
    /** Every invocation that may run at a time is one that should have ended long ago. */
    STUCK,
    /** Its caller does not want the answer any more. */
    CANCELLED,
    /** The pool takes no invocations any more. */
    CLOSED
  }

  static Refusal of(Reason reason) {
    return new Refusal(reason, Duration.ZERO, null);
  }
}
