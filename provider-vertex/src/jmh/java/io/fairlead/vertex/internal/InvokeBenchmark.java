package io.fairlead.vertex.internal;

import com.google.api.gax.grpc.GrpcCallContext;
import com.google.api.gax.rpc.FixedTransportChannelProvider;
import com.google.api.gax.rpc.TransportChannel;
import com.google.cloud.aiplatform.v1.PredictionServiceClient;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexProvider;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What a request costs beside Google's bare client, from one thread to a server on loopback, call by call in turns.
 *
 * <p>The bare client sets no deadline unless it is told to, and hangs with a server that does; what a deadline costs it
 * is told, too. {@code -Dcalls=N} is the number of calls of each side in each part.
 */
public final class InvokeBenchmark {
  static final Endpoint ENDPOINT = new Endpoint(
      new Container(
          ModelArtifact.of(URI.create("gs://models/one/")), RuntimeSpec.NONE, Dependencies.NONE),
      new Scaling(Optional.of("n1-standard-4"), 1, 1, 1, Options.none()),
      new Routing("churn", "blue"));

  private static final double BAR = 1.03;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final int calls = Integer.getInteger("calls", 50_000);

  /** Times of one side, in nanoseconds. */
  private static final class Side {
    private final Supplier<String> call;
    private long[] wall = {};
    private long[] cpu = {};

    Side(Supplier<String> call) {
      this.call = call;
    }

    void begin(int count) {
      wall = new long[count];
      cpu = new long[count];
    }

    void run(int number) {
      long cpuBefore = THREADS.getCurrentThreadCpuTime();
      long begin = System.nanoTime();
      String answer = call.get();
      wall[number] = System.nanoTime() - begin;
      cpu[number] = THREADS.getCurrentThreadCpuTime() - cpuBefore;
      if (!answer.equals(ConstantServer.ANSWER)) {
        throw new IllegalStateException("another answer");
      }
    }

    double wall(double part) {
      return quantile(wall, part);
    }

    double cpu() {
      return quantile(cpu, 0.5);
    }

    private static double quantile(long[] nanos, double part) {
      long[] sorted = nanos.clone();
      Arrays.sort(sorted);
      return sorted[(int) (part * (sorted.length - 1))] / 1e3;
    }
  }

  /** Compares, and prints the figures. */
  public static void main(String[] args) throws Exception {
    InvokeBenchmark benchmark = new InvokeBenchmark();
    // One for both, so that they have one connection: two differ by where the system runs the
    // server's threads.
    try (ConstantServer server = ConstantServer.start()) {
      TransportChannel channel = Bare.channel(server.hostAndPort());
      try (PredictionServiceClient bare = Bare.client(channel);
          EndpointPlatform platform = new VertexProvider()
              .open(VertexConfig.of(Bare.PROJECT, Bare.LOCATION)
                  .withPlaintextEndpoint(server.hostAndPort())
                  .withTransport(FixedTransportChannelProvider.create(channel)))) {
        System.out.printf(
            "%-10s %-16s %10s %10s %10s%n", "body", "side", "p50 us", "p90 us", "CPU us");
        for (int size : new int[] {200, 20_000, 1_000_000}) {
          benchmark.compare(bare, platform, size);
        }
      } finally {
        channel.shutdownNow();
      }
    }
  }

  private void compare(PredictionServiceClient bare, EndpointPlatform platform, int size) {
    byte[] body = new byte[size];
    Arrays.fill(body, (byte) '1');
    Side theirs = new Side(() -> Bare.ask(bare, body));
    Side theirsInTime = new Side(() -> askInTime(bare, body));
    Side ours = new Side(
        () -> platform.invoke(ENDPOINT, Request.of(body, "application/json")).text());
    int count = size > 100_000 ? calls / 10 : calls;
    // With fewer to warm up, what is compiled last decides.
    run(count, theirs, theirsInTime, ours);
    run(count, theirs, theirsInTime, ours);
    tell(size, "bare", theirs);
    tell(size, "bare in time", theirsInTime);
    tell(size, "fairlead", ours);
    compare(size, "fairlead / bare", ours, theirs);
    compare(size, "  / bare in time", ours, theirsInTime);
  }

  private static String askInTime(PredictionServiceClient bare, byte[] body) {
    return bare.rawPredictCallable()
        .call(
            Bare.request(body),
            GrpcCallContext.createDefault().withTimeoutDuration(Duration.ofMinutes(1)))
        .getData()
        .toStringUtf8();
  }

  private static void run(int count, Side... sides) {
    for (Side side : sides) {
      side.begin(count);
    }
    for (int i = 0; i < count; i++) {
      for (int turn = 0; turn < sides.length; turn++) {
        sides[(i + turn) % sides.length].run(i);
      }
    }
  }

  private static void compare(int size, String name, Side ours, Side theirs) {
    double ratio = ours.wall(0.5) / theirs.wall(0.5);
    System.out.printf(
        Locale.ROOT,
        "%-10d %-16s p50 %.3f, CPU %.3f, bar %.2f %s%n",
        size,
        name,
        ratio,
        ours.cpu() / theirs.cpu(),
        BAR,
        ratio > BAR ? "MISSED" : "");
  }

  private static void tell(int size, String name, Side side) {
    System.out.printf(
        Locale.ROOT,
        "%-10d %-16s %10.1f %10.1f %10.1f%n",
        size,
        name,
        side.wall(0.5),
        side.wall(0.9),
        side.cpu());
  }
}
