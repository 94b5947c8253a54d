package io.fairlead.serverless.internal.process;

import java.io.Serial;

/** What was thrown in a worker: its class and message as the message, and the stack that it had there. */
final class WorkerCause extends Exception {
  @Serial
  private static final long serialVersionUID = 1L;

  WorkerCause(String text, StackTraceElement[] trace) {
    super(text);
    setStackTrace(trace);
  }
}
