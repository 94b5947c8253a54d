package io.fairlead.serverless;

/** Where the instances of a function run. */
public enum Isolation {
  /**
   * In this JVM. The memory size is accounted, not enforced; a timeout answers at the deadline and stops the run where
   * the runtime can be stopped.
   */
  IN_PROCESS,
  /**
   * Each instance in a process of its own, which has no more memory than the function's and is killed if it does not stop
   * at a deadline.
   */
  PROCESS
}
