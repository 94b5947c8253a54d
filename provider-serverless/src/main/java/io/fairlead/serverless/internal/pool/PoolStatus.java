package io.fairlead.serverless.internal.pool;

/**
 * A snapshot of a pool.
 *
 * @param starting instances that are being started
 * @param ready instances that are idle or busy
 * @param draining instances that get no further invocation and stop when their running ones have ended
 * @param running running invocations, those included whose callers have gone
 * @param waiting invocations that wait for a slot
 * @param stuck running invocations that did not stop after their deadline
 * @param starts instances started since the pool was created
 * @param accepted invocations accepted since the pool was created
 * @param waited accepted invocations that had to wait
 * @param refused invocations refused because the queue was full
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
