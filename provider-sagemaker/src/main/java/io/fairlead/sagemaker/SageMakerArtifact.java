package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.Problems;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * SageMaker's options of a model's metadata, for {@link io.fairlead.grammar.ModelMetadata#with}. Where the runtime
 * has no image, they select one of AWS's prebuilt images, together with the task, or the framework and its version.
 *
 * @param pyVersion the Python version of the image, as in its tag, such as {@code py310}; by default any
 * @param instanceType an instance type that the image has to run on, such as {@code ml.g5.xlarge}; by default one
 *     without a GPU, and one with a GPU where all images of the version are for these
 */
public record SageMakerArtifact(Optional<String> pyVersion, Optional<String> instanceType)
    implements ArtifactOptions {
  private static final Pattern TAG = Pattern.compile("py[0-9]+");

  public SageMakerArtifact {
    requireNonNull(pyVersion, "pyVersion");
    requireNonNull(instanceType, "instanceType");
    Problems.in("SageMakerArtifact")
        .check(
            pyVersion.filter(text -> !TAG.matcher(text).matches()).isEmpty(),
            "pyVersion",
            "must be py and a version without dots, such as py310",
            pyVersion.orElse(""))
        .check(
            instanceType.filter(text -> !text.startsWith("ml.")).isEmpty(),
            "instanceType",
            "must be a SageMaker instance type, such as ml.g5.xlarge",
            instanceType.orElse(""))
        .throwIfAny();
  }

  public static SageMakerArtifact pyVersion(String pyVersion) {
    return new SageMakerArtifact(Optional.of(pyVersion), Optional.empty());
  }

  /** {@return an image that runs on an instance type, with any Python version} */
  public static SageMakerArtifact forInstances(String instanceType) {
    return new SageMakerArtifact(Optional.empty(), Optional.of(instanceType));
  }

  /** {@return a copy that runs on an instance type} */
  public SageMakerArtifact on(String newInstanceType) {
    return new SageMakerArtifact(pyVersion, Optional.of(newInstanceType));
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
