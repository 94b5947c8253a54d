package io.fairlead.azureml;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.util.List;

/**
 * A conda file: the packages of an environment that conda installs.
 *
 * <p>Packages for pip are a part of the grammar: {@link io.fairlead.grammar.Dependencies#packages}.
 *
 * @param channels the channels of the packages, by priority, such as {@code conda-forge}; empty for conda's own
 * @param dependencies the packages, in conda's notation, such as {@code python=3.11}
 */
public record CondaFile(List<String> channels, List<String> dependencies) {
  public CondaFile {
    channels = List.copyOf(requireNonNull(channels, "channels"));
    dependencies = List.copyOf(requireNonNull(dependencies, "dependencies"));
    Problems problems = Problems.in("CondaFile");
    checkLines(problems, "channels", channels);
    checkLines(problems, "dependencies", dependencies);
    problems.throwIfAny();
  }

  private static void checkLines(Problems problems, String field, List<String> lines) {
    for (String line : lines) {
      // They become a list in YAML, in which a line break would end an entry.
      problems.check(
          !line.isBlank() && line.chars().noneMatch(Character::isISOControl),
          field,
          "must hold one name on one line each",
          line);
    }
  }

  /** {@return a conda file with the dependencies, from conda's own channels} */
  public static CondaFile of(String... dependencies) {
    return new CondaFile(List.of(), List.of(dependencies));
  }

  /** {@return a copy with channels, by priority} */
  public CondaFile withChannels(String... newChannels) {
    return new CondaFile(List.of(newChannels), dependencies);
  }
}
