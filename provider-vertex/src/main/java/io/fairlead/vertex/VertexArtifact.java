package io.fairlead.vertex;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import java.util.Map;

/**
 * What Vertex AI alone knows of a model, for {@link io.fairlead.grammar.ModelMetadata#with}.
 *
 * @param generationConfig how a model that generates text does so, such as {@code temperature}, sorted by key
 */
public record VertexArtifact(Map<String, String> generationConfig) implements PlatformOptions {
  public VertexArtifact {
    generationConfig = Configs.sorted(generationConfig, "generationConfig");
    Problems problems = Problems.in("VertexArtifact");
    Configs.check(problems, "generationConfig", generationConfig);
    problems.throwIfAny();
  }

  public static VertexArtifact generationConfig(Map<String, String> config) {
    return new VertexArtifact(config);
  }

  @Override
  public String platform() {
    return VertexOptionsProvider.PLATFORM;
  }
}
