package io.fairlead.spi;

import io.fairlead.platform.Capabilities;
import io.fairlead.platform.Platform;

/**
 * A provider of one platform; loaded by {@link java.util.ServiceLoader}.
 *
 * <p>All providers on the class path are instantiated to read their ids and types, so a constructor does nothing and
 * the class loads without the platform's own SDK, which is first used in {@link #open}.
 *
 * @param <P> the type of the platform
 */
public interface PlatformProvider<P extends Platform<?>> {
  /** {@return the platform's id, unique on a class path, such as {@code sagemaker}} */
  String id();

  /** {@return the interface of the platform, such as {@code EndpointPlatform.class}} */
  Class<P> type();

  /**
   * {@return what the platform can and cannot do; asked of a provider whose platform is not opened, so that it loads
   * nothing of the platform's SDK}
   *
   * <p>The default is the operations of the {@link #type} alone.
   */
  default Capabilities capabilities() {
    return Capabilities.of(type());
  }

  /**
   * Opens the platform; makes no remote call.
   *
   * @param config the settings, which the provider reads strictly: an unknown key is an error
   * @throws io.fairlead.grammar.InvalidValueException if settings are invalid; it names all of them
   */
  P open(PlatformConfig config);
}
