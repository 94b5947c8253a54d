package io.fairlead.serverless.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How much memory this process may hope for. */
final class MachineMemory {
  private static final Path TOTAL = Path.of("/proc/meminfo");
  private static final Path CONTAINER = Path.of("/sys/fs/cgroup/memory.max");
  private static final Pattern NUMBER = Pattern.compile("(\\d+)(?:\\s*(kB))?");

  /** A JVM whose heap is not set takes a quarter of the machine for it. */
  private static final int HEAPS = 4;

  private MachineMemory() {}

  /** {@return the memory of this machine, or of this container if that is less, in bytes} */
  static long bytes() {
    long least = Math.min(read(TOTAL), read(CONTAINER));
    return least == Long.MAX_VALUE ? Runtime.getRuntime().maxMemory() * HEAPS : least;
  }

  /** The first number in a file; the largest there is if there is none. */
  private static long read(Path file) {
    try {
      Matcher number = NUMBER.matcher(Files.readString(file));
      return number.find()
          ? Long.parseLong(number.group(1)) * (number.group(2) == null ? 1 : 1024)
          : Long.MAX_VALUE;
    } catch (IOException | NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }
}
