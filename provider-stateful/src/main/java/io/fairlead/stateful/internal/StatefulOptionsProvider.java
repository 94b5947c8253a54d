package io.fairlead.stateful.internal;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.spi.OptionsProvider;
import io.fairlead.stateful.StatefulModel;
import io.fairlead.stateful.StatefulProvider;
import java.util.Set;

/** Registers the options of the platform {@code stateful} for reading values from JSON. */
public final class StatefulOptionsProvider implements OptionsProvider {
  /** Creates a provider; does nothing else. */
  public StatefulOptionsProvider() {}

  @Override
  public String platform() {
    return StatefulProvider.ID;
  }

  @Override
  public Set<Class<? extends PlatformOptions>> types() {
    return Set.of(StatefulModel.class);
  }
}
