package io.fairlead.platform;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Whether a platform can be used from here, question by question; {@link Platforms#check} asks.
 *
 * @param platform the platform's id
 * @param findings the answer to each question, in their order
 */
public record PlatformCheck(String platform, List<Finding> findings) {
  /** A question of the check; each needs a yes to the ones before. */
  public enum Question {
    /** Is there one provider of the platform, with the libraries that it needs? */
    MODULE,
    /** Can it be opened with the settings? */
    SETTINGS,
    /** Are there credentials? */
    CREDENTIALS,
    /** Does it answer a read with them? */
    ANSWER
  }

  /** The answer to a question. */
  public enum Result {
    /** Yes. */
    YES,
    /** No; the details say why, and what to do. */
    NO,
    /** There is nothing to ask: the platform is in this process. */
    NOT_NEEDED,
    /** It was not asked, because the answer to an earlier question was no. */
    NOT_ASKED
  }

  /**
   * The answer to one question.
   *
   * @param details sentences: what was found, or each problem with its way out; never with a secret
   * @param took the time that the answer took, if the platform was asked
   */
  public record Finding(
      Question question, Result result, List<String> details, Optional<Duration> took) {
    public Finding {
      requireNonNull(question, "question");
      requireNonNull(result, "result");
      details = List.copyOf(details);
      requireNonNull(took, "took");
    }

    /** {@return the finding as text, such as {@code answer yes in 85 ms: us-east-1}} */
    @Override
    public String toString() {
      return lines().stream()
          .map(line -> String.join(" ", line).strip())
          .collect(Collectors.joining("\n"));
    }

    /** The lines of the finding in three columns, the first of which are empty after the first line. */
    private List<List<String>> lines() {
      String word = result.name().toLowerCase(Locale.ROOT).replace('_', ' ')
          + took.map(time -> " in " + time.toMillis() + " ms").orElse("");
      if (details.isEmpty()) {
        return List.of(List.of(question.name().toLowerCase(Locale.ROOT), word));
      }
      return IntStream.range(0, details.size())
          .mapToObj(i -> i == 0
              ? List.of(question.name().toLowerCase(Locale.ROOT), word + ":", details.get(i))
              : List.of("", "", details.get(i)))
          .toList();
    }
  }

  public PlatformCheck {
    requireNonNull(platform, "platform");
    findings = List.copyOf(findings);
  }

  /** {@return whether the platform can be used: no question has a no} */
  public boolean ok() {
    return findings.stream()
        .allMatch(
            finding -> finding.result() == Result.YES || finding.result() == Result.NOT_NEEDED);
  }

  /** {@return the answer to a question} */
  public Finding finding(Question question) {
    return findings.stream()
        .filter(finding -> finding.question() == question)
        .findFirst()
        .orElseThrow();
  }

  /** {@return the check as a table: a line for each question, and for each further problem} */
  @Override
  public String toString() {
    StringBuilder table = new StringBuilder(platform + (ok() ? ": ok" : ": not ok"));
    int width = findings.stream()
        .flatMap(finding -> finding.lines().stream())
        .mapToInt(line -> line.get(1).length())
        .max()
        .orElse(0);
    for (Finding finding : findings) {
      for (List<String> line : finding.lines()) {
        String row = "  %-11s  %-" + Math.max(width, 1) + "s  %s";
        table
            .append('\n')
            .append(String.format(
                    Locale.ROOT, row, line.get(0), line.get(1), line.size() > 2 ? line.get(2) : "")
                .stripTrailing());
      }
    }
    return table.toString();
  }
}
