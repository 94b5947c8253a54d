package io.fairlead.stateful;

import io.fairlead.grammar.CachingPolicy.Strategy;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A process that switches the version of a model and asks it until it is killed. It prints each switch before and after it,
 * with the calls and the stale answers until then.
 */
final class Switching {
  private static final int THREADS = 4;

  private Switching() {}

  /** Runs it: the state folder, the URI of Redis, and the number of the version to begin with. */
  @SuppressWarnings("SystemOut")
  public static void main(String[] arguments) throws Exception {
    StatefulConfig config = StatefulConfig.DEFAULT
        .withFolder(Path.of(arguments[0]))
        .withSecondLevel(RedisLevel.at(URI.create(arguments[1])));
    try (SwitchedModels models =
        new SwitchedModels(() -> config, Strategy.PREDICTIVE, Integer.parseInt(arguments[2]))) {
      models.run(
          THREADS,
          0,
          Integer.MAX_VALUE,
          Duration.ofMillis(20),
          0,
          version -> System.out.println((version < 0 ? "switching " : "switched ")
              + Math.abs(version) + " " + models.calls() + " " + models.stale()));
    }
  }
}
