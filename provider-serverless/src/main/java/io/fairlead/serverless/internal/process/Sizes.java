package io.fairlead.serverless.internal.process;

/** Memory sizes in words. */
public final class Sizes {
  static final long MB = 1L << 20;
  private static final long KB = 1L << 10;

  private Sizes() {}

  /** {@return a size such as {@code 23 MB}, rounded down; 1 MB is 1,024 KB} */
  public static String shown(long bytes) {
    if (bytes < KB) {
      return bytes + " bytes";
    }
    return bytes < MB ? bytes / KB + " KB" : bytes / MB + " MB";
  }
}
