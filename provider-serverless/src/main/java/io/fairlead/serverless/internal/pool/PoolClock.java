package io.fairlead.serverless.internal.pool;

/** The clock and the timers of pools. */
public interface PoolClock {
  /** {@return the monotonic time, in nanoseconds since an arbitrary origin} */
  long now();

  /**
   * Schedules an action for a time, or for now if that has passed.
   *
   * @param time the time on this clock
   * @param action a short action; it never runs under a lock of the caller
   * @return the timer, to cancel it
   */
  Alarm at(long time, Runnable action);

  /** A scheduled action. */
  interface Alarm {
    /** Cancels it, unless it has run. */
    void cancel();
  }
}
