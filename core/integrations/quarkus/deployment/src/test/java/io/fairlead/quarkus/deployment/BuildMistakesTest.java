package io.fairlead.quarkus.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.QuarkusUnitTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BuildMistakesTest {
  @RegisterExtension
  static final QuarkusUnitTest APPLICATION = new QuarkusUnitTest()
      .withEmptyApplication()
      .overrideConfigKey("fairlead.platforms.cloud.id", "sagemaker")
      .overrideConfigKey("fairlead.platforms.servrless.settings.port", "0")
      .overrideConfigKey("fairlead.platforms.local.id", "local")
      .overrideConfigKey("fairlead.endpoints.local.model", "/model.onnx")
      .assertException(failure -> assertThat(failure)
          .hasStackTraceContaining("fairlead.platforms.cloud.id must be the id of a platform")
          .hasStackTraceContaining("io.fairlead:fairlead-provider-sagemaker")
          .hasStackTraceContaining("did you mean serverless?")
          .hasStackTraceContaining(
              "fairlead.endpoints.local must have another name: fairlead.platforms.local has it"));

  @Test
  void whatHasToBeKnownAtTheBuildFailsIt() {
    throw new AssertionError("the application was built");
  }
}
