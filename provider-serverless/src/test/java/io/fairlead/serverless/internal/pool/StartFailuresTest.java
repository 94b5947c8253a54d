package io.fairlead.serverless.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StartFailuresTest {
  private final Throwable cause = new IllegalStateException("no weights");

  private final StartFailures failures = new StartFailures();

  private void fail(int times, boolean retryable, long now) {
    for (int i = 0; i < times; i++) {
      failures.add(cause, retryable, now);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 100", "2, 200", "3, 400", "7, 6400", "8, 10000", "25, 10000", "1000, 10000"})
  void theBackoffDoublesUpToTenSeconds(int times, long millis) {
    fail(times, true, 5);

    assertThat(failures.retryAfter(5)).isEqualTo(Duration.ofMillis(millis));
    assertThat(failures.isBackingOff(failures.retryAt() - 1)).isTrue();
    assertThat(failures.isBackingOff(failures.retryAt())).isFalse();
    assertThat(failures.retryAfter(failures.retryAt() + 1)).isZero();
  }

  @Test
  void fiveInARowOrOneThatIsPermanentRefuseInvocations() {
    fail(4, true, 0);
    assertThat(failures.isFailing()).isFalse();
    fail(1, true, 0);
    assertThat(failures.isFailing()).isTrue();

    failures.reset();
    fail(1, false, 0);
    assertThat(failures.isFailing()).isTrue();
    fail(1, true, 0);
    assertThat(failures.isFailing()).as("it stays permanent").isTrue();
  }

  @Test
  void aSuccessForgetsAll() {
    fail(3, false, 0);

    failures.reset();

    assertThat(failures.isEmpty()).isTrue();
    assertThat(failures.isFailing()).isFalse();
    assertThat(failures.isBackingOff(0)).isFalse();
    assertThat(failures.last()).isNull();
  }
}
