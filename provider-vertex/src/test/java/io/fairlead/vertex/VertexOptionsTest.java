package io.fairlead.vertex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
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
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platforms;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VertexOptionsTest {
  private static final VertexRouting ROUTING = VertexRouting.NONE
      .withPredictionConfig(Map.of("top_k", "40"))
      .withMonitoringConfig(Map.of("skew", "0.3", "drift", "0.2"));

  private static final Endpoint LLAMA = new Endpoint(
      new Container(
          ModelArtifact.of(URI.create("gs://model/path"), URI.create("gs://weights/path"))
              .withMetadata(ModelMetadata.of("huggingface", "4.37")
                  .withName("hf-llama")
                  .with(VertexArtifact.generationConfig(
                      Map.of("temperature", "0.7", "top_p", "0.95")))),
          RuntimeSpec.of(
                  "us-docker.pkg.dev/deeplearning-platform-release/gcr.io/text-generation-inference")
              .with(VertexRuntime.accelerator("NVIDIA_TESLA_A100")),
          Dependencies.environment(Map.of("MAX_INPUT_LENGTH", "512", "NUM_SHARD", "1"))),
      Scaling.between("a2-highgpu-4g", 1, 2).with(VertexScaling.acceleratorCount(4)),
      new Routing("llama", "blue").with(ROUTING));

  @Test
  void anEndpointThatCarriesThemAllIsReadBackEqual() {
    String json = GrammarJson.write(LLAMA);

    assertThat(json)
        .contains(
            "\"vertex.VertexArtifact\":{\"generationConfig\":{\"temperature\":\"0.7\",\"top_p\":\"0.95\"}}")
        .contains("\"vertex.VertexRuntime\":{\"accelerator\":\"NVIDIA_TESLA_A100\"}")
        .contains("\"vertex.VertexScaling\":{\"acceleratorCount\":4}")
        .contains(
            "\"vertex.VertexRouting\":{\"predictionConfig\":{\"top_k\":\"40\"},\"monitoringConfig\":"
                + "{\"drift\":\"0.2\",\"skew\":\"0.3\"}}");
    assertThat(GrammarJson.read(json, Endpoint.class)).isEqualTo(LLAMA);
  }

  @Test
  void eachIsForVertex() {
    assertThat(LLAMA.artifact().metadata().options().forPlatform("vertex")).hasSize(1);
    assertThat(LLAMA.container().runtime().options().forPlatform("vertex"))
        .containsExactly(new VertexRuntime("NVIDIA_TESLA_A100"));
    assertThat(LLAMA.scaling().options().forPlatform("vertex"))
        .containsExactly(new VertexScaling(4));
    assertThat(LLAMA.routing().options().forPlatform("vertex")).containsExactly(ROUTING);
    assertThat(LLAMA.routing().options().forPlatform("sagemaker")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"NVIDIA_L4", "NVIDIA_H100_80GB", "TPU_V5_LITEPOD"})
  void anAcceleratorIsNamedAsVertexNamesIt(String type) {
    assertThat(VertexRuntime.accelerator(type).accelerator()).isEqualTo(type);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "nvidia-tesla-a100", "NVIDIA L4", "NVIDIA-L4", "4090"})
  void anythingElseIsNoAccelerator(String type) {
    assertThatThrownBy(() -> VertexRuntime.accelerator(type))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("VertexRuntime: accelerator must be a type of accelerator in capitals, such as "
            + "NVIDIA_TESLA_A100 (got \"" + type + "\")");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1})
  void noAcceleratorsAreSaidByNoOption(int count) {
    assertThatThrownBy(() -> VertexScaling.acceleratorCount(count))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("VertexScaling: acceleratorCount must be 1 or more (got " + count + ")");
  }

  @Test
  void configurationsAreCopiesSortedByKey() {
    Map<String, String> config = new HashMap<>(Map.of("b", "2", "a", "1"));
    VertexArtifact artifact = VertexArtifact.generationConfig(config);

    config.clear();

    assertThat(artifact.generationConfig())
        .containsExactly(Map.entry("a", "1"), Map.entry("b", "2"));
  }

  @Test
  void everyConfigurationWithABlankKeyIsReportedAtOnce() {
    assertThatThrownBy(() -> new VertexRouting(Map.of("", "1"), Map.of(" ", "2")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("VertexRouting: predictionConfig must not have a blank key (got \"\"); "
            + "monitoringConfig must not have a blank key (got \" \")");
    assertThatThrownBy(() -> VertexArtifact.generationConfig(Map.of("", "1")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("VertexArtifact: generationConfig must not have a blank key (got \"\")");
  }

  @Test
  void whatIsWrongInJsonIsToldByItsPath() {
    String json =
        GrammarJson.write(LLAMA).replace("\"acceleratorCount\":4", "\"acceleratorCount\":0");

    assertThatThrownBy(() -> GrammarJson.read(json, Endpoint.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "Endpoint: scaling.options.vertex.VertexScaling.acceleratorCount must be 1 or more (got 0)");
  }

  @Test
  void thePlatformItselfIsNotReadyYet() {
    assertThatThrownBy(() -> Platforms.open("vertex", EndpointPlatform.class))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND));
  }
}
