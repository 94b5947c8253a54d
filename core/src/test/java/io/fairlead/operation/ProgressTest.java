package io.fairlead.operation;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.operation.OperationStatus.State;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class ProgressTest {
  private static final OperationId ID = new OperationId("moon", "deploy-bert-blue-3f9a1c07");

  @Test
  void anEventIsALineForPeople() {
    assertThat(new Progress(ID, Duration.ofSeconds(3), 2, 4, "endpoint bert", "is created"))
        .hasToString("[2/4] endpoint bert: is created");
  }

  @Test
  void anEventOfTheWholeOperationHasNoResourceAndNoStep() {
    assertThat(new Progress(ID, Duration.ZERO, 0, 4, "", "waits")).hasToString("waits");
    assertThat(new Progress(ID, Duration.ZERO, 4, 4, "", "done")).hasToString("[4/4] done");
  }

  @Test
  void anIdIsPlatformAndValue() {
    assertThat(ID).hasToString("moon:deploy-bert-blue-3f9a1c07");
  }

  @ParameterizedTest
  @EnumSource(names = {"SUCCEEDED", "FAILED", "CANCELLED"})
  void threeStatesAreFinal(State state) {
    assertThat(state.isFinal()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"SUCCEEDED", "FAILED", "CANCELLED"})
  void theOthersAreNot(State state) {
    assertThat(state.isFinal()).isFalse();
  }
}
