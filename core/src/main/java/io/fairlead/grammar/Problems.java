package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;

/**
 * A collector of the problems of one value, which reports them together.
 *
 * <pre>{@code
 * Problems.in("Scaling")
 *     .check(min >= 0, "min", "must be 0 or more", min)
 *     .check(max >= 1, "max", "must be 1 or more", max)
 *     .throwIfAny();
 * }</pre>
 */
public final class Problems {
  private static final int LONGEST_VALUE_SHOWN = 100;

  private final String subject;
  private final List<Problem> found = new ArrayList<>();

  private Problems(String subject) {
    this.subject = subject;
  }

  /** {@return an empty collector for a value that messages call {@code subject}} */
  public static Problems in(String subject) {
    return new Problems(requireNonNull(subject, "subject"));
  }

  /** Notes a problem unless {@code holds}. */
  public Problems check(boolean holds, String field, String rule, Object value) {
    return holds ? this : add(new Problem(field, rule, shown(value)));
  }

  /** Notes a problem without its value, which is secret or absent, unless {@code holds}. */
  public Problems check(boolean holds, String field, String rule) {
    return holds ? this : add(new Problem(field, rule, ""));
  }

  public Problems add(Problem problem) {
    found.add(requireNonNull(problem, "problem"));
    return this;
  }

  public List<Problem> found() {
    return List.copyOf(found);
  }

  /**
   * Ends the check.
   *
   * @throws InvalidValueException if a problem was noted
   */
  public void throwIfAny() {
    if (!found.isEmpty()) {
      throw new InvalidValueException(subject, found);
    }
  }

  private static String shown(Object value) {
    String text = Redacted.text(String.valueOf(value));
    if (text.length() > LONGEST_VALUE_SHOWN) {
      text = text.substring(0, LONGEST_VALUE_SHOWN) + "... (" + text.length() + " characters)";
    }
    return value instanceof CharSequence ? '"' + text + '"' : text;
  }
}
