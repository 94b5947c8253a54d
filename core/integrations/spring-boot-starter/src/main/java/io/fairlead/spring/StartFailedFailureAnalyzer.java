package io.fairlead.spring;

import io.fairlead.config.StartFailedException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says why something could not be deployed at start, in place of a stack trace. */
final class StartFailedFailureAnalyzer extends AbstractFailureAnalyzer<StartFailedException> {
  @Override
  protected FailureAnalysis analyze(Throwable failure, StartFailedException cause) {
    return new FailureAnalysis(
        String.join("\n", cause.sentences()),
        "Correct what is named and start again, which resumes. To start in spite of it, with a health of DOWN, set"
            + " fairlead.start.on-failure=down.",
        cause);
  }
}
