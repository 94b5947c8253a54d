package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.Problems;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What SageMaker alone knows of a model, for {@link io.fairlead.grammar.ModelMetadata#with}; with the framework and its
 * version it chooses among AWS's ready-made images where the runtime names none.
 *
 * @param pyVersion the Python of the image, as it is tagged, such as {@code py310}; by default whichever there is
 * @param instanceType a type of instance that the image has to run on, such as {@code ml.g5.xlarge}; by default one without
 *     GPU
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
            "must be an instance type of SageMaker's, such as ml.g5.xlarge",
            instanceType.orElse(""))
        .throwIfAny();
  }

  public static SageMakerArtifact pyVersion(String pyVersion) {
    return new SageMakerArtifact(Optional.of(pyVersion), Optional.empty());
  }

  /** {@return an image that runs on instances of a type, with whichever Python there is} */
  public static SageMakerArtifact forInstances(String instanceType) {
    return new SageMakerArtifact(Optional.empty(), Optional.of(instanceType));
  }

  /** {@return an image that runs on instances of a type, and the same Python} */
  public SageMakerArtifact on(String newInstanceType) {
    return new SageMakerArtifact(pyVersion, Optional.of(newInstanceType));
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
