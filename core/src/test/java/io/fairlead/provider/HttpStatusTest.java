package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.error.ErrorKind;
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
}
