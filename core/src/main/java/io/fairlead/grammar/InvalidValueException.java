package io.fairlead.grammar;

import java.io.Serial;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
    super(sentence(subject, bounded(problems)), cause);
    this.subject = subject;
    this.problems = bounded(problems);
  }

  /** {@return the name of the checked value, such as {@code Endpoint}} */
  public String subject() {
    return subject;
  }

  /**
   * {@return the problems, in the order in which they were found; never empty, the first 20 at most, and then one that says
   * how many there are beside them}
   */
  public List<Problem> problems() {
    return problems;
  }

  /** The last may be the number of others already. */
  private static List<Problem> bounded(List<Problem> problems) {
    int most = Problems.MAX_KEPT + 1;
    return problems.size() <= most
        ? List.copyOf(problems)
        : Stream.concat(
                problems.stream().limit(Problems.MAX_KEPT),
                Stream.of(Problem.further(problems.size() - Problems.MAX_KEPT)))
            .toList();
  }

  private static String sentence(String subject, List<Problem> problems) {
    return subject + ": "
        + problems.stream().map(Problem::toString).collect(Collectors.joining("; "));
  }
}
