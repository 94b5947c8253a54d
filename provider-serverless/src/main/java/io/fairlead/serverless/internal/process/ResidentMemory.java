package io.fairlead.serverless.internal.process;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;

/** The resident set size of a process, for systems without a memory limit per process. */
final class ResidentMemory {
  private ResidentMemory() {}

  /** {@return the resident set size in bytes; 0 if the process has exited or cannot be read} */
  static long of(long pid) {
    try {
      Process ps = new ProcessBuilder("ps", "-o", "rss=", "-p", String.valueOf(pid))
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start();
      ps.getOutputStream().close();
      String kilobytes = new String(ps.getInputStream().readAllBytes(), US_ASCII).strip();
      return kilobytes.isEmpty() ? 0 : Long.parseLong(kilobytes) * 1024;
    } catch (IOException | NumberFormatException e) {
      return 0;
    }
  }
}
