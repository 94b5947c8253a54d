package io.fairlead.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class TensorTest {
  @Test
  void aTensorHoldsTheArrayThatItIsMadeOf() {
    float[] elements = {1, 2, 3, 4, 5, 6};

    Tensor tensor = Tensor.of("x", Datatype.FP32, new long[] {2, 3}, elements);

    assertThat(tensor.floats()).isSameAs(elements);
    assertThat(tensor.size()).isEqualTo(6);
    assertThat(tensor).hasToString("x: FP32[2, 3]");
  }

  @Test
  void anArrayOfAnotherTypeIsRefused() {
    assertThatThrownBy(() -> Tensor.of("x", Datatype.FP32, new long[] {1}, new double[1]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Tensor 'x' of FP32 takes a float[], not a double[]");
  }

  @Test
  void anArrayOfAnotherLengthIsRefused() {
    assertThatThrownBy(() -> Tensor.of("x", Datatype.INT64, new long[] {2, 2}, new long[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Tensor 'x' of shape [2, 2] takes 4 elements, not 3");
  }

  @Test
  void aScalarHasOneElement() {
    assertThat(Tensor.of("x", Datatype.BYTES, new long[0], new String[] {"a"}).strings())
        .containsExactly("a");
  }
}
