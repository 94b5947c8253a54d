package io.fairlead.stateful.internal;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.stateful.FeatureImportance;
import io.fairlead.stateful.internal.features.FeatureRow;
import io.fairlead.stateful.internal.features.ImportanceTracker;
import io.fairlead.stateful.internal.features.ImportanceTracker.Probe;
import io.fairlead.stateful.internal.features.NumericAnswer;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The importance of one version's features, measured while it serves.
 *
 * <p>Only one request in {@value #LOOKED_AT} is looked at, which leads to a further call of the model if that is idle:
 * fewer than one in a hundred, so that what looking takes is not seen in the 99th percentile of their times.
 */
final class ImportanceTracking {
  private static final int LOOKED_AT = 128;
  private static final int RECENT_ROWS = 256;

  private volatile @Nullable ImportanceTracker tracker;

  /**
   * Looks at a request that was answered, perhaps.
   *
   * @param spare where the model is asked further
   * @param ask asks the model
   */
  void answered(
      Request request, Response response, SpareCalls spare, CallsInProgress calls, Model ask) {
    if (ThreadLocalRandom.current().nextInt(LOOKED_AT) != 0) {
      return;
    }
    Optional<FeatureRow> row = FeatureRow.parse(request);
    if (row.isEmpty()) {
      return;
    }
    ImportanceTracker to = trackerOf(row.get());
    Optional<Probe> probe = to.sample(row.get());
    if (probe.isPresent()) {
      spare.offer(
          calls,
          () -> compare(to, probe.get(), response, ask.ask(probe.get().request())),
          () -> {});
    }
  }

  /** Asks the model. */
  @FunctionalInterface
  interface Model {
    /** {@return the answer} */
    Response ask(Request request);
  }

  private static void compare(
      ImportanceTracker to, Probe probe, Response original, Response changed) {
    Optional<double[]> one = NumericAnswer.parse(original);
    Optional<double[]> other = NumericAnswer.parse(changed);
    if (one.isPresent() && other.isPresent()) {
      to.record(probe, one.get(), other.get());
    }
  }

  private ImportanceTracker trackerOf(FeatureRow row) {
    ImportanceTracker known = tracker;
    if (known == null) {
      known = new ImportanceTracker(
          row.size(),
          Math.min(1, ImportanceTracker.DEFAULT_BUDGET * LOOKED_AT),
          RECENT_ROWS,
          new Random());
      tracker = known;
    }
    return known;
  }

  /** Lets what was measured count less from now on. */
  void roll() {
    ImportanceTracker known = tracker;
    if (known != null) {
      known.roll();
    }
  }

  List<FeatureImportance> now() {
    ImportanceTracker known = tracker;
    return known == null
        ? List.of()
        : known.snapshot().stream()
            .map(one -> new FeatureImportance(
                one.feature(), one.mean(), one.standardError(), one.samples()))
            .toList();
  }
}
