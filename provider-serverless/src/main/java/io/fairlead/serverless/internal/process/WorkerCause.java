package io.fairlead.serverless.internal.process;

import java.io.Serial;

/**
 * An exception that was thrown in a worker: its message is the class and message there, its stack trace the one there.
 */
final class WorkerCause extends Exception {
  @Serial
  private static final long serialVersionUID = 1L;

  WorkerCause(String text, StackTraceElement[] trace) {
    super(text);
    setStackTrace(trace);
  }
}
