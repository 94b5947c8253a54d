package io.fairlead.serverless;

/** The isolation of a function's instances from this JVM and from each other. */
public enum Isolation {
  /**
   * In this JVM. The memory size is accounted, not enforced; at a timeout the caller gets its error, and the run is
   * stopped if its runtime supports that. A crash of a model's native code ends the JVM.
   */
  IN_PROCESS,
  /**
   * Each instance in its own process, which is limited to the function's memory and killed if it does not stop at a
   * deadline. Its crash affects no other instance. It is no sandbox: it has the user, the files and the network of this
   * process.
   */
  PROCESS
}
