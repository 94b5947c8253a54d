package io.fairlead.spi;

import io.fairlead.grammar.PlatformOptions;
import java.util.Set;

/**
 * Names the options that one platform has, so that values that carry them can be read from JSON; found by {@link
 * java.util.ServiceLoader}.
 *
 * <p>It is apart from {@link PlatformProvider} because reading a stored value must not need the platform's SDK.
 */
public interface OptionsProvider {
  /** {@return the id of the platform that the options are for} */
  String platform();

  /** {@return the option types: public records in an exported package, each with a simple name of its own} */
  Set<Class<? extends PlatformOptions>> types();
}
