package io.fairlead.stateful.internal;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.stateful.CacheEvent;
import io.fairlead.stateful.StatefulModel;
import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.features.FeatureRow;
import io.fairlead.stateful.internal.features.NumericAnswer;
import io.fairlead.stateful.internal.features.StatisticalKeys;
import io.fairlead.stateful.internal.features.StatisticalKeys.Decision;
import io.fairlead.stateful.internal.features.StatisticalKeys.Located;
import io.fairlead.stateful.internal.features.StatisticalKeys.Report;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** The approximate answers of one version, within the errors that the user allows. */
final class Approximation {
  private static final int MOST_CELLS = 1 << 16;

  private final StatefulModel.Approximation allowed;
  private final StatisticalKeys keys;
  private final String container;
  private final Events events;
  private volatile boolean serving;

  Approximation(StatefulModel.Approximation allowed, String container, Events events) {
    this.allowed = allowed;
    this.container = container;
    this.events = events;
    this.keys = new StatisticalKeys(
        new StatisticalKeys.Settings(allowed.maxError(), allowed.errorRate(), allowed.shadowRate()),
        MOST_CELLS,
        new Random());
  }

  /**
   * The cell of a request.
   *
   * @param located the cell
   * @param key the key of its answer; null while none is served
   */
  record Near(Located located, @Nullable CacheKey key) {}

  /** {@return the cell of a request; null if it is not a row of numbers} */
  @Nullable
  Near near(Version version, String scope, Request request) {
    Optional<FeatureRow> row = FeatureRow.parse(request);
    if (row.isEmpty()) {
      return null;
    }
    Located located = keys.locate(row.get());
    return new Near(
        located,
        located.key().map(cell -> version.keys().approximate(scope, cell)).orElse(null));
  }

  /** {@return whether an answer that is stored for the cell is to be served, and the model not asked} */
  boolean serves(Near near) {
    return keys.hit(near.located()) == Decision.SERVE;
  }

  /** Takes note of the model's own answer in a cell. */
  void answered(Near near, Response response) {
    Optional<double[]> numbers = NumericAnswer.parse(response);
    if (numbers.isEmpty()) {
      return;
    }
    keys.answered(near.located(), numbers.get());
    Report report = keys.report();
    if (report.serving() != serving) {
      serving = report.serving();
      events.tell(
          container,
          CacheEvent.Kind.APPROXIMATION,
          (serving ? "approximate answers are served: " : "no approximate answers are served: ")
              + report.reason(),
          Map.of(
              "bins",
              (double) report.bins(),
              "errorRate",
              report.rate(),
              "errorRate.upperBound",
              report.upperBound(),
              "comparisons",
              (double) report.comparisons()));
    }
  }

  double maxError() {
    return allowed.maxError();
  }

  double errorRate() {
    return allowed.errorRate();
  }
}
