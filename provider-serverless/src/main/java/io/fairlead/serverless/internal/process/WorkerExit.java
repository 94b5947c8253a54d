package io.fairlead.serverless.internal.process;

import static java.util.Objects.requireNonNull;

/**
 * How a worker process ended.
 *
 * @param code what the process gave the system; 128 and the number of the signal if a signal ended it
 * @param asked whether it was closed or killed from here
 * @param description what happened, as the end of a sentence that begins with the worker
 */
public record WorkerExit(int code, boolean asked, String description) {
  public WorkerExit {
    requireNonNull(description, "description");
  }
}
