package io.fairlead.sagemaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.json.GrammarJson;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SageMakerOptionsTest {
  private static final String ROLE = "arn:aws:iam::123456789012:role/service-role/serving";

  private static final Endpoint BERT = new Endpoint(
      new Container(
          ModelArtifact.of(
                  URI.create("s3://bucket/model.tar.gz"), URI.create("s3://bucket/weights"))
              .withMetadata(ModelMetadata.of("huggingface", "4.37")
                  .with(SageMakerArtifact.pyVersion("py310"))),
          RuntimeSpec.of(
                  "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-inference:2.1")
              .with(SageMakerRuntime.executionRole(ROLE)),
          Dependencies.environment(Map.of("HF_TASK", "text-classification"))
              .with(SageMakerDependencies.entryPoint("code/inference.py"))),
      Scaling.fixed("ml.g5.xlarge", 1),
      new Routing("bert", "blue"));

  @Test
  void anEndpointThatCarriesThemAllIsReadBackEqual() {
    String json = GrammarJson.write(BERT);

    assertThat(json)
        .contains("\"sagemaker.SageMakerArtifact\":{\"pyVersion\":\"py310\",\"instanceType\":\"\"}")
        .contains("\"sagemaker.SageMakerRuntime\":{\"executionRole\":\"" + ROLE + "\"}")
        .contains("\"sagemaker.SageMakerDependencies\":{\"entryPoint\":\"code/inference.py\"}");
    assertThat(GrammarJson.read(json, Endpoint.class)).isEqualTo(BERT);
  }

  @Test
  void eachIsForSageMaker() {
    assertThat(BERT.artifact().metadata().options().forPlatform("sagemaker"))
        .containsExactly(new SageMakerArtifact("py310", ""));
    assertThat(BERT.container().runtime().options().find(SageMakerRuntime.class))
        .contains(new SageMakerRuntime(ROLE));
    assertThat(BERT.container().dependencies().options().forPlatform("azureml")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"310", "python3.10", "py3.10", "PY310", "py310 "})
  void aPythonIsTaggedAsInAwssImages(String pyVersion) {
    assertThatThrownBy(() -> SageMakerArtifact.pyVersion(pyVersion))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "SageMakerArtifact: pyVersion must be py and a version without dots, such as py310 (got \""
                + pyVersion + "\")");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "arn:aws:iam::123456789012:role/r",
        "arn:aws-cn:iam::123456789012:role/serving",
        "arn:aws-us-gov:iam::123456789012:role/a/b/My_Role+=,.@-1"
      })
  void aRoleMayBeInAnyPartitionAndUnderAnyPath(String arn) {
    assertThat(SageMakerRuntime.executionRole(arn).executionRole()).isEqualTo(arn);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "serving",
        "arn:aws:iam::12345678901:role/serving",
        "arn:aws:iam::123456789012:user/me",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/a b",
        "arn:aws:s3:::bucket-that-is-no-role",
        "arn:gcp:iam::123456789012:role/serving"
      })
  void anythingElseIsNoRole(String arn) {
    assertThatThrownBy(() -> SageMakerRuntime.executionRole(arn))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("SageMakerRuntime: executionRole must be the ARN of an IAM role, such as "
            + "arn:aws:iam::123456789012:role/serving (got \"" + arn + "\")");
  }

  @Test
  void aRolesArnHasAtMost2048Characters() {
    String prefix = "arn:aws:iam::123456789012:role/";

    assertThat(SageMakerRuntime.executionRole(prefix + "r".repeat(2048 - prefix.length())))
        .isNotNull();
    assertThatThrownBy(
            () -> SageMakerRuntime.executionRole(prefix + "r".repeat(2049 - prefix.length())))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("(2049 characters)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"inference.py", "code/inference.py", "my script.py", "a..b.py"})
  void anEntryPointIsAPathInsideTheCode(String path) {
    assertThat(SageMakerDependencies.entryPoint(path).entryPoint()).isEqualTo(path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", " ", "/opt/ml/inference.py", "../inference.py", "a/../b.py", "s3://b/i.py"})
  void anythingElseIsNoEntryPoint(String path) {
    assertThatThrownBy(() -> SageMakerDependencies.entryPoint(path))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "SageMakerDependencies: entryPoint must be a path inside the model's code, such as inference.py"
                + " (got \"" + path + "\")");
  }

  @Test
  void whatIsWrongInJsonIsToldByItsPath() {
    String json = GrammarJson.write(BERT).replace(ROLE, "serving");

    assertThatThrownBy(() -> GrammarJson.read(json, Endpoint.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageStartingWith(
            "Endpoint: container.runtime.options.sagemaker.SageMakerRuntime.executionRole must be");
  }
}
