package io.fairlead.vertex.internal.values;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.cloud.aiplatform.v1.DeployedModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeployedModelNameTest {
  @Test
  void aDisplayNameTellsTheVariantAndItsRun() {
    DeployedModel model = named(DeployedModelName.displayName("blue-2", "run-7"));

    assertThat(model.getDisplayName()).isEqualTo("fairlead blue-2 run-7");
    assertThat(DeployedModelName.variant(model)).contains("blue-2");
    assertThat(DeployedModelName.run(model)).contains("run-7");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "churn",
        "fairlead",
        "fairlead blue",
        "fairlead blue ",
        "fairlead blue run 7",
        "my fairlead blue run",
        "Fairlead blue run"
      })
  void aDisplayNameOfSomebodyElseTellsNothing(String displayName) {
    DeployedModel model = named(displayName);

    assertThat(DeployedModelName.variant(model)).isEmpty();
    assertThat(DeployedModelName.run(model)).isEmpty();
  }

  private static DeployedModel named(String displayName) {
    return DeployedModel.newBuilder().setDisplayName(displayName).build();
  }
}
