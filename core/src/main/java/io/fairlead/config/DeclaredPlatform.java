package io.fairlead.config;

import static java.util.Objects.requireNonNull;

import io.fairlead.platform.Platform;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A platform that a configuration declares.
 *
 * @param path its path in the configuration, for messages; empty if it is the configuration
 * @param name its name in the configuration
 * @param id the platform's id
 * @param type the type of the platform's provider
 * @param settings the platform's settings, which may be secret
 */
public record DeclaredPlatform(
    String path,
    String name,
    String id,
    Class<? extends Platform<?>> type,
    Map<String, String> settings) {
  public DeclaredPlatform {
    requireNonNull(path, "path");
    requireNonNull(name, "name");
    requireNonNull(id, "id");
    requireNonNull(type, "type");
    settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }

  /** {@return name and id, without the settings} */
  @Override
  public String toString() {
    return "DeclaredPlatform[" + name + ", id=" + id + ", settings=" + settings.keySet() + "]";
  }
}
