package io.fairlead.stateful.internal.prefetch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PrefetchGateTest {
  private static final int SURE = PrefetchGate.classOf(10, 10);
  private static final int UNSURE = PrefetchGate.classOf(1, 1);

  private final PrefetchGate gate = new PrefetchGate(1);

  private final double[] owed = new double[17];

  /** {@return how many of the predictions were admitted, of which this share was used} */
  private int predict(int predictionClass, int predictions, double usedShare) {
    int admitted = 0;
    for (int i = 0; i < predictions; i++) {
      if (gate.admit(predictionClass)) {
        admitted++;
        owed[predictionClass] += usedShare;
        if (owed[predictionClass] >= 1) {
          owed[predictionClass]--;
          gate.credit(predictionClass);
        }
      }
    }
    return admitted;
  }

  @Test
  void itOpensForWhatIsUsed() {
    predict(SURE, 100, 1);

    assertThat(gate.isOpen(SURE)).isTrue();
    assertThat(predict(SURE, 1000, 0.8)).isEqualTo(1000);
  }

  @Test
  void whatIsNeverUsedPassesInASmallShareOnly() {
    int admitted = predict(SURE, 10_000, 0);

    assertThat(gate.isOpen(SURE)).isFalse();
    assertThat(admitted).isBetween(100, 300);
  }

  @Test
  void itClosesOnTheUselessAtOnceThoughNothingIsKnownToBeWastedYet() {
    predict(SURE, 1000, 1);

    int admitted = predict(SURE, 1000, 0);

    assertThat(gate.isOpen(SURE)).isFalse();
    assertThat(admitted).isBetween(100, 260);
  }

  @Test
  void itOpensAgainWhenPrecisionReturns() {
    predict(SURE, 1000, 1);
    predict(SURE, 10_000, 0);
    assertThat(gate.isOpen(SURE)).isFalse();

    predict(SURE, 5_000, 0.9);

    assertThat(gate.isOpen(SURE)).isTrue();
    assertThat(predict(SURE, 1000, 0.9)).isEqualTo(1000);
  }

  @Test
  void itIsOpenAtTheBreakEvenOnly() {
    predict(SURE, 100, 1);
    predict(SURE, 2_000, 0.6);
    assertThat(gate.isOpen(SURE)).isTrue();

    predict(SURE, 2_000, 0.4);
    assertThat(gate.isOpen(SURE)).isFalse();
  }

  @Test
  void aGoodClassPassesBesideABadOne() {
    for (int i = 0; i < 200; i++) {
      predict(UNSURE, 20, 0.05);
      predict(SURE, 5, 0.95);
    }

    assertThat(gate.isOpen(SURE)).isTrue();
    assertThat(gate.isOpen(UNSURE)).isFalse();
  }

  @Test
  void aRefundTakesTheChargeBack() {
    predict(SURE, 200, 1);
    for (int i = 0; i < 1000; i++) {
      assertThat(gate.admit(SURE)).isTrue();
      gate.refund(SURE);
    }

    assertThat(gate.isOpen(SURE)).isTrue();
  }

  @Test
  void creditsThatComeLateDoNotMakeItBetterThanPerfect() {
    for (int i = 0; i < 100; i++) {
      gate.credit(SURE);
    }

    assertThat(predict(SURE, 1000, 0)).isLessThan(150);
  }

  @Test
  void predictionsAreClassedBySightingsAndConfidence() {
    assertThat(PrefetchGate.classOf(2, 10)).isEqualTo(-1);
    assertThat(PrefetchGate.classOf(1, 3)).isEqualTo(0);
    assertThat(PrefetchGate.classOf(1, 1)).isEqualTo(3);
    assertThat(PrefetchGate.classOf(2, 4)).isEqualTo(5);
    assertThat(PrefetchGate.classOf(7, 10)).isEqualTo(10);
    assertThat(PrefetchGate.classOf(15, 15)).isEqualTo(15);
  }
}
