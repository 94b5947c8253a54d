package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Problems;
import java.net.URI;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Vertex AI's options of a model's metadata, for {@link io.fairlead.grammar.ModelMetadata#with}.
 *
 * @param generationConfig the generation parameters of a model that generates text, such as {@code temperature},
 *     sorted by key
 * @param placement where in a request the container reads them; by default as the image's name says
 */
public record VertexArtifact(Map<String, String> generationConfig, Optional<Placement> placement)
    implements ArtifactOptions {
  /** A place in the JSON of a request at which a container reads generation parameters. */
  public enum Placement {
    /** In {@code parameters} of the request: the default, and Vertex AI's own form. */
    PARAMETERS,
    /** In {@code parameters} of each of the {@code instances}: Text Generation Inference. */
    PARAMETERS_OF_INSTANCES,
    /** In each of the {@code instances} itself: vLLM with Vertex AI's own form. */
    INSTANCES,
    /** In the request itself, as in OpenAI's form: the default of containers with invoke routes. */
    BODY
  }

  private static final Pattern REGISTERED = Pattern.compile(
      "projects/[a-z0-9.:-]+/locations/[a-z0-9-]+/models/[A-Za-z0-9_-]+(@[A-Za-z0-9-]+)?");

  public VertexArtifact {
    // Sorted, so that equal values have the same text and the same JSON.
    generationConfig = Collections.unmodifiableSortedMap(
        new TreeMap<>(Map.copyOf(requireNonNull(generationConfig, "generationConfig"))));
    requireNonNull(placement, "placement");
    Problems problems = Problems.in("VertexArtifact");
    for (String key : generationConfig.keySet()) {
      problems.check(!key.isBlank(), "generationConfig", "must not have a blank key", key);
    }
    problems.throwIfAny();
  }

  public static VertexArtifact generationConfig(Map<String, String> config) {
    return new VertexArtifact(config, Optional.empty());
  }

  /**
   * {@return an artifact that is a model in Vertex AI's model registry already, as {@code vertex://NAME}}
   *
   * <p>It is deployed as it is, with the container that it was uploaded with, and never deleted.
   *
   * @param name {@code projects/PROJECT/locations/LOCATION/models/ID}, with {@code @} and a version's number or alias
   *     where it is not the default one
   */
  public static ModelArtifact registered(String name) {
    Problems.in("VertexArtifact")
        .check(
            REGISTERED.matcher(name).matches(),
            "name",
            "must be projects/PROJECT/locations/LOCATION/models/ID, with @ and a version's number or alias if any",
            name)
        .throwIfAny();
    return ModelArtifact.of(URI.create("vertex://" + name));
  }

  /** {@return a copy for a container that reads the parameters there} */
  public VertexArtifact at(Placement newPlacement) {
    return new VertexArtifact(generationConfig, Optional.of(newPlacement));
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
