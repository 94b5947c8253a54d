package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import java.util.regex.Pattern;

/**
 * What SageMaker alone knows of a model, for {@link io.fairlead.grammar.ModelMetadata#with}.
 *
 * @param pyVersion the Python of AWS's ready-made images, as they are tagged, such as {@code py310}; with the framework
 *     and its version it chooses the image where the runtime names none
 */
public record SageMakerArtifact(String pyVersion) implements PlatformOptions {
  private static final Pattern TAG = Pattern.compile("py[0-9]+");

  public SageMakerArtifact {
    requireNonNull(pyVersion, "pyVersion");
    Problems.in("SageMakerArtifact")
        .check(
            TAG.matcher(pyVersion).matches(),
            "pyVersion",
            "must be py and a version without dots, such as py310",
            pyVersion)
        .throwIfAny();
  }

  public static SageMakerArtifact pyVersion(String pyVersion) {
    return new SageMakerArtifact(pyVersion);
  }

  @Override
  public String platform() {
    return SageMakerOptionsProvider.PLATFORM;
  }
}
