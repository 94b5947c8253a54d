package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.io.Serializable;

/**
 * One problem of an invalid value.
 *
 * @param field the field, as a path from the value that was checked, such as {@code routing.name}
 * @param rule the rule that it breaks, worded to follow its name: {@code must be 0 to 100}
 * @param value the value, as text; never a secret
 */
public record Problem(String field, String rule, String value) implements Serializable {
  public Problem {
    requireNonNull(field, "field");
    requireNonNull(rule, "rule");
    requireNonNull(value, "value");
  }

  /** {@return the same problem, with a path from the value that has this one as its field {@code parent}} */
  public Problem under(String parent) {
    return new Problem(field.isEmpty() ? parent : parent + "." + field, rule, value);
  }

  /** {@return the problem as a clause: field, rule, value} */
  @Override
  public String toString() {
    return field + " " + rule + (value.isEmpty() ? "" : " (got " + value + ")");
  }
}
