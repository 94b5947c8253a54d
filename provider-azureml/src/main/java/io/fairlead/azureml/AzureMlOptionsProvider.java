package io.fairlead.azureml;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.spi.OptionsProvider;
import java.util.Set;

/** Lets values that carry Azure ML's options be read from JSON. */
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
