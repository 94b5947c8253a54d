package io.fairlead.azureml;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.Problems;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Azure ML's options of a model's metadata, for {@link io.fairlead.grammar.ModelMetadata#with}.
 *
 * <pre>{@code
 * ModelMetadata metadata = ModelMetadata.of("huggingface", "4.37").withName("hf-model")
 *     .with(AzureMlArtifact.of(AzureMlArtifact.Type.CUSTOM_MODEL).fromRegistry("HuggingFace"));
 * }</pre>
 *
 * @param type the asset type, which is the layout of the model's files
 * @param description the description in the workspace
 * @param registry the registry of the model, such as {@code HuggingFace}; empty for the workspace's own
 */
public record AzureMlArtifact(Type type, Optional<String> description, Optional<String> registry)
    implements ArtifactOptions {
  private static final Pattern NAME = Pattern.compile("[^\\s/]+");

  /** The asset type of a model: the layout of its files. */
  public enum Type {
    /** Any layout. */
    CUSTOM_MODEL,
    /** The layout of MLflow, with a file MLmodel. */
    MLFLOW_MODEL,
    /** A model repository of Triton. */
    TRITON_MODEL
  }

  public AzureMlArtifact {
    requireNonNull(type, "type");
    requireNonNull(description, "description");
    requireNonNull(registry, "registry");
    Problems.in("AzureMlArtifact")
        .check(description.filter(String::isBlank).isEmpty(), "description", "must not be blank")
        .check(
            registry.isEmpty() || NAME.matcher(registry.get()).matches(),
            "registry",
            "must be the name of a registry, without spaces and slashes",
            registry.orElse(""))
        .throwIfAny();
  }

  public static AzureMlArtifact of(Type type) {
    return new AzureMlArtifact(type, Optional.empty(), Optional.empty());
  }

  public AzureMlArtifact withDescription(String newDescription) {
    return new AzureMlArtifact(type, Optional.of(newDescription), registry);
  }

  public AzureMlArtifact fromRegistry(String newRegistry) {
    return new AzureMlArtifact(type, description, Optional.of(newRegistry));
  }

  @Override
  public String platform() {
    return AzureMlOptionsProvider.PLATFORM;
  }
}
