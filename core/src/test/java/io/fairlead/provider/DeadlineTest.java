package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.VirtualTime;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class DeadlineTest {
  private final VirtualTime time = new VirtualTime();

  @Test
  void whatIsLeftGetsLessAndIsNeverNegative() {
    Deadline deadline = Deadline.after(Duration.ofSeconds(10), time);
    assertThat(deadline.left()).isEqualTo(Duration.ofSeconds(10));

    time.pass(Duration.ofSeconds(4));
    assertThat(deadline.left()).isEqualTo(Duration.ofSeconds(6));
    assertThat(deadline.hasPassed()).isFalse();
    assertThat(deadline).hasToString("PT6S of PT10S left");

    time.pass(Duration.ofSeconds(6));
    assertThat(deadline.hasPassed()).isTrue();
    time.pass(Duration.ofSeconds(6));
    assertThat(deadline.left()).isZero();
    assertThat(deadline.limit()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void aLimitMayBeAsLongAsADurationCanBe() {
    Duration forever = Duration.ofSeconds(Long.MAX_VALUE);
    Deadline deadline = Deadline.after(forever, time);

    assertThat(deadline.left()).isEqualTo(Durations.LONGEST);
    assertThat(deadline.limit()).isEqualTo(forever);
  }

  @Test
  void aNegativeLimitHasPassed() {
    assertThat(Deadline.after(Duration.ofSeconds(Long.MIN_VALUE), time).hasPassed())
        .isTrue();
  }

  @Test
  void durationsAreCountedInNanosecondsWithoutOverflow() {
    assertThat(Durations.nanos(Duration.ofSeconds(1))).isEqualTo(1_000_000_000);
    assertThat(Durations.nanos(Duration.ofSeconds(Long.MAX_VALUE)))
        .isEqualTo(Durations.LONGEST.toNanos());
    assertThat(Durations.nanos(Duration.ofSeconds(-1))).isZero();
    assertThat(Durations.atMost(Duration.ofSeconds(1), Duration.ofSeconds(2)))
        .isEqualTo(Duration.ofSeconds(1));
    assertThat(Durations.atMost(Duration.ofSeconds(3), Duration.ofSeconds(2)))
        .isEqualTo(Duration.ofSeconds(2));
  }
}
