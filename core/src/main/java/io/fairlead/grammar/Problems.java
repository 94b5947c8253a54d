package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
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
 *
 * <p>The first 20 are kept, and of all others only their number: what a list of a million bad elements costs is in
 * proportion to the list, not to sentences about each.
 */
public final class Problems {
  private static final int LONGEST_VALUE_SHOWN = 100;
  /** How many problems are kept; of further ones there is only the number, so that no input makes a longer message. */
  static final int MAX_KEPT = 20;

  private final String subject;
  private final List<Problem> kept = new ArrayList<>();
  private int count;

  private Problems(String subject) {
    this.subject = subject;
  }

  /** {@return an empty collector for a value that messages call {@code subject}} */
  public static Problems in(String subject) {
    return new Problems(requireNonNull(subject, "subject"));
  }

  /** Notes a problem unless {@code holds}. */
  public Problems check(boolean holds, String field, String rule, Object value) {
    if (holds || isFull()) {
      return holds ? this : countOnly();
    }
    return add(new Problem(field, rule, shown(value)));
  }

  /** Notes a problem without its value, which is secret or absent, unless {@code holds}. */
  public Problems check(boolean holds, String field, String rule) {
    return holds ? this : add(new Problem(field, rule, ""));
  }

  public Problems add(Problem problem) {
    requireNonNull(problem, "problem");
    if (isFull()) {
      return countOnly();
    }
    kept.add(problem);
    count++;
    return this;
  }

  private boolean isFull() {
    return kept.size() == MAX_KEPT;
  }

  private Problems countOnly() {
    count++;
    return this;
  }

  /** {@return how many problems were noted} */
  public int count() {
    return count;
  }

  /** {@return the first 20 problems, and one that says how many there are beside them, if there are} */
  public List<Problem> found() {
    if (count == kept.size()) {
      return List.copyOf(kept);
    }
    List<Problem> found = new ArrayList<>(kept);
    found.add(Problem.further(count - kept.size()));
    return found;
  }

  /**
   * Ends the check.
   *
   * @throws InvalidValueException if a problem was noted
   */
  public void throwIfAny() {
    if (count > 0) {
      throw new InvalidValueException(subject, found());
    }
  }

  private static String shown(Object value) {
    String text = value instanceof Duration duration
        ? Shown.duration(duration)
        : Redacted.text(String.valueOf(value));
    if (text.length() > LONGEST_VALUE_SHOWN) {
      text = text.substring(0, LONGEST_VALUE_SHOWN) + "... (" + text.length() + " characters)";
    }
    return value instanceof CharSequence ? '"' + text + '"' : text;
  }
}
