package io.fairlead.config;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * A property of a configuration.
 *
 * @param name its name, with hyphens, such as {@code instance-type}
 * @param names what it may be, if its type is {@link PropertyType#NAME}
 * @param meaning what it is, as one sentence
 * @param byDefault its value where it is not given, as text; empty if there is none, or it depends on others
 */
public record Property(
    String name, PropertyType type, List<String> names, String meaning, String byDefault) {
  public Property {
    requireNonNull(name, "name");
    requireNonNull(type, "type");
    names = List.copyOf(names);
    requireNonNull(meaning, "meaning");
    requireNonNull(byDefault, "byDefault");
  }

  static Property of(String name, PropertyType type, String meaning) {
    return new Property(name, type, List.of(), meaning, "");
  }

  Property byDefault(String value) {
    return new Property(name, type, names, meaning, value);
  }

  /** {@return the rule that its text has to keep, worded to follow its name} */
  public String rule() {
    return type.rule() + String.join(", ", names);
  }
}
