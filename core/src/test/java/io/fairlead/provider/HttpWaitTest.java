package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.provider.HttpFailure.Stage;
import org.junit.jupiter.api.Test;

class HttpWaitTest {
  private final HttpWait wait = new HttpWait();

  @Test
  void theInterruptOfAnEndedWaitIsCleared() {
    wait.end(Stage.CLOSED);
    assertThat(Thread.currentThread().isInterrupted()).isTrue();

    assertThat(wait.leave()).isEqualTo(Stage.CLOSED);
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void theFirstReasonIsKept() {
    wait.end(Stage.OVERDUE);
    wait.end(Stage.CLOSED);

    assertThat(wait.leave()).isEqualTo(Stage.OVERDUE);
  }

  @Test
  void aThreadThatHasLeftIsNotInterrupted() {
    assertThat(wait.leave()).isNull();
    wait.end(Stage.CLOSED);

    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    assertThat(wait.leave()).isNull();
  }

  @Test
  void anInterruptOfSomebodyElseIsKept() {
    Thread.currentThread().interrupt();
    assertThat(wait.leave()).isNull();
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void anInterruptAfterwardsIsKept() {
    wait.end(Stage.CLOSED);
    assertThat(wait.leave()).isEqualTo(Stage.CLOSED);
    Thread.currentThread().interrupt();

    assertThat(wait.leave()).isEqualTo(Stage.CLOSED);
    assertThat(Thread.interrupted()).isTrue();
  }
}
