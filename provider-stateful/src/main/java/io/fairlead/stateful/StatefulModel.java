package io.fairlead.stateful;

import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.spi.Settings;
import java.util.Optional;

/**
 * What is known of a model that decides how its answers may be cached; an option of a {@code ModelArtifact}.
 *
 * <pre>{@code
 * ModelArtifact model = ModelArtifact.of(file).named("iris").with(StatefulModel.DETERMINISTIC);
 * }</pre>
 *
 * <p>A model that is not said to be deterministic is served without a cache: nothing in its files tells.
 */
public final class StatefulModel extends Settings<StatefulModel.Draft> implements ArtifactOptions {
  /** Nothing is known: its answers are not cached. */
  public static final StatefulModel UNKNOWN = new StatefulModel(new Draft());

  /** It gives the same answer to the same request, whatever it was asked before. */
  public static final StatefulModel DETERMINISTIC = UNKNOWN.withDeterminism();

  static final class Draft extends Settings.Draft {
    boolean deterministic;
    boolean requestsRetained = true;
    Optional<Double> linearError = Optional.empty();
    Optional<Approximation> approximation = Optional.empty();
  }

  /**
   * The errors that approximate answers may have.
   *
   * @param maxError an error is a difference of more than this from the model's own answer, in any of its numbers; 0 or
   *     more
   * @param errorRate the highest rate of errors among approximate answers, from 0.02 to 1: a lower one cannot be kept
   *     while serving
   * @param shadowRate the least share of approximate answers that are compared with the model's own, from 0.02 to 1
   */
  public record Approximation(double maxError, double errorRate, double shadowRate) {
    public Approximation {
      Problems.in("Approximation")
          .check(maxError >= 0, "maxError", "must be 0 or more", maxError)
          .check(
              errorRate >= 0.02 && errorRate <= 1,
              "errorRate",
              "must be from 0.02 to 1: a lower rate cannot be kept while serving",
              errorRate)
          .check(
              shadowRate >= 0.02 && shadowRate <= 1,
              "shadowRate",
              "must be from 0.02 to 1",
              shadowRate)
          .throwIfAny();
    }
  }

  private StatefulModel(Draft draft) {
    super(draft);
    Problems problems = Problems.in("StatefulModel");
    draft.linearError.ifPresent(error -> problems.check(
        error > 0 && Double.isFinite(error), "linearError", "must be more than 0", error));
    problems
        .check(
            draft.deterministic || draft.approximation.isEmpty(),
            "approximation",
            "must be given only for a deterministic model")
        .throwIfAny();
  }

  @Override
  public String platform() {
    return StatefulProvider.ID;
  }

  /** {@return whether it gives the same answer to the same request, whatever it was asked before} */
  public boolean deterministic() {
    return draft().deterministic;
  }

  /**
   * {@return whether requests may be kept with their answers, in memory and in snapshots; true by default}
   *
   * <p>Without them a new version is not warmed up and nothing is computed ahead of requests.
   */
  public boolean requestsRetained() {
    return draft().requestsRetained;
  }

  /** {@return the largest error of a linear model's raw score for which requests may share an answer; empty for none} */
  public Optional<Double> linearError() {
    return draft().linearError;
  }

  /** {@return the errors that approximate answers may have; empty if there are to be none} */
  public Optional<Approximation> approximation() {
    return draft().approximation;
  }

  /** {@return a copy that says that it gives the same answer to the same request} */
  public StatefulModel withDeterminism() {
    return new StatefulModel(with(draft -> draft.deterministic = true));
  }

  /** {@return a copy that says whether requests may be kept with their answers} */
  public StatefulModel withRequestsRetained(boolean retained) {
    return new StatefulModel(with(draft -> draft.requestsRetained = retained));
  }

  /** {@return a copy with the largest error of a linear model's raw score for which requests may share an answer} */
  public StatefulModel withLinearError(double error) {
    return new StatefulModel(with(draft -> draft.linearError = Optional.of(error)));
  }

  /** {@return a copy that allows approximate answers} */
  public StatefulModel withApproximation(Approximation approximation) {
    return new StatefulModel(with(draft -> draft.approximation = Optional.of(approximation)));
  }
}
