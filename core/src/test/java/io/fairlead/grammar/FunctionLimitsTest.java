package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FunctionLimitsTest {
  @Test
  void theDefaultIsWhatItsCommentSays() {
    assertThat(FunctionLimits.DEFAULT)
        .isEqualTo(new FunctionLimits(
            Optional.empty(), Duration.ofMinutes(1), ColdStart.LAZY, 100, Duration.ofMinutes(10)));
  }

  @ParameterizedTest
  @CsvSource({
    "512B, 512",
    "3KB, 3072",
    "512MB, 536870912",
    "2GB, 2147483648",
    "1TB, 1099511627776",
    "2 gb, 2147483648",
    "' 2Gb ', 2147483648",
    "8388607TB, 9223370937343148032"
  })
  void memoryHasAUnitThatIsAPowerOf1024(String size, long bytes) {
    assertThat(FunctionLimits.DEFAULT.withMemory(size).memoryBytes()).hasValue(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "2", "GB", "2.5GB", "-2GB", "2GiB", "2G", "2 G B", "1234567890B", "٢GB"})
  void anyOtherMemoryIsRefused(String size) {
    assertThatThrownBy(() -> FunctionLimits.DEFAULT.withMemory(size))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "FunctionLimits: memory must be a number with B, KB, MB, GB or TB, such as 2GB (got \""
                + size + "\")");
  }

  @ParameterizedTest
  @ValueSource(strings = {"8388608TB", "999999999TB"})
  void memoryThatIsMoreThanALongHoldsIsRefusedAndDoesNotOverflow(String size) {
    assertThatThrownBy(() -> FunctionLimits.DEFAULT.withMemory(size))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("FunctionLimits: memory must be at most 9223372036854775807 bytes (got \""
            + size + "\")");
  }

  @Test
  void noMemoryIsRefused() {
    assertThatThrownBy(() -> FunctionLimits.DEFAULT.withMemory("0GB"))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("FunctionLimits: memoryBytes must be 1 or more (got 0)");
  }

  @Test
  void allProblemsAreReportedAtOnce() {
    assertThatThrownBy(() -> new FunctionLimits(
            Optional.of(0L), Duration.ZERO, ColdStart.LAZY, 0, Duration.ofSeconds(-1)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "FunctionLimits: memoryBytes must be 1 or more (got 0); timeout must be more than 0 (got 0 s); "
                + "maxConcurrent must be 1 or more (got 0); idleTimeout must not be negative (got -1 s)");
  }

  @Test
  void anIdleTimeoutOfNothingIsAllowed() {
    assertThat(FunctionLimits.DEFAULT.withIdleTimeout(Duration.ZERO).idleTimeout())
        .isZero();
  }

  @Test
  void withersChangeOnePartAndKeepTheOthers() {
    assertThat(FunctionLimits.DEFAULT
            .withMemory("2GB")
            .withTimeout(Duration.ofSeconds(90))
            .withColdStart(ColdStart.EAGER)
            .withMaxConcurrent(1000)
            .withIdleTimeout(Duration.ofMinutes(20)))
        .isEqualTo(new FunctionLimits(
            Optional.of(2L << 30),
            Duration.ofSeconds(90),
            ColdStart.EAGER,
            1000,
            Duration.ofMinutes(20)));
  }
}
