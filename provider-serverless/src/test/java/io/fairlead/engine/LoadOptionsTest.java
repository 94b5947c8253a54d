package io.fairlead.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problem;
import java.util.List;
import java.util.Map;
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

  @Test
  void executionProvidersAndSessionSettingsArePartOfTheOptions() {
    LoadOptions options = LoadOptions.DEFAULT
        .withExecutionProviders(List.of(ExecutionProvider.of("CUDA").with("device_id", "1")))
        .withSessionSettings(Map.of("session.set_denormal_as_zero", "1"));

    assertThat(options.executionProviders())
        .containsExactly(new ExecutionProvider("CUDA", Map.of("device_id", "1")));
    assertThat(options)
        .isNotEqualTo(LoadOptions.DEFAULT)
        .isNotEqualTo(options.withSessionSettings(Map.of()))
        .isNotEqualTo(options.withExecutionProviders(List.of(ExecutionProvider.of("CUDA"))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "session.load_model_format",
        "session.use_ort_model_bytes_directly",
        "session.model_external_initializers_file_folder_path",
        " "
      })
  void aSettingThatDecidesWhatIsLoadedIsRefused(String key) {
    assertThat(problems(() -> LoadOptions.DEFAULT.withSessionSettings(Map.of(key, "1"))))
        .extracting(Problem::field)
        .containsExactly("sessionSettings");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two words", "a/b"})
  void aProviderWithoutANameIsRefused(String name) {
    assertThat(problems(() -> ExecutionProvider.of(name)))
        .extracting(Problem::field)
        .containsExactly("name");
  }

  private static List<Problem> problems(ThrowingCallable change) {
    return catchThrowableOfType(InvalidValueException.class, change).problems();
  }
}
