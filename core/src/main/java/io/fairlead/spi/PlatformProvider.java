package io.fairlead.spi;

import io.fairlead.platform.Platform;

/**
 * Opens one kind of platform; found by {@link java.util.ServiceLoader}.
 *
 * <p>A provider is made only to read its id and type, so its constructor does nothing and its class loads without the
 * platform's own SDK, which is first touched in {@link #open}.
 *
 * @param <P> the type of the platform
 */
public interface PlatformProvider<P extends Platform<?>> {
  /** {@return the platform's id, unique on a class path, such as {@code sagemaker}} */
  String id();

  /** {@return the interface of the platform, such as {@code EndpointPlatform.class}} */
  Class<P> type();

  /**
   * Opens the platform; makes no remote call.
   *
   * @param config the settings, which the provider reads strictly: an unknown key is an error
   * @throws io.fairlead.grammar.InvalidValueException if settings are wrong, naming all of them
   */
  P open(PlatformConfig config);
}
