package io.fairlead.grammar;

/** When a function's model is loaded: the paper's {@code cold_start_policy}. */
public enum ColdStart {
  /** Before deploy ends, and kept loaded. */
  EAGER,
  /** With the first invocation, and again after the function was idle. */
  LAZY
}
