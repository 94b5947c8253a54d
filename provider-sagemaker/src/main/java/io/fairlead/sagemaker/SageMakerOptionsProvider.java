package io.fairlead.sagemaker;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.spi.OptionsProvider;
import java.util.Set;

/** Lets values that carry SageMaker's options be read from JSON. */
public final class SageMakerOptionsProvider implements OptionsProvider {
  /** All options of values; a request's are not among them, for requests are not stored. */
  private static final Set<Class<? extends PlatformOptions>> TYPES = Set.of(
      SageMakerArtifact.class,
      SageMakerAsync.class,
      SageMakerAutoscaling.class,
      SageMakerComponent.class,
      SageMakerDataCapture.class,
      SageMakerDependencies.class,
      SageMakerInstances.class,
      SageMakerMultiModel.class,
      SageMakerNetwork.class,
      SageMakerReplacement.class,
      SageMakerRuntime.class,
      SageMakerServerless.class,
      SageMakerShadow.class);

  public SageMakerOptionsProvider() {}

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }

  @Override
  public Set<Class<? extends PlatformOptions>> types() {
    return TYPES;
  }
}
