package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.DependencyOptions;
import io.fairlead.grammar.Problems;
import java.util.Arrays;

/**
 * SageMaker's options of dependencies, for {@link io.fairlead.grammar.Dependencies#with}.
 *
 * @param entryPoint the inference script, as a path inside the model's code, such as {@code inference.py}
 */
public record SageMakerDependencies(String entryPoint) implements DependencyOptions {
  public SageMakerDependencies {
    requireNonNull(entryPoint, "entryPoint");
    Problems.in("SageMakerDependencies")
        .check(
            isInside(entryPoint),
            "entryPoint",
            "must be a path inside the model's code, such as inference.py",
            entryPoint)
        .throwIfAny();
  }

  private static boolean isInside(String path) {
    return !path.isBlank()
        && !path.startsWith("/")
        && !path.contains("://")
        && !Arrays.asList(path.split("/", -1)).contains("..");
  }

  public static SageMakerDependencies entryPoint(String path) {
    return new SageMakerDependencies(path);
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
