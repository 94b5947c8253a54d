package io.fairlead.serverless.internal.pool;

import io.fairlead.grammar.Problems;
import java.time.Duration;
import java.util.Objects;

/**
 * The rules of one pool.
 *
 * @param memoryBytes what one instance counts in the {@link Budget}
 * @param slots how many invocations one instance runs at a time, 1 or more
 * @param maxConcurrent the most invocations that run at a time, over all instances, 1 or more
 * @param maxQueue the most invocations that wait at a time, 0 or more
 * @param timeout how long an invocation takes at most; one that is still running after twice as long is stuck
 * @param eager whether one instance is always there
 * @param idleTimeout how long the last instance stays without an invocation
 * @param extraIdleTimeout how long another one stays without an invocation
 * @param adaptive whether the last instance's stay follows the times at which invocations were seen to come, instead of
 *     the idle timeout
 */
public record PoolSettings(
    long memoryBytes,
    int slots,
    int maxConcurrent,
    int maxQueue,
    Duration timeout,
    boolean eager,
    Duration idleTimeout,
    Duration extraIdleTimeout,
    boolean adaptive) {
  public PoolSettings {
    Objects.requireNonNull(timeout, "timeout");
    Objects.requireNonNull(idleTimeout, "idleTimeout");
    Objects.requireNonNull(extraIdleTimeout, "extraIdleTimeout");
    Problems.in("PoolSettings")
        .check(memoryBytes >= 1, "memoryBytes", "must be 1 or more", memoryBytes)
        .check(slots >= 1, "slots", "must be 1 or more", slots)
        .check(maxConcurrent >= 1, "maxConcurrent", "must be 1 or more", maxConcurrent)
        .check(maxQueue >= 0, "maxQueue", "must not be negative", maxQueue)
        .check(timeout.compareTo(Duration.ZERO) > 0, "timeout", "must be more than 0", timeout)
        .throwIfAny();
  }

  /** {@return the most instances that are of use} */
  int maxInstances() {
    return (maxConcurrent + slots - 1) / slots;
  }
}
