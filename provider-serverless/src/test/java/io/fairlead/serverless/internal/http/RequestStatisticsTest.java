package io.fairlead.serverless.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class RequestStatisticsTest {
  private static final long SLOT = RequestStatistics.SLOT.toNanos();
  private static final long MILLI = Duration.ofMillis(1).toNanos();

  private final RequestStatistics statistics = new RequestStatistics();

  @Test
  void requestsAreCountedByStatusAndDuration() {
    statistics.add("iris", 200, MILLI, 0);
    statistics.add("iris", 200, MILLI + 1, 0);
    statistics.add("iris", 503, Duration.ofMinutes(2).toNanos(), 0);

    RequestStatistics.Series iris = statistics.of("iris");
    assertThat(iris.byStatus()).containsEntry(200, 2L).containsEntry(503, 1L).hasSize(2);
    assertThat(iris.buckets()).startsWith(1, 1, 0).endsWith(0, 1);
    assertThat(iris.seconds()).isEqualTo(120.002000001);
  }

  @Test
  void theLastMinutesMoveOn() {
    long start = -3 * SLOT;
    statistics.add("iris", 200, 5, start);
    statistics.add("iris", 399, 7, start + SLOT - 1);
    statistics.add("iris", 400, 9, start + SLOT);

    RequestStatistics.Recent recent = statistics.of("iris").recent(start + SLOT);

    int last = RequestStatistics.SLOTS - 1;
    assertThat(recent.succeeded[last - 1]).isEqualTo(2);
    assertThat(recent.slowestNanos[last - 1]).isEqualTo(7);
    assertThat(recent.failed[last]).isEqualTo(1);
    assertThat(statistics.of("iris").recent(start + SLOT * RequestStatistics.SLOTS).succeeded)
        .containsOnly(0);
    assertThat(statistics.of("iris").recent(start + SLOT * (RequestStatistics.SLOTS - 1)).succeeded)
        .startsWith(2, 0);
  }

  @Test
  void aSlotThatIsUsedAgainForgetsWhatItHeld() {
    statistics.add("iris", 200, 5, 0);
    statistics.add("iris", 200, 5, SLOT * RequestStatistics.SLOTS);

    assertThat(statistics.of("iris").recent(SLOT * RequestStatistics.SLOTS).succeeded)
        .endsWith(0, 1)
        .startsWith(0, 0);
  }

  @Test
  void functionsThatAreGoneAreForgotten() {
    statistics.add("iris", 200, 5, 0);
    statistics.add("rose", 200, 5, 0);
    statistics.add("", 404, 5, 0);

    statistics.retain(List.of("rose"));

    assertThat(statistics.all()).containsOnlyKeys("", "rose");
  }

  @Test
  void noRequestIsLostAmongThreads() throws InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    for (int i = 0; i < 4; i++) {
      threads.execute(() -> {
        for (int n = 0; n < 10_000; n++) {
          statistics.add("iris", 200, 5, n * MILLI);
        }
      });
    }
    threads.shutdown();

    assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(statistics.of("iris").byStatus()).containsEntry(200, 40_000L);
  }
}
