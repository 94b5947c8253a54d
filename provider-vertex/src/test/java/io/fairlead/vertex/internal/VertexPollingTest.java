package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How soon the end of an operation is noticed, by the pauses that the platform makes, each of chance. */
class VertexPollingTest {
  private static final int RUNS = 1001;

  private record Waited(Duration lag, Duration shortest, int polls) {}

  @ParameterizedTest
  @ValueSource(doubles = {0.5, 3, 7.7, 15, 22, 29.9})
  void theEndOfWhatTakesLessThanHalfAMinuteIsNoticedWithinASecond(double seconds) {
    Duration[] lags = new Duration[RUNS];
    for (int run = 0; run < RUNS; run++) {
      Waited waited = await(Duration.ofMillis((long) (seconds * 1000)), new Random(run));
      lags[run] = waited.lag();
      assertThat(waited.shortest()).isGreaterThanOrEqualTo(Duration.ofMillis(100));
    }
    Arrays.sort(lags);

    assertThat(lags[RUNS / 2]).isLessThanOrEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void whatTakesLongIsAskedForElevenTimesAMinuteAtMost() {
    Waited waited = await(Duration.ofMinutes(40), new Random(1));

    // A region answers 600 such calls a minute, and takes 60 submissions.
    assertThat(waited.polls()).isLessThan(40 * 11);
    assertThat(waited.lag()).isLessThanOrEqualTo(Duration.ofSeconds(10));
  }

  private static Waited await(Duration takes, Random random) {
    Duration now = Duration.ZERO;
    Duration shortest = Duration.ofDays(1);
    int polls = 0;
    while (now.compareTo(takes) < 0) {
      Duration pause = DefaultVertexPlatform.POLLING.next(now, random);
      shortest = pause.compareTo(shortest) < 0 ? pause : shortest;
      now = now.plus(pause);
      polls++;
    }
    return new Waited(now.minus(takes), shortest, polls);
  }
}
