package io.fairlead.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LoadOptionsTest {
  @Test
  void theDefaultIsOneThreadAndNoBatches() {
    assertThat(LoadOptions.DEFAULT).isEqualTo(new LoadOptions(1, 1, false));
  }

  @Test
  void eachOptionCanBeChangedAlone() {
    LoadOptions options = new LoadOptions(2, 8, true);

    assertThat(options.withThreads(3)).isEqualTo(new LoadOptions(3, 8, true));
    assertThat(options.withMaxBatch(9)).isEqualTo(new LoadOptions(2, 9, true));
    assertThat(options.withBatchDependentAllowed(false)).isEqualTo(new LoadOptions(2, 8, false));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 1025})
  void whatIsOutOfRangeIsRefusedByName(int value) {
    InvalidValueException thrown = catchThrowableOfType(
        InvalidValueException.class, () -> new LoadOptions(value, value, false));

    assertThat(thrown.problems())
        .containsExactly(
            new Problem("threads", "must be from 1 to 1024", String.valueOf(value)),
            new Problem("maxBatch", "must be from 1 to 1024", String.valueOf(value)));
  }
}
