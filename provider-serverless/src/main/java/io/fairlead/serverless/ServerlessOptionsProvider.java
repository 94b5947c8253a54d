package io.fairlead.serverless;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.spi.OptionsProvider;
import java.util.Set;

/** Lets values that carry the options of the platform {@code serverless} be read from JSON. */
public final class ServerlessOptionsProvider implements OptionsProvider {
  /** Makes a provider, at no cost. */
  public ServerlessOptionsProvider() {}

  @Override
  public String platform() {
    return ServerlessProvider.ID;
  }

  @Override
  public Set<Class<? extends PlatformOptions>> types() {
    return Set.of(ServerlessOptions.class);
  }
}
