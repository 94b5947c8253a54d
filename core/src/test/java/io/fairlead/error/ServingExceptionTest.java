package io.fairlead.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class ServingExceptionTest {
  @ParameterizedTest
  @EnumSource(names = {"CONFLICT", "THROTTLED", "TIMEOUT", "UNAVAILABLE"})
  void whatPassesByItselfMayBeRetried(ErrorKind kind) {
    assertThat(new ServingException("moon", kind, "No.").retryable()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"CONFLICT", "THROTTLED", "TIMEOUT", "UNAVAILABLE"})
  void anythingElseMayNot(ErrorKind kind) {
    assertThat(new ServingException("moon", kind, "No.").retryable()).isFalse();
  }

  @Test
  void thePlatformsOwnWordIsMoreExactThanTheKind() {
    ServingException exception = ServingException.builder("moon", ErrorKind.QUOTA, "No capacity.")
        .retryable(true)
        .retryAfter(Duration.ofSeconds(30))
        .requestId("4711")
        .build();

    assertThat(exception.retryable()).isTrue();
    assertThat(exception.retryAfter()).contains(Duration.ofSeconds(30));
    assertThat(exception.requestId()).contains("4711");
  }

  @Test
  void whatThePlatformDoesNotSayIsEmpty() {
    ServingException exception = new ServingException("moon", ErrorKind.UNKNOWN, "No.");

    assertThat(exception.platform()).isEqualTo("moon");
    assertThat(exception.kind()).isEqualTo(ErrorKind.UNKNOWN);
    assertThat(exception).hasMessage("No.").hasNoCause();
    assertThat(exception.retryAfter()).isEmpty();
    assertThat(exception.requestId()).isEmpty();
    assertThat(exception.variant()).isEmpty();
  }

  @Test
  void aFailureOfAVariantIsTheSameFailureWithItsName() {
    ServingException failure = ServingException.builder("moon", ErrorKind.QUOTA, "No capacity.")
        .retryable(true)
        .retryAfter(Duration.ofSeconds(30))
        .requestId("4711")
        .cause(new IllegalStateException())
        .build();
    failure.addSuppressed(new IllegalArgumentException());

    ServingException ofGreen = failure.withVariant("green");

    assertThat(ofGreen.variant()).contains("green");
    assertThat(ofGreen).usingRecursiveComparison().ignoringFields("variant").isEqualTo(failure);
    assertThat(ofGreen.getStackTrace()).isEqualTo(failure.getStackTrace());
    assertThat(ofGreen.getSuppressed()).containsExactly(failure.getSuppressed());
  }

  @Test
  void whatThePlatformThrewIsTheCause() {
    IllegalStateException cause = new IllegalStateException();

    assertThat(new ServingException("moon", ErrorKind.UNKNOWN, "No.", cause)).hasCause(cause);
  }
}
