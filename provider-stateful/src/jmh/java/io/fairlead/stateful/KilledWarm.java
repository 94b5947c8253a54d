package io.fairlead.stateful;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.grammar.CachingPolicy;
import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.grammar.CachingPolicy.Strategy;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.grammar.UpdateStrategy;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.stateful.internal.persistence.Child;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * How many of the answers of the last completed cycle are back after {@code kill -9}, when a new process deploys the same
 * model with the same folder.
 */
@SuppressWarnings("SystemOut")
public final class KilledWarm {
  private static final int ANSWERS = 100_000;
  private static final Duration FREQUENCY = Duration.ofSeconds(1);

  private KilledWarm() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments.length > 0) {
      fill(Path.of(arguments[0]));
      return;
    }
    Path folder = Files.createTempDirectory("killed-warm");
    try {
      for (int round = 0; round < 3; round++) {
        try (Child child = Child.java(KilledWarm.class, folder.toString())) {
          String line = child.line();
          while (line != null && !line.startsWith("saved")) {
            line = child.line();
          }
          child.kill();
        }
        restored(folder);
        delete(folder);
      }
    } finally {
      delete(folder);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.exists(folder) ? Files.walk(folder) : Stream.empty()) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static EndpointPlatform local() {
    return Bench.local(
        "echo", request -> Response.of((request.text() + " is it").getBytes(UTF_8), "text/plain"));
  }

  private static StatefulContainer deploy(CachingPlatform stateful) {
    return stateful
        .deploy(
            Bench.model("echo", StatefulModel.DETERMINISTIC),
            new StatePolicy(
                new CachingPolicy(Strategy.EXACT, 64 << 20, Eviction.LRU),
                new UpdateStrategy(UpdateStrategy.Type.INCREMENTAL, FREQUENCY, false)))
        .await(Bench.LIMIT);
  }

  private static Request ask(int number) {
    return Request.of(("request " + number).getBytes(UTF_8), "text/plain");
  }

  private static void fill(Path folder) throws IOException, InterruptedException {
    EndpointPlatform local = local();
    CachingPlatform stateful = Stateful.over(local, Bench.config().withFolder(folder));
    StatefulContainer container = deploy(stateful);
    for (int i = 0; i < ANSWERS; i++) {
      stateful.cacheForward(container, ask(i));
    }
    // Two cycles later, one has begun after the last answer, and is completed.
    Thread.sleep(2 * FREQUENCY.toMillis() + 1000);
    System.out.println("saved");
    for (int i = ANSWERS; true; i++) {
      stateful.cacheForward(container, ask(i));
    }
  }

  private static void restored(Path folder) {
    long begin = System.nanoTime();
    try (EndpointPlatform local = local();
        CachingPlatform stateful = Stateful.over(local, Bench.config().withFolder(folder))) {
      StatefulContainer container = deploy(stateful);
      double millis = (System.nanoTime() - begin) / 1e6;
      int back = 0;
      int wrong = 0;
      for (int i = 0; i < ANSWERS; i++) {
        Response response = stateful.cacheForward(container, ask(i));
        back += response.find(CacheAnswer.class).orElseThrow().source()
                == CacheAnswer.Source.CACHE_EXACT
            ? 1
            : 0;
        wrong += response.text().equals("request " + i + " is it") ? 0 : 1;
      }
      System.out.printf(
          "%d of %d answers are back (%.2f %%), %d wrong, opened and deployed in %.0f ms%n",
          back, ANSWERS, 100.0 * back / ANSWERS, wrong, millis);
    }
  }
}
