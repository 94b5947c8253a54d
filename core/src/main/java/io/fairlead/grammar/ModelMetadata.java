package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import java.util.Optional;

/**
 * The metadata of a model.
 *
 * @param name the model's name, if it has one: 1 to 63 letters, digits and hyphens, with a letter or digit at both ends
 * @param framework its framework or format, if known, such as {@code huggingface} or {@code onnx}
 * @param version the framework's version, if known, such as {@code 4.37}
 * @param task what it is for, if known: a model of a hub needs it where the platform chooses the container by it
 * @param labels free labels, sorted by key
 * @param options options of single platforms
 */
public record ModelMetadata(
    Optional<String> name,
    Optional<String> framework,
    Optional<String> version,
    Optional<ModelTask> task,
    Map<String, String> labels,
    Options<ArtifactOptions> options) {
  /** Empty metadata. */
  public static final ModelMetadata NONE = new ModelMetadata(
      Optional.empty(),
      Optional.empty(),
      Optional.empty(),
      Optional.empty(),
      Map.of(),
      Options.none());

  private static final Optional<String> BLANK = Optional.of("");

  public ModelMetadata {
    requireNonNull(name, "name");
    requireNonNull(framework, "framework");
    requireNonNull(version, "version");
    requireNonNull(task, "task");
    labels = Names.sorted(requireNonNull(labels, "labels"));
    requireNonNull(options, "options");
    Problems problems = Problems.in("ModelMetadata")
        .check(
            name.filter(text -> !Names.isName(text)).isEmpty(), "name", Names.RULE, name.orElse(""))
        .check(!framework.equals(BLANK), "framework", "must not be empty; if unknown, leave it out")
        .check(!version.equals(BLANK), "version", "must not be empty; if unknown, leave it out");
    labels.forEach(
        (key, value) -> problems.check(!key.isBlank(), "labels", "must not have a blank key", key));
    options.check(ArtifactOptions.class, problems);
    problems.throwIfAny();
  }

  /** {@return metadata with a framework in an unknown version} */
  public static ModelMetadata of(String framework) {
    return NONE.withFramework(framework);
  }

  public static ModelMetadata of(String framework, String version) {
    return NONE.withFramework(framework, version);
  }

  public ModelMetadata withName(String newName) {
    return new ModelMetadata(Optional.of(newName), framework, version, task, labels, options);
  }

  ModelMetadata withoutName() {
    return new ModelMetadata(Optional.empty(), framework, version, task, labels, options);
  }

  /** {@return a copy with another framework in an unknown version} */
  public ModelMetadata withFramework(String newFramework) {
    return new ModelMetadata(
        name, Optional.of(newFramework), Optional.empty(), task, labels, options);
  }

  public ModelMetadata withFramework(String newFramework, String newVersion) {
    return new ModelMetadata(
        name, Optional.of(newFramework), Optional.of(newVersion), task, labels, options);
  }

  /** {@return a copy with what the model is for} */
  public ModelMetadata withTask(ModelTask newTask) {
    return new ModelMetadata(name, framework, version, Optional.of(newTask), labels, options);
  }

  public ModelMetadata withLabels(Map<String, String> newLabels) {
    return new ModelMetadata(name, framework, version, task, newLabels, options);
  }

  public ModelMetadata with(ArtifactOptions option) {
    return withOptions(options.with(option));
  }

  /** {@return a copy with other options} */
  public ModelMetadata withOptions(Options<ArtifactOptions> newOptions) {
    return new ModelMetadata(name, framework, version, task, labels, newOptions);
  }

  @Override
  public String toString() {
    return words().in("ModelMetadata");
  }

  Words words() {
    return Words.none()
        .add("name", name)
        .add(
            "framework",
            framework.map(known -> known + version.map(v -> " " + v).orElse("")))
        .add(framework.isEmpty() && version.isPresent(), "version " + version.orElse(""))
        .add("for", task.map(ModelTask::id))
        .add(!labels.isEmpty(), "labels " + labels)
        .addAll(options);
  }
}
