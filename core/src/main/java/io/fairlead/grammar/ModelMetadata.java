package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.util.Map;

/**
 * What is known of a model beside its files.
 *
 * @param name the model's name, at most 63 letters, digits and hyphens inside; empty if it has none
 * @param framework what made it, such as {@code huggingface} or {@code onnx}; empty if unknown
 * @param version the framework's version, such as {@code 4.37}; empty if unknown
 * @param labels free labels, sorted by key
 * @param options what one platform alone knows of an artifact
 */
public record ModelMetadata(
    String name,
    String framework,
    String version,
    Map<String, String> labels,
    Options<ArtifactOptions> options) {
  /** Nothing is known. */
  public static final ModelMetadata NONE = new ModelMetadata("", "", "", Map.of(), Options.none());

  public ModelMetadata {
    requireNonNull(name, "name");
    requireNonNull(framework, "framework");
    requireNonNull(version, "version");
    labels = Names.sorted(requireNonNull(labels, "labels"));
    requireNonNull(options, "options");
    Problems problems = Problems.in("ModelMetadata")
        .check(name.isEmpty() || Names.isName(name), "name", Names.RULE + ", or empty", name);
    labels.forEach(
        (key, value) -> problems.check(!key.isBlank(), "labels", "must not have a blank key", key));
    options.check(ArtifactOptions.class, problems);
    problems.throwIfAny();
  }

  public static ModelMetadata of(String framework, String version) {
    return NONE.withFramework(framework, version);
  }

  public ModelMetadata withName(String newName) {
    return new ModelMetadata(newName, framework, version, labels, options);
  }

  public ModelMetadata withFramework(String newFramework, String newVersion) {
    return new ModelMetadata(name, newFramework, newVersion, labels, options);
  }

  public ModelMetadata withLabels(Map<String, String> newLabels) {
    return new ModelMetadata(name, framework, version, newLabels, options);
  }

  public ModelMetadata with(ArtifactOptions option) {
    return new ModelMetadata(name, framework, version, labels, options.with(option));
  }
}
