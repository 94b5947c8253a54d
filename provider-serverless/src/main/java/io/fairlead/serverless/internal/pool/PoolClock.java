package io.fairlead.serverless.internal.pool;

/** The clock that pools go by. */
public interface PoolClock {
  /** {@return nanoseconds since a fixed moment, by a clock that nobody sets} */
  long now();

  /**
   * Lets something happen at a time, or soon after; at once if that has passed.
   *
   * @param time on this clock
   * @param action short, and never under a lock of the caller's
   * @return what calls it off
   */
  Alarm at(long time, Runnable action);

  /** Something that is going to happen. */
  interface Alarm {
    /** Calls it off, unless it has happened. */
    void cancel();
  }
}
