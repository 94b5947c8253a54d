package io.fairlead.grammar;

import java.io.Serial;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The exception for an invalid value, with all of its problems, thrown before anything is done with it.
 *
 * <p>The message is one sentence that names each field, its rule and the value.
 */
public final class InvalidValueException extends IllegalArgumentException {
  @Serial
  private static final long serialVersionUID = 1L;

  private final String subject;

  @SuppressWarnings("serial") // what List.copyOf gives is serializable
  private final List<Problem> problems;

  public InvalidValueException(String subject, List<Problem> problems) {
    this(subject, problems, null);
  }

  public InvalidValueException(String subject, List<Problem> problems, @Nullable Throwable cause) {
    super(sentence(subject, problems), cause);
    this.subject = subject;
    this.problems = List.copyOf(problems);
  }

  /** {@return the name of the checked value, such as {@code Endpoint}} */
  public String subject() {
    return subject;
  }

  /** {@return the problems, in the order in which they were found; never empty} */
  public List<Problem> problems() {
    return problems;
  }

  private static String sentence(String subject, List<Problem> problems) {
    return subject + ": "
        + problems.stream().map(Problem::toString).collect(Collectors.joining("; "));
  }
}
