package io.fairlead.serverless.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the pool's rules come to on real traffic; the bars are those that it was chosen for. */
final class TraceReplayTest {
  private static final Logger LOG = LoggerFactory.getLogger(TraceReplayTest.class);

  @BeforeEach
  void trace() {
    assumeTrue(
        AzureTrace.isThere(),
        () -> "there is no trace in " + AzureTrace.folder().toAbsolutePath()
            + ": name its folder with -Dtraces=...");
  }

  @Test
  void withTenMinutesOfIdlenessHardlyAnyInvocationWaits() {
    Sum sum = replay(settings(false));

    assertThat(sum.waitPercent).as("%s", sum).isLessThanOrEqualTo(0.35);
    assertThat(sum.idleHours).as("%s", sum).isLessThanOrEqualTo(2250);
  }

  @Test
  void theAdaptiveStaySparesTheRareFunctionsTheirColdStarts() {
    Sum sum = replay(settings(true));

    assertThat(sum.meanPercent).as("%s", sum).isLessThanOrEqualTo(4);
    assertThat(sum.idleHours).as("%s", sum).isLessThanOrEqualTo(2300);
  }

  private static PoolSettings settings(boolean adaptive) {
    return new PoolSettings(
        1,
        4,
        1000,
        Integer.MAX_VALUE,
        Duration.ofDays(1),
        false,
        Duration.ofMinutes(10),
        Duration.ofMinutes(1),
        adaptive);
  }

  /** All functions together. */
  private static final class Sum {
    private double waitPercent;
    private double meanPercent;
    private double idleHours;
    private long loads;
    private int peak;

    @Override
    public String toString() {
      return "%.3f %% wait, %.2f %% in the mean of functions, %.0f idle hours, %d loads, at most %d instances"
          .formatted(waitPercent, meanPercent, idleHours, loads, peak);
    }
  }

  private static Sum replay(PoolSettings settings) {
    Sum sum = new Sum();
    List<AzureTrace.Function> functions = AzureTrace.functions();
    long arrivals = 0;
    long waits = 0;
    int counted = 0;
    for (int f = 0; f < functions.size(); f++) {
      Replay replay = new Replay(settings, Duration.ofSeconds(2));
      long[][] calls = functions.get(f).calls(42 + f);
      for (int i = 0; i < calls[0].length; i++) {
        replay.arrive(calls[0][i], calls[1][i]);
      }
      Replay.Result result = replay.end(AzureTrace.LENGTH.toNanos());
      arrivals += result.arrivals();
      waits += result.waits();
      sum.idleHours += result.idleHours();
      sum.loads += result.loads();
      sum.peak = Math.max(sum.peak, result.peakInstances());
      if (result.arrivals() >= 10) {
        counted++;
        sum.meanPercent += result.waitPercent();
      }
    }
    sum.waitPercent = 100.0 * waits / arrivals;
    sum.meanPercent /= counted;
    LOG.info("{} invocations: {}", arrivals, sum);
    return sum;
  }
}
