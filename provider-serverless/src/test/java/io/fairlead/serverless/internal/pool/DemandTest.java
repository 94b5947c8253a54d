package io.fairlead.serverless.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DemandTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void whileNothingIsKnownOneInstanceIsEnough() {
    Demand demand = new Demand(4, 100);

    assertThat(demand.ofQueue(1000, 0, 0)).isEqualTo(1);
    assertThat(demand.ofLastMinute(0)).isZero();
    assertThat(demand.untilWorkedOff(1000, 0)).isEqualTo(SECOND);
  }

  /** Slots that are busy, by arrivals of the last half second and by the queue, over 0.7 of an instance's slots. */
  @ParameterizedTest
  @CsvSource({
    // arrivals, ms each, slots, waiting, running, expected
    "        10,     200,     1,       0,      20,        6", // 20 a second * 0.2 s = 4 slots
    "        10,     200,     4,       0,      20,        2",
    "         0,    1000,     1,       7,       3,       10", // the queue alone: 7 s of work in 1 s
    "         0,    1000,     1,       7,       0,        7", // never more than there are
    // invocations
    "        50,    1000,     1,      10,     500,       50", // never more than there may be
    "         1,       1,     1,       1,       0,        1",
  })
  void theQueueNeedsAsManyInstancesAsWorkItOffWithinASecond(
      int arrivals, long millis, int slots, int waiting, int running, int expected) {
    Demand demand = new Demand(slots, 50);
    for (int i = 0; i < arrivals; i++) {
      demand.arrived(0);
    }
    if (arrivals == 0) {
      demand.arrived(-SECOND);
    }
    demand.served(millis * 1_000_000);

    assertThat(demand.ofQueue(waiting, running, 0)).isEqualTo(expected);
  }

  @Test
  void theLastMinuteKeepsTheInstancesThatTheLastHalfSecondForgets() {
    Demand demand = new Demand(1, 100);
    for (int second = 0; second < 60; second++) {
      for (int i = 0; i < 7; i++) {
        demand.arrived(second * SECOND);
      }
    }
    demand.served(SECOND);

    assertThat(demand.ofQueue(1, 0, 60 * SECOND)).isEqualTo(1);
    assertThat(demand.ofLastMinute(59 * SECOND)).isEqualTo(10);
    assertThat(demand.ofLastMinute(200 * SECOND)).isZero();
  }

  @Test
  void theAverageDurationFollowsTheLastOnesSlowly() {
    Demand demand = new Demand(1, 100);
    demand.served(SECOND);
    demand.served(2 * SECOND);

    assertThat(demand.untilWorkedOff(10, 2)).isEqualTo((long) (1.1 * SECOND * 10 / 2));
  }
}
