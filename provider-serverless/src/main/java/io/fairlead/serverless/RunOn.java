package io.fairlead.serverless;

/** The thread on which an invocation runs. */
public enum RunOn {
  /** The caller's thread for Java functions, a thread of the platform for models from files. */
  AUTOMATIC,
  /**
   * The caller's thread, which saves the microseconds of a hand-over. A run that cannot be stopped blocks its caller
   * past the deadline: Java code is stopped by an interrupt, and has to respond to it.
   */
  CALLER,
  /** A thread of the platform. The caller is free at the deadline, whatever the model does. */
  PLATFORM
}
