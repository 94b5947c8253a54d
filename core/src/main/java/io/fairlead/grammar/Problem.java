package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.io.Serializable;

/**
 * One thing that is wrong with a value.
 *
 * @param field the field, as a path from the value that was checked, such as {@code routing.name}
 * @param rule what the field has to be, worded to follow its name: {@code must be 0 to 100}
 * @param value what was given, as text; secrets never get here
 */
public record Problem(String field, String rule, String value) implements Serializable {
  public Problem {
    requireNonNull(field, "field");
    requireNonNull(rule, "rule");
    requireNonNull(value, "value");
  }

  /** {@return the same problem, seen from the value that holds this one as {@code parent}} */
  public Problem under(String parent) {
    return new Problem(field.isEmpty() ? parent : parent + "." + field, rule, value);
  }

  /** {@return the problem as a clause: field, rule, value} */
  @Override
  public String toString() {
    return field + " " + rule + (value.isEmpty() ? "" : " (got " + value + ")");
  }
}
