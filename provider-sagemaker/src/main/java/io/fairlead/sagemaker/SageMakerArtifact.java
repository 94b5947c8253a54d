package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.Problems;
import java.util.regex.Pattern;

/**
 * What SageMaker alone knows of a model, for {@link io.fairlead.grammar.ModelMetadata#with}; with the framework and its
 * version it chooses among AWS's ready-made images where the runtime names none.
 *
 * @param pyVersion the Python of the image, as it is tagged, such as {@code py310}; empty for whichever there is
 * @param instanceType a type of instance that the image has to run on, such as {@code ml.g5.xlarge}; empty for one without
 *     GPU
 */
public record SageMakerArtifact(String pyVersion, String instanceType) implements ArtifactOptions {
  private static final Pattern TAG = Pattern.compile("py[0-9]+");

  public SageMakerArtifact {
    requireNonNull(pyVersion, "pyVersion");
    requireNonNull(instanceType, "instanceType");
    Problems.in("SageMakerArtifact")
        .check(
            pyVersion.isEmpty() || TAG.matcher(pyVersion).matches(),
            "pyVersion",
            "must be py and a version without dots, such as py310",
            pyVersion)
        .check(
            instanceType.isEmpty() || instanceType.startsWith("ml."),
            "instanceType",
            "must be an instance type of SageMaker's, such as ml.g5.xlarge",
            instanceType)
        .throwIfAny();
  }

  public static SageMakerArtifact pyVersion(String pyVersion) {
    return new SageMakerArtifact(pyVersion, "");
  }

  /** {@return an image that runs on instances of a type, and the same Python} */
  public SageMakerArtifact on(String newInstanceType) {
    return new SageMakerArtifact(pyVersion, newInstanceType);
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
