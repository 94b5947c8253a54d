package io.fairlead.spi;

import io.fairlead.grammar.PlatformOptions;
import java.util.Set;

/**
 * A provider of the option types of one platform, so that values with options can be read from JSON; loaded by {@link
 * java.util.ServiceLoader}.
 *
 * <p>It is separate from {@link PlatformProvider} because reading a stored value must not need the platform's SDK.
 */
public interface OptionsProvider {
  /** {@return the id of the platform that the options are for} */
  String platform();

  /**
   * {@return the option types, each with a unique simple name: public records in an exported package, or {@link
   * Settings} in one that is open to {@code io.fairlead.core}}
   */
  Set<Class<? extends PlatformOptions>> types();
}
