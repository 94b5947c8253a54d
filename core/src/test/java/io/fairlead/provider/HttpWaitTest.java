package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HttpWaitTest {
  private final HttpWait wait = new HttpWait();

  @Test
  void theInterruptOfAnEndedWaitIsCleared() {
    wait.end();
    assertThat(Thread.currentThread().isInterrupted()).isTrue();

    assertThat(wait.leave()).isTrue();
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void aThreadThatHasLeftIsNotInterrupted() {
    assertThat(wait.leave()).isFalse();
    wait.end();

    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    assertThat(wait.leave()).isFalse();
  }

  @Test
  void anInterruptOfSomebodyElseIsKept() {
    Thread.currentThread().interrupt();
    assertThat(wait.leave()).isFalse();
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void anInterruptAfterwardsIsKept() {
    wait.end();
    assertThat(wait.leave()).isTrue();
    Thread.currentThread().interrupt();

    assertThat(wait.leave()).isTrue();
    assertThat(Thread.interrupted()).isTrue();
  }
}
