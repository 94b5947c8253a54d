package io.fairlead.stateful.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FrequencySketchTest {
  private final FrequencySketch sketch = new FrequencySketch();

  @Test
  void itCountsToFifteen() {
    assertThat(sketch.frequency(hash(1))).isZero();

    for (int i = 1; i <= 20; i++) {
      sketch.increment(hash(1));

      assertThat(sketch.frequency(hash(1))).isEqualTo(Math.min(i, 15));
    }
    assertThat(sketch.frequency(hash(2))).isZero();
  }

  @Test
  void itSeldomTakesOneKeyForAnother() {
    for (int key = 0; key < 256; key++) {
      for (int i = 0; i < 5; i++) {
        sketch.increment(hash(key));
      }
    }

    int tooHigh = 0;
    for (int key = 0; key < 256; key++) {
      assertThat(sketch.frequency(hash(key))).isGreaterThanOrEqualTo(5);
      tooHigh += sketch.frequency(hash(key)) > 5 ? 1 : 0;
    }
    assertThat(tooHigh).isLessThan(60);
  }

  @Test
  void allCountsAreHalvedAfterTenUsesForEachEntry() {
    for (int i = 0; i < 12; i++) {
      sketch.increment(hash(-1));
    }
    int uses = 12;
    for (int key = 0; sketch.frequency(hash(-1)) >= 12; key++) {
      sketch.increment(hash(key));
      uses++;
    }

    assertThat(uses).isEqualTo(10 * 256);
    assertThat(sketch.frequency(hash(-1))).isBetween(6, 7);
  }

  @Test
  void growingForgetsNothing() {
    for (int i = 0; i < 7; i++) {
      sketch.increment(hash(1));
    }

    sketch.ensureCapacity(100_000);

    assertThat(sketch.frequency(hash(1))).isEqualTo(7);
    assertThat(sketch.frequency(hash(2))).isZero();
  }

  private static long hash(long key) {
    return Answers.key(key).low();
  }
}
