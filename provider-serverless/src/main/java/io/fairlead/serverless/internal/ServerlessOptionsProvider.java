package io.fairlead.serverless.internal;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessProvider;
import io.fairlead.spi.OptionsProvider;
import java.util.Set;

/** Registers the options of the platform {@code serverless} for reading values from JSON. */
public final class ServerlessOptionsProvider implements OptionsProvider {
  /** Creates a provider; does nothing else. */
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
