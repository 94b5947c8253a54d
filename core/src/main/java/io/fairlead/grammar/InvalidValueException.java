package io.fairlead.grammar;

import java.io.Serial;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Says everything that is wrong with a value, before anything was done with it.
 *
 * <p>The message is one sentence that names each field, its rule and the value that was given.
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

  /** {@return what was checked, such as {@code Endpoint}} */
  public String subject() {
    return subject;
  }

  /** {@return what is wrong, in the order in which it was found; never empty} */
  public List<Problem> problems() {
    return problems;
  }

  private static String sentence(String subject, List<Problem> problems) {
    return subject + ": "
        + problems.stream().map(Problem::toString).collect(Collectors.joining("; "));
  }
}
