package io.fairlead.serverless.internal.process;

import static java.util.Objects.requireNonNull;

/**
 * The exit of a worker process.
 *
 * @param code the exit code; 128 plus the number of the signal if it was killed by one
 * @param requested whether this process closed or killed it
 * @param description the reason, as the end of a sentence that begins with the worker
 */
public record WorkerExit(int code, boolean requested, String description) {
  public WorkerExit {
    requireNonNull(description, "description");
  }
}
