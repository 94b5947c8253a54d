package io.fairlead.serverless;

/**
 * A snapshot of a function's instances and invocations. The counters restart at 0 when the function is replaced.
 *
 * @param starting instances that are starting
 * @param ready instances that are idle or busy
 * @param draining instances that get no further invocation and stop when their running ones have ended
 * @param running running invocations, those included whose callers have gone
 * @param waiting invocations in the queue
 * @param stuck running invocations that did not stop after their deadline
 * @param coldStarts instances started so far
 * @param invocations invocations accepted so far
 * @param waited accepted invocations that had to wait in the queue
 * @param refused invocations refused because the queue was full
 * @param memoryBytes the memory that each instance takes of the platform's, in bytes: that of the limits, or one by the
 *     size of the model
 */
public record FunctionMetrics(
    int starting,
    int ready,
    int draining,
    int running,
    int waiting,
    int stuck,
    long coldStarts,
    long invocations,
    long waited,
    long refused,
    long memoryBytes) {
  /** {@return the number of instances in any state} */
  public int instances() {
    return starting + ready + draining;
  }
}
