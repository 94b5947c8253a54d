package io.fairlead.serverless.internal.pool;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The refusal of an invocation by its pool.
 *
 * @param reason the reason
 * @param retryAfter the time after which a retry may succeed; zero if it is not known
 * @param cause the failure that led to it, if there is one
 */
public record Refusal(
    Reason reason, Duration retryAfter, @Nullable Throwable cause) {
  /** A reason for a refusal. */
  public enum Reason {
    /** The queue is full. */
    QUEUE_FULL,
    /** Its deadline passed while it waited for a slot of an instance. */
    TIMED_OUT_WAITING,
    /** Its deadline passed while the first instance was being started. */
    TIMED_OUT_LOADING,
    /** Its deadline passed while there was no memory for an instance. */
    TIMED_OUT_WITHOUT_MEMORY,
    /** Its deadline passed while as many instances of other pools were being started as may be at a time. */
    TIMED_OUT_BEFORE_START,
    /** Its deadline passed, and it is still running. */
    TIMED_OUT_RUNNING,
    /** No instance could be started; the cause has the reason. */
    START_FAILED,
    /** All concurrent invocations are stuck: they have not stopped after their deadlines. */
    STUCK,
    /** Its caller has cancelled it. */
    CANCELLED,
    /** The pool is closed. */
    CLOSED
  }

  static Refusal of(Reason reason) {
    return new Refusal(reason, Duration.ZERO, null);
  }
}
