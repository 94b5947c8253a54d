package io.fairlead.spring;

import static java.util.stream.Collectors.joining;

import java.io.Serial;
import java.util.List;

/** The exception for mistakes in the configuration of an application, with all of them. */
final class InvalidPropertiesException extends IllegalArgumentException {
  @Serial
  private static final long serialVersionUID = 1L;

  private final transient List<PropertyProblem> problems;

  InvalidPropertiesException(List<PropertyProblem> problems) {
    super(problems.stream().map(PropertyProblem::toString).collect(joining("; ")));
    this.problems = List.copyOf(problems);
  }

  List<PropertyProblem> problems() {
    return problems;
  }
}
