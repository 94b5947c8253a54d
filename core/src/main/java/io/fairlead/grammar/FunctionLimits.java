package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Optional;

/**
 * The resources and scaling rules of a function.
 *
 * @param memoryBytes memory of one instance, in bytes, 1 or more; empty for what the platform derives from the model
 * @param timeout the maximum duration of an invocation, including its time in the queue
 * @param coldStart when the model is loaded
 * @param maxConcurrent the maximum number of concurrent invocations, over all instances
 * @param idleTimeout the time without an invocation after which the last instance stops (scale to zero)
 */
public record FunctionLimits(
    Optional<Long> memoryBytes,
    Duration timeout,
    ColdStart coldStart,
    int maxConcurrent,
    Duration idleTimeout) {
  /**
   * Memory by the model, a timeout of 60 seconds, lazy loading, 100 concurrent invocations, scale to zero after 10
   * minutes.
   */
  public static final FunctionLimits DEFAULT = new FunctionLimits(
      Optional.empty(), Duration.ofSeconds(60), ColdStart.LAZY, 100, Duration.ofMinutes(10));

  public FunctionLimits {
    requireNonNull(memoryBytes, "memoryBytes");
    requireNonNull(timeout, "timeout");
    requireNonNull(coldStart, "coldStart");
    requireNonNull(idleTimeout, "idleTimeout");
    Problems.in("FunctionLimits")
        .check(
            memoryBytes.isEmpty() || memoryBytes.get() >= 1,
            "memoryBytes",
            "must be 1 or more",
            memoryBytes.orElse(0L))
        .check(timeout.compareTo(Duration.ZERO) > 0, "timeout", "must be more than 0", timeout)
        .check(maxConcurrent >= 1, "maxConcurrent", "must be 1 or more", maxConcurrent)
        .check(!idleTimeout.isNegative(), "idleTimeout", "must not be negative", idleTimeout)
        .throwIfAny();
  }

  public FunctionLimits withMemoryBytes(long newMemoryBytes) {
    return new FunctionLimits(
        Optional.of(newMemoryBytes), timeout, coldStart, maxConcurrent, idleTimeout);
  }

  /**
   * {@return these limits with another memory size}
   *
   * @param size a number with a unit, such as {@code 2GB}; 1 GB is 1,024 MB and so on
   */
  public FunctionLimits withMemory(String size) {
    return withMemoryBytes(ByteSize.parse("FunctionLimits", "memory", size));
  }

  public FunctionLimits withTimeout(Duration newTimeout) {
    return new FunctionLimits(memoryBytes, newTimeout, coldStart, maxConcurrent, idleTimeout);
  }

  public FunctionLimits withColdStart(ColdStart newColdStart) {
    return new FunctionLimits(memoryBytes, timeout, newColdStart, maxConcurrent, idleTimeout);
  }

  public FunctionLimits withMaxConcurrent(int newMaxConcurrent) {
    return new FunctionLimits(memoryBytes, timeout, coldStart, newMaxConcurrent, idleTimeout);
  }

  public FunctionLimits withIdleTimeout(Duration newIdleTimeout) {
    return new FunctionLimits(memoryBytes, timeout, coldStart, maxConcurrent, newIdleTimeout);
  }

  @Override
  public String toString() {
    return words(false).in("FunctionLimits");
  }

  Words words(boolean withoutDefaults) {
    boolean all = !withoutDefaults;
    return Words.none()
        .add(memoryBytes.isPresent(), Shown.bytes(memoryBytes.orElse(0L)))
        .add(all || !timeout.equals(DEFAULT.timeout), "timeout " + Shown.duration(timeout))
        .add(all || coldStart != DEFAULT.coldStart, coldStart.toString())
        .add(all || maxConcurrent != DEFAULT.maxConcurrent, maxConcurrent + " concurrent")
        .add(
            all || !idleTimeout.equals(DEFAULT.idleTimeout),
            "idle after " + Shown.duration(idleTimeout));
  }
}
