package io.fairlead.serverless.internal.process;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;

/** How much of the machine's memory a process takes, where the system cannot be told to limit it. */
final class ResidentMemory {
  private ResidentMemory() {}

  /** {@return the resident bytes; 0 if the process is gone or cannot be looked at} */
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
