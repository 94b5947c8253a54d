package io.fairlead.grammar;

/** The time at which a function's model is loaded: the paper's {@code cold_start_policy}. */
public enum ColdStart {
  /** Before the deploy succeeds; it stays loaded. */
  EAGER,
  /** With the first invocation, and with the first after the function has scaled to zero. */
  LAZY
}
