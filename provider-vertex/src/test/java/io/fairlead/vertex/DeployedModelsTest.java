package io.fairlead.vertex;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.cloud.aiplatform.v1.DeployedModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeployedModelsTest {
  @Test
  void aDisplayNameTellsTheVariantAndItsRun() {
    DeployedModel model = named(DeployedModels.displayName("blue-2", "run-7"));

    assertThat(model.getDisplayName()).isEqualTo("fairlead blue-2 run-7");
    assertThat(DeployedModels.variant(model)).contains("blue-2");
    assertThat(DeployedModels.run(model)).contains("run-7");
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

    assertThat(DeployedModels.variant(model)).isEmpty();
    assertThat(DeployedModels.run(model)).isEmpty();
  }

  private static DeployedModel named(String displayName) {
    return DeployedModel.newBuilder().setDisplayName(displayName).build();
  }
}
