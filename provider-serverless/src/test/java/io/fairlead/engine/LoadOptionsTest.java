package io.fairlead.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problem;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LoadOptionsTest {
  @Test
  void theDefaultIsOneThreadAndNoBatches() {
    assertThat(LoadOptions.DEFAULT.threads()).isEqualTo(1);
    assertThat(LoadOptions.DEFAULT.maxBatch()).isEqualTo(1);
    assertThat(LoadOptions.DEFAULT.batchDependentAllowed()).isFalse();
  }

  @Test
  void eachOptionCanBeChangedAlone() {
    LoadOptions options =
        LoadOptions.DEFAULT.withThreads(2).withMaxBatch(8).withBatchDependentAllowed(true);

    assertThat(options)
        .hasToString("LoadOptions[batchDependentAllowed=true, maxBatch=8, threads=2]")
        .isNotEqualTo(options.withThreads(3))
        .isNotEqualTo(options.withMaxBatch(9))
        .isNotEqualTo(options.withBatchDependentAllowed(false))
        .isEqualTo(options.withThreads(3).withThreads(2));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 1025})
  void whatIsOutOfRangeIsRefusedByName(int value) {
    assertThat(problems(() -> LoadOptions.DEFAULT.withThreads(value)))
        .containsExactly(new Problem("threads", "must be from 1 to 1024", String.valueOf(value)));
    assertThat(problems(() -> LoadOptions.DEFAULT.withMaxBatch(value)))
        .containsExactly(new Problem("maxBatch", "must be from 1 to 1024", String.valueOf(value)));
  }

  private static List<Problem> problems(ThrowingCallable change) {
    return catchThrowableOfType(InvalidValueException.class, change).problems();
  }
}
