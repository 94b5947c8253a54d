package io.fairlead.serverless.internal.pool;

/**
 * What a pool looks like at a moment.
 *
 * @param starting instances that are being started
 * @param ready instances that are ready or at work
 * @param draining instances that take no further invocation and end when those that run in them have
 * @param running invocations that run, those included whose callers have gone
 * @param waiting invocations that wait for a slot
 * @param stuck invocations that run although their time has long been up
 * @param starts instances that were started since the pool was made
 * @param accepted invocations that were taken on since the pool was made
 * @param waited how many of them had to wait before they ran
 * @param refused how many found the queue full
 */
public record PoolStatus(
    int starting,
    int ready,
    int draining,
    int running,
    int waiting,
    int stuck,
    long starts,
    long accepted,
    long waited,
    long refused) {}
