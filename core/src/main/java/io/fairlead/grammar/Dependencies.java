package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The dependencies of a container beside its image: environment variables and packages.
 *
 * <p>The values of environment variables never appear in {@link #toString()}. They do appear in JSON, which has to read
 * back equal: keep secrets out of it by passing a reference that the container resolves itself.
 *
 * @param environment environment variables, sorted by name
 * @param packages Python packages in pip's notation
 * @param options options of single platforms
 */
public record Dependencies(
    Map<String, String> environment, List<String> packages, Options<DependencyOptions> options) {
  /** No dependencies. */
  public static final Dependencies NONE = new Dependencies(Map.of(), List.of(), Options.none());

  private static final Pattern VARIABLE = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*");

  public Dependencies {
    environment = Names.sorted(requireNonNull(environment, "environment"));
    packages = List.copyOf(requireNonNull(packages, "packages"));
    requireNonNull(options, "options");
    Problems problems = Problems.in("Dependencies");
    for (String name : environment.keySet()) {
      problems.check(
          VARIABLE.matcher(name).matches(),
          "environment",
          "must have names of letters, digits and _ that do not begin with a digit",
          name);
    }
    for (String name : packages) {
      problems.check(!name.isBlank(), "packages", "must not contain a blank name", name);
    }
    options.check(DependencyOptions.class, problems);
    problems.throwIfAny();
  }

  public static Dependencies environment(Map<String, String> environment) {
    return new Dependencies(environment, List.of(), Options.none());
  }

  public Dependencies withPackages(String... newPackages) {
    return new Dependencies(environment, List.of(newPackages), options);
  }

  public Dependencies with(DependencyOptions option) {
    return new Dependencies(environment, packages, options.with(option));
  }

  @Override
  public String toString() {
    return words().in("Dependencies");
  }

  Words words() {
    return Words.none()
        .add(!environment.isEmpty(), "environment " + environment.keySet() + " (values not shown)")
        .add(!packages.isEmpty(), "packages " + packages)
        .addAll(options);
  }
}
