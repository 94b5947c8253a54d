package io.fairlead.serverless.internal.process;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.time.Duration;

/**
 * What a worker process may take.
 *
 * @param memoryBytes all memory of its own: heap, native memory and the stacks of its threads, but not what it maps from
 *     files
 * @param startTimeout how long it may take until its model is loaded
 * @param stopGrace how long a call may go on after its deadline before the whole process is killed
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
