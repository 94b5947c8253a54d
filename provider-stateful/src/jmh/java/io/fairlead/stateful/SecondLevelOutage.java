package io.fairlead.stateful;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.grammar.CachingPolicy.Strategy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.stateful.CacheAnswer.Source;
import io.fairlead.stateful.internal.persistence.Child;
import io.fairlead.stateful.internal.persistence.RedisProcess;
import java.net.URI;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/**
 * What requests wait for when the second level of the cache is killed or hangs, how soon after its return it is used again,
 * and how many answers of another process a process gets from it.
 */
@SuppressWarnings("SystemOut")
public final class SecondLevelOutage {
  private static final int ANSWERS = 1000;
  private static final int REQUESTS = 20_000;

  private SecondLevelOutage() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments.length > 0) {
      fill(arguments[0]);
      return;
    }
    try (RedisProcess redis = RedisProcess.started()) {
      try (Child other = Child.java(SecondLevelOutage.class, redis.uri())) {
        System.out.println("another process " + other.line());
      }
      try (EndpointPlatform local = local();
          CachingPlatform stateful = open(local, redis.uri())) {
        StatefulContainer container = deploy(stateful);
        long[] number = new long[1];
        untilUsed(stateful, container, "first");
        double[] unused = misses(stateful, container, number, () -> {});
        int shared = 0;
        for (int i = 0; i < ANSWERS; i++) {
          shared += from(stateful, container, "shared " + i) == Source.L2 ? 1 : 0;
        }
        System.out.printf("answers of the other process: %d of %d%n", shared, ANSWERS);
        print("server there, miss", misses(stateful, container, number, () -> {}));
        print("server killed, miss", misses(stateful, container, number, redis::kill));
        redis.start();
        System.out.printf(
            "used again after its start: %.0f ms%n", untilUsed(stateful, container, "killed"));
        print("server hangs, miss", misses(stateful, container, number, redis::pause));
        redis.resume();
        System.out.printf(
            "used again after it went on: %.0f ms%n", untilUsed(stateful, container, "hung"));
      }
    }
  }

  /** What is done while requests come. */
  @FunctionalInterface
  private interface Trouble {
    void begin() throws Exception;
  }

  private static EndpointPlatform local() {
    return Bench.local("echo", request -> Response.of(request.bodyUnsafe(), "text/plain"));
  }

  private static CachingPlatform open(EndpointPlatform local, String uri) {
    return Stateful.over(local, Bench.config().withSecondLevel(RedisLevel.at(URI.create(uri))));
  }

  private static StatefulContainer deploy(CachingPlatform stateful) {
    return stateful
        .deploy(
            Bench.model("echo", StatefulModel.DETERMINISTIC),
            Bench.policy(Strategy.EXACT, Eviction.LRU, 64 << 10))
        .await(Bench.LIMIT);
  }

  private static void fill(String uri) {
    try (EndpointPlatform local = local();
        CachingPlatform stateful = open(local, uri)) {
      StatefulContainer container = deploy(stateful);
      untilUsed(stateful, container, "other");
      // Twice, because a lookup of a process that has just begun may take too long for it.
      for (int i = 0; i < 2 * ANSWERS; i++) {
        stateful.cacheForward(container, ask("shared " + i % ANSWERS));
      }
      // After these, all before them are stored, because they go through one connection.
      untilUsed(stateful, container, "filled");
      System.out.println("has asked for " + ANSWERS);
    }
  }

  private static Request ask(String text) {
    return Request.of(text.getBytes(UTF_8), "text/plain");
  }

  private static Source from(
      CachingPlatform stateful, StatefulContainer container, String request) {
    return stateful
        .cacheForward(container, ask(request))
        .find(CacheAnswer.class)
        .orElseThrow()
        .source();
  }

  /** Asks until the second level answers what the first has evicted; returns how many milliseconds that took. */
  private static double untilUsed(
      CachingPlatform stateful, StatefulContainer container, String name) {
    long begin = System.nanoTime();
    for (int round = 0; true; round++) {
      from(stateful, container, name + round);
      for (int i = 0; i < ANSWERS / 2; i++) {
        from(stateful, container, name + " evicts " + round + " " + i);
      }
      if (from(stateful, container, name + round) == Source.L2) {
        return (System.nanoTime() - begin) / 1e6;
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static double[] misses(
      CachingPlatform stateful, StatefulContainer container, long[] number, Trouble trouble)
      throws Exception {
    double[] micros = new double[REQUESTS];
    for (int i = 0; i < REQUESTS; i++) {
      if (i == REQUESTS / 10) {
        trouble.begin();
      }
      Request request = ask("miss " + number[0]++);
      long begin = System.nanoTime();
      stateful.cacheForward(container, request);
      micros[i] = (System.nanoTime() - begin) / 1e3;
    }
    Arrays.sort(micros);
    return micros;
  }

  private static void print(String what, double[] micros) {
    System.out.printf(
        "%s, p50/p99/most in us: %.0f/%.0f/%.0f; more than 25 ms: %d of %d%n",
        what,
        micros[micros.length / 2],
        micros[(int) (0.99 * (micros.length - 1))],
        micros[micros.length - 1],
        Arrays.stream(micros).filter(time -> time > 25_000).count(),
        micros.length);
  }
}
