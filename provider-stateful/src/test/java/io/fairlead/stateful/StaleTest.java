package io.fairlead.stateful;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.grammar.CachingPolicy.Strategy;
import io.fairlead.stateful.SwitchedModels.Counts;
import io.fairlead.stateful.internal.persistence.Child;
import io.fairlead.stateful.internal.persistence.RedisProcess;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No answer is stale, as {@code StaleSoak} measures at length. */
class StaleTest {
  @TempDir
  private Path folder;

  @Test
  void noAnswerIsStaleWithASecondLevelAFolderAndRestarts() throws Exception {
    try (RedisProcess redis = RedisProcess.started();
        SwitchedModels models = new SwitchedModels(
            () -> StatefulConfig.DEFAULT
                .withFolder(folder)
                .withSecondLevel(RedisLevel.at(URI.create(redis.uri()))),
            Strategy.EXACT,
            0)) {
      Counts counts = models.run(4, 10_000, 40, Duration.ofMillis(20), 10, version -> {});

      assertThat(counts.stale()).as(counts.toString()).isZero();
      assertThat(counts.calls()).isGreaterThanOrEqualTo(10_000);
      assertThat(counts.hits()).isPositive();
      assertThat(counts.far()).isPositive();
    }
  }

  @Test
  void noAnswerIsStaleAfterAProcessWasKilledDuringASwitch() throws Exception {
    try (RedisProcess redis = RedisProcess.started()) {
      String version = "0";
      for (int process = 0; process < 2; process++) {
        try (Child child = Child.java(Switching.class, folder.toString(), redis.uri(), version)) {
          String line = child.line();
          for (int i = 0; i < 20 || line.startsWith("switched"); i++) {
            line = child.line();
          }
          child.kill();

          String[] words = line.split(" ", -1);
          assertThat(words[0]).isEqualTo("switching");
          assertThat(words[3]).as("stale answers until %s", line).isEqualTo("0");
          version = words[1];
        }
      }
    }
  }
}
