package io.fairlead.config;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Served;

/**
 * An endpoint or function that a configuration declares.
 *
 * @param name its name in the configuration
 * @param platform the name of the platform that serves it
 * @param type the type of the value
 * @param deployAtStart whether it is deployed when the application starts
 * @param <S> the type of the value
 */
public record Declared<S extends Served>(
    String name, String platform, Class<S> type, S value, boolean deployAtStart) {
  public Declared {
    requireNonNull(name, "name");
    requireNonNull(platform, "platform");
    requireNonNull(type, "type");
    requireNonNull(value, "value");
  }

  /** {@return the same declaration with another value} */
  public Declared<S> withValue(S newValue) {
    return new Declared<>(name, platform, type, newValue, deployAtStart);
  }
}
