package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpStatusTest {
  @ParameterizedTest
  @CsvSource({
    "400, INVALID",
    "401, UNAUTHORIZED",
    "403, UNAUTHORIZED",
    "404, NOT_FOUND",
    "408, TIMEOUT",
    "409, CONFLICT",
    "412, CONFLICT",
    "413, INVALID",
    "429, THROTTLED",
    "499, INVALID",
    "500, UNAVAILABLE",
    "502, UNAVAILABLE",
    "503, UNAVAILABLE",
    "504, TIMEOUT",
    "599, UNAVAILABLE"
  })
  void aStatusOfAnErrorHasAKind(int status, ErrorKind kind) {
    assertThat(HttpStatus.kind(status)).isEqualTo(kind);
  }

  @ParameterizedTest
  @CsvSource({"0", "200", "302", "399"})
  void anyOtherStatusSaysNothing(int status) {
    assertThat(HttpStatus.kind(status)).isEqualTo(ErrorKind.UNKNOWN);
  }

  @ParameterizedTest
  @CsvSource({
    "INVALID, 400, -1",
    "UNAUTHORIZED, 502, -1",
    "NOT_FOUND, 404, -1",
    "ALREADY_EXISTS, 409, -1",
    "CONFLICT, 409, -1",
    "UNSUPPORTED, 501, -1",
    "QUOTA, 503, 1",
    "THROTTLED, 429, 1",
    "TIMEOUT, 504, -1",
    "UNAVAILABLE, 503, 1",
    "MODEL_FAILED, 500, -1",
    "CANCELLED, 503, 1",
    "UNKNOWN, 500, -1"
  })
  void aKindHasAStatusAndMayBeRetried(ErrorKind kind, int status, long seconds) {
    assertThat(HttpStatus.of(kind)).isEqualTo(status);
    assertThat(HttpStatus.retryAfterSeconds(new ServingException("stub", kind, "It failed."))
            .orElse(-1))
        .isEqualTo(seconds);
  }

  @ParameterizedTest
  @CsvSource({"PT0S, 1", "PT1S, 1", "PT2.1S, 3"})
  void thePauseIsTheOneOfThePlatformInWholeSeconds(Duration pause, long seconds) {
    ServingException failure = ServingException.builder("stub", ErrorKind.THROTTLED, "Too many.")
        .retryAfter(pause)
        .build();

    assertThat(HttpStatus.retryAfterSeconds(failure)).hasValue(seconds);
  }
}
