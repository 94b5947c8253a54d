package io.fairlead.azureml;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.spi.OptionsProvider;
import java.util.Set;

/** The option types of Azure ML, with which values that have them are read from JSON. */
public final class AzureMlOptionsProvider implements OptionsProvider {
  /** Creates a provider; does nothing else. */
  public AzureMlOptionsProvider() {}

  @Override
  public String platform() {
    return AzureMlProvider.ID;
  }

  @Override
  public Set<Class<? extends PlatformOptions>> types() {
    return Set.of(
        AzureMlArtifact.class,
        AzureMlAutoscaling.class,
        AzureMlContainer.class,
        AzureMlDependencies.class,
        AzureMlEndpoint.class,
        AzureMlRouting.class,
        AzureMlRuntime.class,
        AzureMlScaling.class);
  }
}
