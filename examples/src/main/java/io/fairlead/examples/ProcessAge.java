package io.fairlead.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** The age of this process, {@code examples/run} included. */
final class ProcessAge {
  private static final Path STAT = Path.of("/proc/self/stat");
  private static final int START_AFTER_NAME = 19;
  private static final int MILLIS_PER_TICK = 10;

  private ProcessAge() {}

  static Duration now() {
    // On Linux, ProcessHandle has the start time in whole seconds only.
    return Files.exists(STAT)
        ? fromProc()
        : ProcessHandle.current()
            .info()
            .startInstant()
            .map(start -> Duration.between(start, Instant.now()))
            .orElse(Duration.ZERO);
  }

  private static Duration fromProc() {
    try {
      String stat = Files.readString(STAT);
      long startTicks = Long.parseLong(
          stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[START_AFTER_NAME]);
      String uptime = Files.readString(Path.of("/proc/uptime"));
      double seconds = Double.parseDouble(uptime.substring(0, uptime.indexOf(' ')));
      return Duration.ofMillis(Math.round(seconds * 1000) - startTicks * MILLIS_PER_TICK);
    } catch (IOException e) {
      return Duration.ZERO;
    }
  }
}
