package io.fairlead.azureml;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.spi.OptionsProvider;
import java.util.Set;

/** The option types of Azure ML, with which values that have them are read from JSON. */
public final class AzureMlOptionsProvider implements OptionsProvider {
  static final String PLATFORM = "azureml";

  public AzureMlOptionsProvider() {}

  @Override
  public String platform() {
    return PLATFORM;
  }

  @Override
  public Set<Class<? extends PlatformOptions>> types() {
    return Set.of(AzureMlArtifact.class, AzureMlRuntime.class, AzureMlRouting.class);
  }
}
