package io.fairlead.serverless.internal.process;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.time.Duration;

/**
 * The limits of a worker process.
 *
 * @param memoryBytes its private memory: heap, native memory and thread stacks, without memory-mapped files
 * @param startTimeout the timeout until its model is loaded
 * @param stopGrace the time after its deadline in which a call has to stop before the process is killed
 */
public record WorkerLimits(long memoryBytes, Duration startTimeout, Duration stopGrace) {
  /** 1 GiB, a minute to start, 50 milliseconds to stop. */
  public static final WorkerLimits DEFAULT =
      new WorkerLimits(1L << 30, Duration.ofMinutes(1), Duration.ofMillis(50));

  public WorkerLimits {
    requireNonNull(startTimeout, "startTimeout");
    requireNonNull(stopGrace, "stopGrace");
    Problems.in("WorkerLimits")
        .check(memoryBytes >= 1, "memoryBytes", "must be 1 or more", memoryBytes)
        .check(
            startTimeout.compareTo(Duration.ZERO) > 0,
            "startTimeout",
            "must be more than 0",
            startTimeout)
        .check(!stopGrace.isNegative(), "stopGrace", "must not be negative", stopGrace)
        .throwIfAny();
  }

  public WorkerLimits withMemoryBytes(long newMemoryBytes) {
    return new WorkerLimits(newMemoryBytes, startTimeout, stopGrace);
  }

  public WorkerLimits withStartTimeout(Duration newStartTimeout) {
    return new WorkerLimits(memoryBytes, newStartTimeout, stopGrace);
  }

  public WorkerLimits withStopGrace(Duration newStopGrace) {
    return new WorkerLimits(memoryBytes, startTimeout, newStopGrace);
  }
}
