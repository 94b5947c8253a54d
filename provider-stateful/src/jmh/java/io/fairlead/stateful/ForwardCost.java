package io.fairlead.stateful;

import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hasher128;
import com.dynatrace.hash4j.hashing.Hashing;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.grammar.CachingPolicy.Strategy;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.stateful.internal.cache.CacheKey;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;

/**
 * What the whole way of a request through the cache costs: a hit beside the hash of the request and a bare lookup in
 * Caffeine, and a request that never hits beside one that no cache sees, with a model of ten microseconds.
 *
 * <p>The argument is the number of blocks; 40 by default.
 */
@SuppressWarnings("SystemOut")
public final class ForwardCost {
  private static final Hasher128 HASHER = Hashing.xxh3_128();
  private static final int LENGTH = 1024;
  private static final int REQUESTS = 1000;
  private static final int HITS_IN_BLOCK = 20_000;
  private static final int MISSES_IN_BLOCK = 2_000;
  private static final long MODEL_NANOS = 10_000;
  private static final long CACHE_BYTES = 16 << 20;

  private static long sum;

  private ForwardCost() {}

  public static void main(String[] arguments) throws Exception {
    int blocks = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 40;
    for (Eviction eviction : List.of(Eviction.LRU, Eviction.W_TINYLFU, Eviction.COST_AWARE)) {
      hits(eviction, blocks);
    }
    for (Eviction eviction : List.of(Eviction.LRU, Eviction.W_TINYLFU, Eviction.COST_AWARE)) {
      for (boolean tuned : new boolean[] {true, false}) {
        misses(eviction, tuned, blocks);
      }
    }
    System.out.println("(" + sum + ")");
  }

  private static Request[] requests() {
    Random random = new Random(1);
    Request[] requests = new Request[REQUESTS];
    for (int i = 0; i < REQUESTS; i++) {
      byte[] body = new byte[LENGTH];
      random.nextBytes(body);
      requests[i] = Request.ofUnsafe(body, "application/octet-stream");
    }
    return requests;
  }

  private static void hits(Eviction eviction, int blocks) throws Exception {
    Request[] requests = requests();
    byte[] answer = new byte[64];
    try (EndpointPlatform local = Bench.local(
            "answer", request -> Response.ofUnsafe(answer, "application/octet-stream"));
        CachingPlatform stateful = Stateful.over(local, Bench.config())) {
      StatefulContainer container = stateful
          .deploy(
              Bench.model("answer", StatefulModel.DETERMINISTIC),
              Bench.policy(Strategy.EXACT, eviction, CACHE_BYTES))
          .await(Bench.LIMIT);
      Cache<CacheKey, byte[]> bare = Caffeine.newBuilder()
          .maximumWeight(CACHE_BYTES)
          .weigher((CacheKey key, byte[] value) -> value.length)
          .build();
      for (Request request : requests) {
        stateful.cacheForward(container, request);
        bare.put(key(request), answer);
      }
      double[] nanos = Blocks.processorMedians(
          blocks,
          HITS_IN_BLOCK,
          times -> {
            for (int i = 0; i < times; i++) {
              sum += bare.getIfPresent(key(requests[i % REQUESTS])).length;
            }
          },
          times -> {
            for (int i = 0; i < times; i++) {
              sum += stateful.cacheForward(container, requests[i % REQUESTS]).bodyUnsafe().length;
            }
          });
      System.out.printf(
          "hit, %s: %.0f ns; hash and bare Caffeine: %.0f ns; %.2fx%n",
          eviction, nanos[1], nanos[0], nanos[1] / nanos[0]);
    }
  }

  private static CacheKey key(Request request) {
    HashValue128 hash = HASHER.hashBytesTo128Bits(request.bodyUnsafe());
    return new CacheKey(hash.getMostSignificantBits(), hash.getLeastSignificantBits());
  }

  private static void misses(Eviction eviction, boolean tuned, int blocks) throws Exception {
    byte[] answer = new byte[64];
    try (EndpointPlatform local = Bench.local("busy", request -> {
          Bench.work(MODEL_NANOS);
          return Response.ofUnsafe(answer, "application/octet-stream");
        });
        CachingPlatform stateful = Stateful.over(local, Bench.config())) {
      StatefulContainer container = stateful
          .deploy(
              Bench.model("busy", StatefulModel.DETERMINISTIC),
              Bench.with(Bench.policy(Strategy.EXACT, eviction, CACHE_BYTES), false, tuned))
          .await(Bench.LIMIT);
      Endpoint endpoint = local
          .describe("bench", local.list().get(0).variant().orElseThrow(), Bench.LIMIT)
          .orElseThrow()
          .value()
          .orElseThrow();
      long[] number = new long[1];
      double[] nanos = Blocks.medians(
          blocks,
          MISSES_IN_BLOCK,
          times -> {
            for (int i = 0; i < times; i++) {
              sum += stateful.invoke(container, next(number)).bodyUnsafe().length;
            }
          },
          times -> {
            for (int i = 0; i < times; i++) {
              sum += stateful.cacheForward(container, next(number)).bodyUnsafe().length;
            }
          },
          times -> {
            for (int i = 0; i < times; i++) {
              sum += local.invoke(endpoint, next(number)).bodyUnsafe().length;
            }
          });
      System.out.printf(
          "never a hit, %s, tuning %s: %.2f us; invoke without the cache: %.2f us, %.2fx; "
              + "the platform beneath alone: %.2f us, %.2fx%n",
          eviction,
          tuned ? "on" : "off",
          nanos[1] / 1000,
          nanos[0] / 1000,
          nanos[1] / nanos[0],
          nanos[2] / 1000,
          nanos[1] / nanos[2]);
    }
  }

  private static Request next(long[] number) {
    byte[] body = new byte[LENGTH];
    ByteBuffer.wrap(body).putLong(number[0]++);
    return Request.ofUnsafe(body, "application/octet-stream");
  }
}
