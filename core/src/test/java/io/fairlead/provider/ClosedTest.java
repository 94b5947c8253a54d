package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import org.junit.jupiter.api.Test;

class ClosedTest {
  private final Closed closed = new Closed("attic");

  @Test
  void aPlatformIsOpenUntilItIsClosed() {
    closed.check("invoke bert");
    assertThat(closed.isClosed()).isFalse();

    assertThat(closed.close()).isTrue();

    assertThat(closed.isClosed()).isTrue();
    assertThat(closed.close()).isFalse();
  }

  @Test
  void aClosedPlatformRefusesWithWhatItWasToDo() {
    closed.close();

    assertThatExceptionOfType(ServingException.class)
        .isThrownBy(() -> closed.check("invoke bert"))
        .withMessage("Platform 'attic' is closed: open it again to invoke bert.")
        .satisfies(e -> {
          assertThat(e.platform()).isEqualTo("attic");
          assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED);
          assertThat(e.retryable()).isFalse();
        });
  }
}
