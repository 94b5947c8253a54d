package io.fairlead.serverless.internal.process;

/** Memory sizes in MB. */
final class Sizes {
  static final long MB = 1L << 20;

  private Sizes() {}

  static String shown(long bytes) {
    return bytes / MB + " MB";
  }
}
