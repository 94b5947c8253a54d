package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.Problems;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Vertex AI's options of a model's metadata, for {@link io.fairlead.grammar.ModelMetadata#with}.
 *
 * @param generationConfig the generation parameters of a model that generates text, such as {@code temperature},
 *     sorted by key
 */
public record VertexArtifact(Map<String, String> generationConfig) implements ArtifactOptions {
  public VertexArtifact {
    // Sorted, so that equal values have the same text and the same JSON.
    generationConfig = Collections.unmodifiableSortedMap(
        new TreeMap<>(Map.copyOf(requireNonNull(generationConfig, "generationConfig"))));
    Problems problems = Problems.in("VertexArtifact");
    for (String key : generationConfig.keySet()) {
      problems.check(!key.isBlank(), "generationConfig", "must not have a blank key", key);
    }
    problems.throwIfAny();
  }

  public static VertexArtifact generationConfig(Map<String, String> config) {
    return new VertexArtifact(config);
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
