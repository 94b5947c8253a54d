package io.fairlead.contract;

import java.io.Serial;

/** The end of the process, as a test sees it: nothing after it runs, above all no clean-up. */
public final class ProcessKilled extends Error {
  @Serial
  private static final long serialVersionUID = 1L;

  ProcessKilled(String at) {
    super("killed " + at);
  }
}
