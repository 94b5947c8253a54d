package io.fairlead.stateful.internal.prefetch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OutstandingPrefetchesTest {
  private static final int HORIZON = 10;

  private final OutstandingPrefetches outstanding = new OutstandingPrefetches(1 << 16);

  @Test
  void onePrefetchIsTakenOnceAndOfItsClass() {
    assertThat(outstanding.add(1, 5, 0, HORIZON)).isTrue();

    assertThat(outstanding.take(1, HORIZON, HORIZON)).isEqualTo(5);
    assertThat(outstanding.take(1, HORIZON, HORIZON)).isEqualTo(-1);
    assertThat(outstanding.wasted(100, HORIZON)).isZero();
  }

  @Test
  void whatIsOutstandingIsNotAddedAgain() {
    outstanding.add(1, 5, 0, HORIZON);

    assertThat(outstanding.add(1, 6, HORIZON, HORIZON)).isFalse();
    assertThat(outstanding.take(1, HORIZON, HORIZON)).isEqualTo(5);
  }

  @Test
  void whatIsBeyondItsHorizonIsWasted() {
    outstanding.add(1, 5, 0, HORIZON);
    outstanding.add(2, 5, 0, HORIZON);
    outstanding.add(3, 5, 0, HORIZON);

    assertThat(outstanding.take(1, HORIZON + 1, HORIZON)).isEqualTo(-1);
    assertThat(outstanding.add(2, 6, HORIZON + 1, HORIZON)).isTrue();
    assertThat(outstanding.wasted(HORIZON + 1, HORIZON)).isEqualTo(3);
    assertThat(outstanding.take(2, HORIZON + 2, HORIZON)).isEqualTo(6);
  }

  @Test
  void theCountOfRequestsMayOverflow() {
    outstanding.add(1, 5, Integer.MAX_VALUE, HORIZON);

    assertThat(outstanding.wasted(Integer.MIN_VALUE + 5, HORIZON)).isZero();
    assertThat(outstanding.take(1, Integer.MIN_VALUE + 5, HORIZON)).isEqualTo(5);
  }

  @Test
  void theOldestAreGivenUpWhenThereAreTooManyAndAllAreCountedOnce() {
    OutstandingPrefetches few = new OutstandingPrefetches(0);
    for (int i = 1; i <= 100; i++) {
      few.add(i, 5, i, 1000);
    }

    int taken = 0;
    for (int i = 1; i <= 100; i++) {
      taken += few.take(i, 100, 1000) >= 0 ? 1 : 0;
    }

    assertThat(taken).isEqualTo(8);
    assertThat(few.wasted(100, 1000)).isEqualTo(92);
    few.add(1, 5, 200, 1000);
    assertThat(few.take(1, 200, 1000)).isEqualTo(5);
  }
}
