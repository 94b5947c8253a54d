package io.fairlead.azureml;

import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.spi.Settings;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Azure ML's options of a model's metadata, for {@link io.fairlead.grammar.ModelMetadata#with}.
 *
 * <pre>{@code
 * ModelMetadata metadata = ModelMetadata.of("huggingface", "4.37").withName("hf-model")
 *     .with(AzureMlArtifact.of(AzureMlArtifact.Type.CUSTOM_MODEL).fromRegistry("HuggingFace"));
 * }</pre>
 */
public final class AzureMlArtifact extends Settings<AzureMlArtifact.Draft>
    implements ArtifactOptions {
  private static final Pattern NAME = Pattern.compile("[^\\s/]+");

  /** The asset type of a model: the layout of its files. */
  public enum Type {
    /** Any layout. */
    CUSTOM_MODEL,
    /** The layout of MLflow, with a file MLmodel, which is served without an environment. */
    MLFLOW_MODEL,
    /** A model repository of Triton, which is served without an environment. */
    TRITON_MODEL
  }

  /** A model of any layout, without a description; one of the Hugging Face hub is that of the registry HuggingFace. */
  public static final AzureMlArtifact DEFAULT = new AzureMlArtifact(new Draft());

  static final class Draft extends Settings.Draft {
    Type type = Type.CUSTOM_MODEL;
    Optional<String> description = Optional.empty();
    Optional<String> registry = Optional.empty();
    Optional<String> registryVersion = Optional.empty();
  }

  private AzureMlArtifact(Draft draft) {
    super(draft);
    Problems.in("AzureMlArtifact")
        .check(
            draft.description.filter(String::isBlank).isEmpty(), "description", "must not be blank")
        .check(
            draft.registry.filter(name -> !NAME.matcher(name).matches()).isEmpty(),
            "registry",
            "must be the name of a registry, without spaces and slashes",
            draft.registry.orElse(""))
        .check(
            draft.registryVersion.filter(name -> !NAME.matcher(name).matches()).isEmpty(),
            "registryVersion",
            "must be the version of a model, without spaces and slashes",
            draft.registryVersion.orElse(""))
        .check(
            draft.registryVersion.isEmpty() || draft.registry.isPresent(),
            "registryVersion",
            "must be left out where there is no registry",
            draft.registryVersion.orElse(""))
        .throwIfAny();
  }

  /** {@return options of a model whose files have a layout, without a description} */
  public static AzureMlArtifact of(Type type) {
    return new AzureMlArtifact(DEFAULT.with(draft -> draft.type = type));
  }

  /** {@return the asset type, which is the layout of the model's files} */
  public Type type() {
    return draft().type;
  }

  /** {@return the description in the workspace} */
  public Optional<String> description() {
    return draft().description;
  }

  /** {@return the registry that a model of the Hugging Face hub is taken from; by default {@code HuggingFace}} */
  public Optional<String> registry() {
    return draft().registry;
  }

  /** {@return the version of the model in the registry; by default the newest when it is deployed} */
  public Optional<String> registryVersion() {
    return draft().registryVersion;
  }

  /** {@return a copy with a description in the workspace, which can be changed later} */
  public AzureMlArtifact withDescription(String newDescription) {
    return new AzureMlArtifact(with(draft -> draft.description = Optional.of(newDescription)));
  }

  /**
   * {@return a copy for a model of the Hugging Face hub that is taken from a registry, in its newest version}
   *
   * <p>Models that only a registry has are at {@code azureml://registries/REGISTRY/models/NAME/versions/VERSION}.
   */
  public AzureMlArtifact fromRegistry(String newRegistry) {
    return new AzureMlArtifact(with(draft -> {
      draft.registry = Optional.of(newRegistry);
      draft.registryVersion = Optional.empty();
    }));
  }

  /** {@return a copy for a model of the Hugging Face hub that is taken from a registry, in one version} */
  public AzureMlArtifact fromRegistry(String newRegistry, String version) {
    return new AzureMlArtifact(with(draft -> {
      draft.registry = Optional.of(newRegistry);
      draft.registryVersion = Optional.of(version);
    }));
  }

  @Override
  public String platform() {
    return AzureMlProvider.ID;
  }
}
