package io.fairlead.serverless;

/** Whose thread an invocation runs on. */
public enum RunOn {
  /** Java functions on their callers', models from files on the platform's. */
  AUTOMATIC,
  /**
   * The caller's, which saves microseconds. What cannot be stopped keeps its caller past the deadline: Java code is
   * stopped by an interrupt, and has to heed it.
   */
  CALLER,
  /** One of the platform's. The caller is free at the deadline, whatever the model does. */
  PLATFORM
}
