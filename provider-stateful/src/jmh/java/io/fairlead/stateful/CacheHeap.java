package io.fairlead.stateful;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.grammar.CachingPolicy.Strategy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * By how much the heap really grows when a cache is filled, as a share of its {@code cache_size}: for answers of 16 bytes, 256
 * bytes and 4 KB, with requests retained and not, each in a process of its own.
 */
@SuppressWarnings("SystemOut")
public final class CacheHeap {
  private static final long CACHE_BYTES = 64 << 20;
  private static final int REQUEST_BYTES = 64;
  private static final int COLLECTIONS = 5;

  private CacheHeap() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 0) {
      for (Eviction eviction : List.of(Eviction.LRU, Eviction.W_TINYLFU, Eviction.COST_AWARE)) {
        for (int bytes : new int[] {16, 256, 4096}) {
          for (boolean retained : new boolean[] {true, false}) {
            inAnotherProcess(eviction, bytes, retained);
          }
        }
      }
    } else {
      measure(
          Eviction.valueOf(arguments[0]),
          Integer.parseInt(arguments[1]),
          Boolean.parseBoolean(arguments[2]));
    }
  }

  private static void inAnotherProcess(Eviction eviction, int bytes, boolean retained)
      throws IOException, InterruptedException {
    int exit = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
            "-cp",
            System.getProperty("java.class.path"),
            CacheHeap.class.getName(),
            eviction.name(),
            String.valueOf(bytes),
            String.valueOf(retained))
        .inheritIO()
        .start()
        .waitFor();
    if (exit != 0) {
      throw new IOException("the process ended with " + exit);
    }
  }

  private static void measure(Eviction eviction, int bytes, boolean retained) {
    try (EndpointPlatform local = Bench.local(
            "answer", request -> Response.ofUnsafe(new byte[bytes], "application/octet-stream"));
        CachingPlatform stateful = Stateful.over(local, Bench.config())) {
      StatefulContainer container = stateful
          .deploy(
              Bench.model("answer", StatefulModel.DETERMINISTIC.withRequestsRetained(retained)),
              Bench.policy(Strategy.EXACT, eviction, CACHE_BYTES))
          .await(Bench.LIMIT);
      // Whatever is loaded or made once is there before.
      for (int i = 0; i < 1000; i++) {
        stateful.invoke(container, request(i));
      }
      stateful.cacheForward(container, request(-1));
      long before = used();
      long last = -1;
      int i = 0;
      // Until it has been full for as long again, so that entries are evicted, too.
      for (int full = 0; full < i / 2 + 1000; i++) {
        stateful.cacheForward(container, request(i));
        long now = stateful.statistics(container).entries();
        full = now == last || now < last ? full + 1 : full;
        last = now;
      }
      long growth = used() - before;
      CacheStatistics told = stateful.statistics(container);
      System.out.printf(
          "%s, answers of %d bytes, requests %s: %d entries after %d requests; heap +%.1f MB = "
              + "%.3f of cache_size; accounted %.3f%n",
          eviction,
          bytes,
          retained ? "retained" : "not retained",
          told.entries(),
          i,
          growth / (double) (1 << 20),
          (double) growth / CACHE_BYTES,
          (double) told.bytes() / CACHE_BYTES);
    }
  }

  private static Request request(long number) {
    byte[] body = new byte[REQUEST_BYTES];
    ByteBuffer.wrap(body).putLong(number).put("of a stream".getBytes(UTF_8));
    return Request.ofUnsafe(body, "application/octet-stream");
  }

  @SuppressWarnings("SystemGc") // What is left after it is what is measured.
  private static long used() {
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
    }
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
