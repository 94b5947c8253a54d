package io.fairlead.serverless.comparison;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What Linux tells of processes. */
final class Processes {
  private static final double MEGABYTE = 1024;
  private static final double TICKS_PER_SECOND = 100;
  private static final int USER_TIME = 11;

  private Processes() {}

  /** {@return the processor time that a process has used, in seconds} */
  static double cpuSeconds(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    // After the name, which may hold anything.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[USER_TIME + 1]))
        / TICKS_PER_SECOND;
  }

  /** {@return the memory of this process that is in RAM, in MB} */
  static double residentMegabytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / MEGABYTE;
      }
    }
    throw new IOException("no VmRSS");
  }
}
