package io.fairlead.spring;

import static java.util.stream.Collectors.joining;

import io.fairlead.config.InvalidConfigurationException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says a sentence for each mistake in the configuration, in place of a stack trace. */
final class InvalidConfigurationFailureAnalyzer
    extends AbstractFailureAnalyzer<InvalidConfigurationException> {
  @Override
  protected FailureAnalysis analyze(Throwable failure, InvalidConfigurationException cause) {
    int count = cause.problems().size();
    return new FailureAnalysis(
        cause.problems().stream()
            .map(problem -> "  - " + problem)
            .collect(joining(
                "\n",
                "The configuration has " + (count == 1 ? "a mistake" : count + " mistakes")
                    + ":\n\n",
                "")),
        "Correct what is listed. Nothing was deployed, and no platform was called.",
        cause);
  }
}
