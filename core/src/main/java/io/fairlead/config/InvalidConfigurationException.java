package io.fairlead.config;

import static java.util.stream.Collectors.joining;

import java.io.Serial;
import java.util.List;

/** The exception for mistakes in a configuration, with all of them, thrown before anything is done. */
public final class InvalidConfigurationException extends IllegalArgumentException {
  @Serial
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // What List.copyOf gives is serializable.
  private final List<ConfigProblem> problems;

  public InvalidConfigurationException(List<ConfigProblem> problems) {
    super(problems.stream().map(ConfigProblem::toString).collect(joining("; ")));
    this.problems = List.copyOf(problems);
  }

  /** {@return the mistakes, in the order in which they were found; never empty} */
  public List<ConfigProblem> problems() {
    return problems;
  }
}
