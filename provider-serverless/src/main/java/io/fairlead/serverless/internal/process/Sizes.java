package io.fairlead.serverless.internal.process;

/** Sizes in the unit that memory sizes are given in. */
final class Sizes {
  static final long MB = 1L << 20;

  private Sizes() {}

  static String shown(long bytes) {
    return bytes / MB + " MB";
  }
}
