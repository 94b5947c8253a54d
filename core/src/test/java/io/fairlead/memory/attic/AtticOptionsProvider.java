package io.fairlead.memory.attic;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.spi.OptionsProvider;
import java.util.Set;

// guide: options provider
/** The provider of the attic's option types. */
public final class AtticOptionsProvider implements OptionsProvider {
  /** Creates a provider; does nothing else. */
  public AtticOptionsProvider() {}

  @Override
  public String platform() {
    return "attic";
  }

  @Override
  public Set<Class<? extends PlatformOptions>> types() {
    return Set.of(AtticRuntime.class);
  }
}
// guide end
