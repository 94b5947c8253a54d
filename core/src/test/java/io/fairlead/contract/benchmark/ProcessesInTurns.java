package io.fairlead.contract.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A comparison of what whole processes cost that invoke a model once, bare and through a platform: in turns; on Linux. */
public final class ProcessesInTurns {
  private static final String BARE = "bare";
  private static final double TARGET = 1.10;
  private static final double TICKS_PER_SECOND = 100;
  private static final int USER_TIME = 11;

  private ProcessesInTurns() {}

  /** One side of a comparison: a process that opens a client and invokes a model once. */
  @FunctionalInterface
  public interface Side {
    /** {@return the model's response} */
    String invoke(String server) throws Exception;
  }

  /**
   * Compares the sides and prints the figures, or is one of the processes.
   *
   * @param main the class whose main method calls this with its arguments
   * @param expected the response of both sides
   */
  public static void main(
      Class<?> main, String[] args, Server server, String expected, Side bare, Side platform)
      throws Exception {
    if (args.length > 0) {
      Side side = args[1].equals(BARE) ? bare : platform;
      System.out.println(side.invoke(args[0]));
      System.out.println(cpuTicks());
      return;
    }
    int pairs = Integer.getInteger("pairs", 11);
    double[][] wall = new double[2][pairs];
    double[][] cpu = new double[2][pairs];
    List<String> sides = List.of(BARE, "platform");
    try (ServerProcess process = server.start()) {
      for (int pair = -1; pair < pairs; pair++) {
        for (int turn = 0; turn < 2; turn++) {
          int side = (pair + 1 + turn) % 2;
          double[] took = run(main, process.hostAndPort(), sides.get(side), expected);
          if (pair >= 0) {
            wall[side][pair] = took[0];
            cpu[side][pair] = took[1];
          }
        }
      }
    }
    print("wall", wall);
    print("CPU", cpu);
  }

  /** Starts the server that both sides invoke. */
  @FunctionalInterface
  public interface Server {
    ServerProcess start() throws IOException;
  }

  private static double[] run(Class<?> main, String server, String side, String expected)
      throws IOException, InterruptedException {
    long begin = System.nanoTime();
    Process process = ServerProcess.jvm(main, server, side)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
    BufferedReader output = process.inputReader();
    String answer = output.readLine();
    String ticks = output.readLine();
    if (process.waitFor() != 0 || !expected.equals(answer)) {
      throw new IllegalStateException(side + " responded " + answer);
    }
    return new double[] {(System.nanoTime() - begin) / 1e9, Long.parseLong(ticks) / TICKS_PER_SECOND
    };
  }

  /** {@return what Linux has counted for this process until now} */
  private static long cpuTicks() throws IOException {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    // After the name, which may hold anything.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[USER_TIME + 1]);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static void print(String what, double[][] seconds) {
    double ratio = median(seconds[1]) / median(seconds[0]);
    System.out.printf(
        Locale.ROOT,
        "%-5s bare %.3f s, platform %.3f s, ratio %.3f, target %.2f %s%n",
        what,
        median(seconds[0]),
        median(seconds[1]),
        ratio,
        TARGET,
        ratio > TARGET ? "MISSED" : "");
  }
}
