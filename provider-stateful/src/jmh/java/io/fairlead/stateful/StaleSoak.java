package io.fairlead.stateful;

import io.fairlead.grammar.CachingPolicy.Strategy;
import io.fairlead.stateful.internal.persistence.Child;
import io.fairlead.stateful.internal.persistence.RedisProcess;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Whether an answer is ever stale: 200,000 calls on 8 threads while the version is switched every 20 ms, with the cache in
 * memory, with Redis, with prefetching, with all of it and restarts, and with {@code kill -9} of the process at any moment,
 * after which another one goes on with its folder and its Redis.
 *
 * <p>Arguments: the number of calls, and of processes that are killed; 200000 and 20 by default.
 */
@SuppressWarnings("SystemOut")
public final class StaleSoak {
  private static final int THREADS = 8;
  private static final Duration PAUSE = Duration.ofMillis(20);
  private static final int SWITCHES = 200;

  private StaleSoak() {}

  public static void main(String[] arguments) throws Exception {
    long calls = arguments.length > 0 ? Long.parseLong(arguments[0]) : 200_000;
    int kills = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 20;
    Path folder = Files.createTempDirectory("stale-soak");
    try (RedisProcess redis = RedisProcess.started()) {
      RedisLevel level = RedisLevel.at(URI.create(redis.uri()));
      StatefulConfig plain = StatefulConfig.DEFAULT;
      run("memory", () -> plain, Strategy.EXACT, calls, 0);
      run("Redis", () -> plain.withSecondLevel(level), Strategy.EXACT, calls, 0);
      run("prefetching", () -> plain, Strategy.PREDICTIVE, calls, 0);
      run(
          "Redis, prefetching, folder and restarts",
          () -> plain.withSecondLevel(level).withFolder(folder.resolve("restarts")),
          Strategy.PREDICTIVE,
          calls,
          20);
      killed(folder.resolve("kills"), redis, kills);
    } finally {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  private static void run(
      String what, Supplier<StatefulConfig> config, Strategy strategy, long calls, int restarts)
      throws Exception {
    try (SwitchedModels models = new SwitchedModels(config, strategy, 0)) {
      System.out.println(
          what + ": " + models.run(THREADS, calls, SWITCHES, PAUSE, restarts, version -> {}));
    }
  }

  /** Kills processes while they switch, and has the next one go on. */
  private static void killed(Path folder, RedisProcess redis, int kills) throws Exception {
    Random random = new Random(1);
    int version = 0;
    long stale = 0;
    long calls = 0;
    for (int i = 0; i < kills; i++) {
      try (Child child =
          Child.java(Switching.class, folder.toString(), redis.uri(), String.valueOf(version))) {
        int switches = 1 + random.nextInt(100);
        String line = child.line();
        while (switches > 0 && line != null) {
          switches -= line.startsWith("switched") ? 1 : 0;
          line = child.line();
        }
        List<String> rest = child.kill();
        for (String last : rest) {
          line = last;
        }
        if (line == null) {
          throw new IOException("the process ended by itself");
        }
        String[] words = line.split(" ", -1);
        version = Integer.parseInt(words[1]);
        calls += Long.parseLong(words[2]);
        stale += Long.parseLong(words[3]);
      }
    }
    System.out.println("kill -9 of " + kills + " processes: " + calls + " calls, " + stale
        + " stale, " + version + " switches");
  }
}
