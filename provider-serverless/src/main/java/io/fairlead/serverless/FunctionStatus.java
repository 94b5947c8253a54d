package io.fairlead.serverless;

/**
 * What a function looks like at a moment. The counts begin anew when it is replaced.
 *
 * @param starting instances that are being started
 * @param ready instances that are idle or at work
 * @param draining instances that take no further invocation and go when those that run in them have ended
 * @param running invocations that run, also those that nobody waits for any more
 * @param waiting invocations that wait for a slot
 * @param stuck invocations that still run although their time has long been up
 * @param coldStarts instances that were started
 * @param invocations invocations that were taken on
 * @param waited how many of them had to wait before they ran
 * @param refused how many found the queue full
 */
public record FunctionStatus(
    int starting,
    int ready,
    int draining,
    int running,
    int waiting,
    int stuck,
    long coldStarts,
    long invocations,
    long waited,
    long refused) {
  /** {@return how many instances there are, whatever they are at} */
  public int instances() {
    return starting + ready + draining;
  }
}
