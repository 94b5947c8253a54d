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
  private static final int LONGEST_FIELD = 300;
  private static final int LONGEST_RULE = 1500;
  private static final int LONGEST_VALUE = 300;

  public Problem {
    requireNonNull(field, "field");
    requireNonNull(rule, "rule");
    requireNonNull(value, "value");
    field = cut(field, LONGEST_FIELD);
    rule = cut(rule, LONGEST_RULE);
    value = cut(value, LONGEST_VALUE);
  }

  private static String cut(String text, int longest) {
    return text.length() <= longest ? text : text.substring(0, longest) + "...";
  }

  /** {@return what stands for problems that are counted, and not kept} */
  static Problem further(int problems) {
    return new Problem(
        "", "and " + problems + " further " + (problems == 1 ? "problem" : "problems"), "");
  }

  /** {@return the same problem, with a path from the value that has this one as its field {@code parent}} */
  public Problem under(String parent) {
    return new Problem(field.isEmpty() ? parent : parent + "." + field, rule, value);
  }

  /** {@return the problem as a clause: field, rule, value} */
  @Override
  public String toString() {
    return (field.isEmpty() ? "" : field + " ")
        + rule
        + (value.isEmpty() ? "" : " (got " + value + ")");
  }
}
