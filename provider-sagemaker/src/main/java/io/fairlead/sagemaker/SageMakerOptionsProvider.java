package io.fairlead.sagemaker;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.spi.OptionsProvider;
import java.util.Set;

/** The option types of SageMaker, with which values that have them are read from JSON. */
public final class SageMakerOptionsProvider implements OptionsProvider {
  /** All options of values. Those of requests are not included, because requests are not stored. */
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
