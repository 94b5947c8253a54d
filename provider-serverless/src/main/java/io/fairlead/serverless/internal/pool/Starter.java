package io.fairlead.serverless.internal.pool;

/**
 * Makes and ends the instances of one pool. Its methods return at once and are called outside of all locks.
 *
 * @param <I> what an instance is
 */
public interface Starter<I> {
  /** Begins to start an instance; exactly one of {@link Start#succeeded} and {@link Start#failed} has to follow. */
  void start(Start<I> start);

  /**
   * Ends an instance, in which nothing runs.
   *
   * @param stopped to be called when all that it held is free
   */
  void stop(I instance, Runnable stopped);

  /**
   * One start under way.
   *
   * @param <I> what an instance is
   */
  interface Start<I> {
    /** It has started. */
    void succeeded(I instance);

    /**
     * It has not started.
     *
     * @param mayPass whether another try may succeed
     */
    void failed(Throwable cause, boolean mayPass);

    /** It had started and is about to go by itself: nothing is to be run in it any more. */
    void ending();

    /** It had started and is gone by itself; {@link Starter#stop} is not going to be called. What ran in it still has to be released. */
    void died();
  }
}
