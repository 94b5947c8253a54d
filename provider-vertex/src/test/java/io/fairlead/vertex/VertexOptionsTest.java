package io.fairlead.vertex;

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
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VertexOptionsTest {
  private static final VertexLogging LOGGING = VertexLogging.sampling(0.5);

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
      new Routing("llama", "blue").with(LOGGING));

  @Test
  void anEndpointThatCarriesThemAllIsReadBackEqual() {
    String json = GrammarJson.write(LLAMA);

    assertThat(json)
        .contains(
            "\"vertex.VertexArtifact\":{\"generationConfig\":{\"temperature\":\"0.7\",\"top_p\":\"0.95\"}}")
        .contains(
            "\"vertex.VertexRuntime\":{\"accelerator\":\"NVIDIA_TESLA_A100\",\"serviceAccount\":\"\",")
        .contains("\"vertex.VertexScaling\":{\"acceleratorCount\":4,\"spot\":false,")
        .contains("\"vertex.VertexLogging\":{\"samplingRate\":0.5,\"table\":\"\"}");
    assertThat(GrammarJson.read(json, Endpoint.class)).isEqualTo(LLAMA);
  }

  @Test
  void eachIsForVertex() {
    assertThat(LLAMA.artifact().metadata().options().forPlatform("vertex")).hasSize(1);
    assertThat(LLAMA.container().runtime().options().forPlatform("vertex"))
        .containsExactly(VertexRuntime.accelerator("NVIDIA_TESLA_A100"));
    assertThat(LLAMA.scaling().options().forPlatform("vertex"))
        .containsExactly(VertexScaling.acceleratorCount(4));
    assertThat(LLAMA.routing().options().forPlatform("vertex")).containsExactly(LOGGING);
    assertThat(LLAMA.routing().options().forPlatform("sagemaker")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"NVIDIA_L4", "NVIDIA_H100_80GB", "TPU_V5_LITEPOD"})
  void anAcceleratorIsNamedAsVertexNamesIt(String type) {
    assertThat(VertexRuntime.accelerator(type).accelerator()).isEqualTo(type);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nvidia-tesla-a100", "NVIDIA L4", "NVIDIA-L4", "4090"})
  void anythingElseIsNoAccelerator(String type) {
    assertThatThrownBy(() -> VertexRuntime.accelerator(type))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("VertexRuntime: accelerator must be a type of accelerator in capitals, such as "
            + "NVIDIA_TESLA_A100 (got \"" + type + "\")");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, -8})
  void thereAreNotLessThanNoAccelerators(int count) {
    assertThatThrownBy(() -> VertexScaling.acceleratorCount(count))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "VertexScaling: acceleratorCount must be 1 or more, or 0 for none (got " + count + ")");
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
  void aBlankKeyIsRefused() {
    assertThatThrownBy(() -> VertexArtifact.generationConfig(Map.of("", "1")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("VertexArtifact: generationConfig must not have a blank key (got \"\")");
  }

  @Test
  void whatIsWrongInJsonIsToldByItsPath() {
    String json =
        GrammarJson.write(LLAMA).replace("\"acceleratorCount\":4", "\"acceleratorCount\":-1");

    assertThatThrownBy(() -> GrammarJson.read(json, Endpoint.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "Endpoint: scaling.options.vertex.VertexScaling.acceleratorCount must be 1 or more, or 0 for none (got -1)");
  }
}
