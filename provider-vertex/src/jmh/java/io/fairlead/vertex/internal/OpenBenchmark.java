package io.fairlead.vertex.internal;

import com.google.api.gax.rpc.TransportChannel;
import com.google.cloud.aiplatform.v1.PredictionServiceClient;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexProvider;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What opening the platform and the first request cost beside Google's bare client: whole processes, in turns; on Linux.
 *
 * <p>{@code -Dpairs=N} makes more of them.
 */
public final class OpenBenchmark {
  private static final double BAR = 1.10;
  private static final double TICKS_PER_SECOND = 100;
  private static final int USER_TIME = 11;

  private OpenBenchmark() {}

  /** Compares; with a server's address and a side, is one of the processes. */
  public static void main(String[] args) throws Exception {
    if (args.length > 0) {
      String endpoint = args[0];
      System.out.println(args[1].equals("bare") ? bare(endpoint) : fairlead(endpoint));
      System.out.println(cpuTicks());
      return;
    }
    int pairs = Integer.getInteger("pairs", 11);
    double[][] wall = new double[2][pairs];
    double[][] cpu = new double[2][pairs];
    List<String> sides = List.of("bare", "fairlead");
    try (ConstantServer server = ConstantServer.start()) {
      for (int pair = -1; pair < pairs; pair++) {
        for (int turn = 0; turn < 2; turn++) {
          int side = (pair + 1 + turn) % 2;
          double[] took = run(server.hostAndPort(), sides.get(side));
          if (pair >= 0) {
            wall[side][pair] = took[0];
            cpu[side][pair] = took[1];
          }
        }
      }
    }
    tell("wall", wall);
    tell("CPU", cpu);
  }

  private static String bare(String endpoint) throws IOException {
    TransportChannel channel = Bare.channel(endpoint);
    try (PredictionServiceClient client = Bare.client(channel)) {
      return Bare.ask(client, new byte[] {'1'});
    } finally {
      channel.shutdownNow();
    }
  }

  private static String fairlead(String endpoint) {
    try (EndpointPlatform platform = new VertexProvider()
        .open(VertexConfig.of(Bare.PROJECT, Bare.LOCATION).withPlaintextEndpoint(endpoint))) {
      return platform.invoke(InvokeBenchmark.ENDPOINT, Request.json("1")).text();
    }
  }

  private static double[] run(String endpoint, String side)
      throws IOException, InterruptedException {
    long begin = System.nanoTime();
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            OpenBenchmark.class.getName(),
            endpoint,
            side)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
    BufferedReader output = process.inputReader();
    String answer = output.readLine();
    String ticks = output.readLine();
    if (process.waitFor() != 0 || !ConstantServer.ANSWER.equals(answer)) {
      throw new IllegalStateException(side + " answered " + answer);
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

  private static void tell(String what, double[][] seconds) {
    double ratio = median(seconds[1]) / median(seconds[0]);
    System.out.printf(
        Locale.ROOT,
        "%-5s bare %.3f s, fairlead %.3f s, ratio %.3f, bar %.2f %s%n",
        what,
        median(seconds[0]),
        median(seconds[1]),
        ratio,
        BAR,
        ratio > BAR ? "MISSED" : "");
  }
}
