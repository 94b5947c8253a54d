package io.fairlead.config;

import static java.util.Objects.requireNonNull;

import java.io.Serializable;

/**
 * A mistake in a configuration.
 *
 * @param property the property, such as {@code fairlead.endpoints.ask.min}
 * @param rule the rule that it breaks, worded to follow its name
 * @param value the value; empty if there is none, or it may be secret
 * @param origin the file and line, if known
 */
public record ConfigProblem(String property, String rule, String value, String origin)
    implements Serializable {
  public ConfigProblem {
    requireNonNull(property, "property");
    requireNonNull(rule, "rule");
    requireNonNull(value, "value");
    requireNonNull(origin, "origin");
  }

  /** {@return the mistake as one sentence} */
  @Override
  public String toString() {
    return (property.isEmpty() ? "" : property + " ")
        + rule
        + (value.isEmpty() ? "" : " (got " + value + ")")
        + (origin.isEmpty() ? "" : ", in " + origin);
  }
}
