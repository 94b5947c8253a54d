package io.fairlead.sagemaker;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.spi.OptionsProvider;
import java.util.Set;

/** Lets values that carry SageMaker's options be read from JSON. */
public final class SageMakerOptionsProvider implements OptionsProvider {
  static final String PLATFORM = "sagemaker";

  public SageMakerOptionsProvider() {}

  @Override
  public String platform() {
    return PLATFORM;
  }

  @Override
  public Set<Class<? extends PlatformOptions>> types() {
    return Set.of(SageMakerArtifact.class, SageMakerRuntime.class, SageMakerDependencies.class);
  }
}
