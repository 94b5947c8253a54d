package io.fairlead.quarkus.runtime;

import static java.util.stream.Collectors.joining;

import io.fairlead.config.ConfigProblem;
import io.fairlead.config.InvalidConfigurationException;
import io.quarkus.runtime.configuration.ConfigurationException;

/** The mistakes in a configuration, as Quarkus prints them: a line for each. */
public final class Mistakes {
  private Mistakes() {}

  /** {@return the exception that ends the build or the start} */
  public static ConfigurationException of(InvalidConfigurationException invalid) {
    int count = invalid.problems().size();
    return new ConfigurationException(invalid.problems().stream()
        .map(ConfigProblem::toString)
        .collect(joining(
            "\n  - ",
            "The configuration has " + (count == 1 ? "a mistake" : count + " mistakes")
                + "; nothing was deployed, and no platform was called:\n  - ",
            "\n")));
  }
}
