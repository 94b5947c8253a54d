package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ProcessAgeTest {
  @Test
  void growsWithTime() throws Exception {
    Duration before = ProcessAge.now();
    Thread.sleep(50);

    assertThat(ProcessAge.now().minus(before))
        .isBetween(Duration.ofMillis(20), Duration.ofSeconds(10));
    assertThat(before).isBetween(Duration.ofMillis(100), Duration.ofMinutes(30));
  }
}
