package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import org.junit.jupiter.api.Test;

class ModelFunctionTest {
  @Test
  void aFunctionIsNamedByItsModel() {
    Served served = SampleValues.FUNCTION;

    assertThat(served.name()).isEqualTo("bert");
    assertThat(served.artifact()).isEqualTo(SampleValues.ARTIFACT);
  }

  @Test
  void aModelWithoutANameIsNoFunction() {
    ModelArtifact nameless = ModelArtifact.of(URI.create("file:///iris.onnx"));

    assertThatThrownBy(() -> new ModelFunction(nameless, FunctionLimits.DEFAULT))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "ModelFunction: artifact.metadata.name must be given: it is the function's name");
  }
}
