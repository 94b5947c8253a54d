package io.fairlead.serverless.internal.pool;

import io.fairlead.grammar.Problems;
import java.time.Duration;
import java.util.Objects;

/**
 * The limits and timeouts of one pool.
 *
 * @param memoryBytes the memory that one instance takes of the {@link Budget}, in bytes
 * @param slots the number of concurrent invocations of one instance, 1 or more
 * @param maxConcurrent the limit of concurrent invocations over all instances, 1 or more
 * @param maxQueue the limit of waiting invocations, 0 or more
 * @param timeout the timeout of an invocation; an instance that runs one for twice as long is drained
 * @param eager whether one instance is always kept
 * @param idleTimeout the idle time after which the last instance is stopped
 * @param extraIdleTimeout the idle time after which any other instance is stopped
 * @param adaptive whether the last instance is kept by the observed times between invocations, instead of by the idle
 *     timeout
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

  /** {@return the number of instances above which more would be of no use} */
  int maxInstances() {
    return (maxConcurrent + slots - 1) / slots;
  }
}
