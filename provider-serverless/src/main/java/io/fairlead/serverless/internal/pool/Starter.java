package io.fairlead.serverless.internal.pool;

/**
 * Starts and stops the instances of one pool. Its methods return at once and are called outside of all locks.
 *
 * @param <I> the type of the instances
 */
public interface Starter<I> {
  /** Starts an instance; exactly one call of {@link Start#succeeded} or {@link Start#failed} has to follow. */
  void start(Start<I> start);

  /**
   * Stops an instance in which nothing runs.
   *
   * @param stopped to be called when its memory is free
   */
  void stop(I instance, Runnable stopped);

  /**
   * One start in progress.
   *
   * @param <I> the type of the instances
   */
  interface Start<I> {
    /** Reports that it has started. */
    void succeeded(I instance);

    /**
     * Reports that it has failed.
     *
     * @param retryable whether a retry may succeed
     */
    void failed(Throwable cause, boolean retryable);

    /** Reports that the started instance is about to exit by itself: no further invocation may run in it. */
    void ending();

    /**
     * Reports that the started instance has exited by itself: {@link Starter#stop} is not called for it. Its
     * invocations still have to be released.
     */
    void died();
  }
}
