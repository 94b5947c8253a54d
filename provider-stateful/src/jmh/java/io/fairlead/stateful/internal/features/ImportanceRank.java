package io.fairlead.stateful.internal.features;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * How well the importance that is measured while serving ranks features: its Spearman correlation with the importance of
 * exhaustive swaps, each feature of each row with those of random others.
 */
final class ImportanceRank {
  private static final int SEEDS = 10;
  private static final int REQUESTS = 60_000;
  private static final int RECENT_ROWS = 256;
  private static final int SWAPS = 100_000;

  private ImportanceRank() {}

  public static void main(String[] arguments) throws IOException, OrtException {
    if (!ModelStream.isThere()) {
      System.out.println("there are no models or traces: -Dmodels=FOLDER -Dtraces=FOLDER");
      return;
    }
    try (ModelStream occupancy = ModelStream.occupancy("occ_datatest.txt");
        ModelStream longer = ModelStream.occupancy("occ_datatest.txt", "occ_datatraining.txt");
        ModelStream housing = ModelStream.housing(REQUESTS, 1)) {
      measure("occupancy", occupancy);
      measure("occupancy, with the days after", longer);
      measure("housing", housing);
    }
  }

  private static void measure(String name, ModelStream stream) throws OrtException {
    List<FeatureRow> rows = stream.rows();
    double[] exhaustive = exhaustive(stream, rows);
    System.out.printf(
        Locale.ROOT,
        "%n%s: %d requests, exhaustive %s%n",
        name,
        rows.size(),
        Arrays.toString(
            Arrays.stream(exhaustive).map(it -> Math.round(it * 1e5) / 1e5).toArray()));
    for (double budget : new double[] {0.01, 0.05}) {
      double[] correlations = new double[SEEDS];
      int sameFirst = 0;
      int covered = 0;
      int counted = 0;
      for (int seed = 0; seed < SEEDS; seed++) {
        List<Importance> online = online(stream, rows, budget, seed);
        double[] means = online.stream().mapToDouble(Importance::mean).toArray();
        correlations[seed] = spearman(means, exhaustive);
        sameFirst += first(means) == first(exhaustive) ? 1 : 0;
        for (Importance each : online) {
          if (each.standardError() > 0 && Double.isFinite(each.standardError())) {
            counted++;
            covered +=
                Math.abs(each.mean() - exhaustive[each.feature()]) <= 2 * each.standardError()
                    ? 1
                    : 0;
          }
        }
      }
      Arrays.sort(correlations);
      System.out.printf(
          Locale.ROOT,
          "  budget %.0f %%: Spearman %.2f on the average, %.2f to %.2f; the same first in %d of %d; %.0f %% within two"
              + " standard errors%n",
          100 * budget,
          Arrays.stream(correlations).average().orElseThrow(),
          correlations[0],
          correlations[SEEDS - 1],
          sameFirst,
          SEEDS,
          100.0 * covered / counted);
    }
  }

  private static List<Importance> online(
      ModelStream stream, List<FeatureRow> rows, double budget, long seed) throws OrtException {
    ImportanceTracker tracker =
        new ImportanceTracker(rows.get(0).size(), budget, RECENT_ROWS, new SplittableRandom(seed));
    for (FeatureRow row : rows) {
      Optional<ImportanceTracker.Probe> probe = tracker.sample(row);
      if (probe.isPresent()) {
        tracker.record(probe.get(), stream.ask(row), stream.ask(probe.get().changed()));
      }
    }
    return tracker.snapshot();
  }

  private static double[] exhaustive(ModelStream stream, List<FeatureRow> rows)
      throws OrtException {
    SplittableRandom random = new SplittableRandom(0);
    double[] importance = new double[rows.get(0).size()];
    int each = Math.max(1, SWAPS / rows.size());
    int swaps = 0;
    for (FeatureRow row : rows) {
      double exact = stream.ask(row)[0];
      for (int i = 0; i < each; i++) {
        FeatureRow other = rows.get(random.nextInt(rows.size()));
        swaps++;
        for (int feature = 0; feature < importance.length; feature++) {
          if (other.value(feature) != row.value(feature)) {
            importance[feature] +=
                Math.abs(stream.ask(row.with(feature, other.value(feature)))[0] - exact);
          }
        }
      }
    }
    for (int feature = 0; feature < importance.length; feature++) {
      importance[feature] /= swaps;
    }
    return importance;
  }

  private static int first(double[] values) {
    return IntStream.range(0, values.length)
        .reduce((a, b) -> values[b] > values[a] ? b : a)
        .orElseThrow();
  }

  private static double spearman(double[] a, double[] b) {
    double[] first = ranks(a);
    double[] second = ranks(b);
    double mean = (a.length - 1) / 2.0;
    double product = 0;
    double squares = 0;
    double otherSquares = 0;
    for (int i = 0; i < a.length; i++) {
      product += (first[i] - mean) * (second[i] - mean);
      squares += (first[i] - mean) * (first[i] - mean);
      otherSquares += (second[i] - mean) * (second[i] - mean);
    }
    return product / Math.sqrt(squares * otherSquares);
  }

  /** How many are smaller, where equal ones count half. */
  private static double[] ranks(double[] values) {
    return Arrays.stream(values)
        .map(value -> Arrays.stream(values).filter(it -> it < value).count()
            + (Arrays.stream(values).filter(it -> it == value).count() - 1) / 2.0)
        .toArray();
  }
}
