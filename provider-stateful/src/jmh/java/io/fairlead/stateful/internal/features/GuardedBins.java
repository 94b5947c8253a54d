package io.fairlead.stateful.internal.features;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * How often approximate keys serve, and how often what they serve is wrong: each approximate answer is compared with the
 * exact one here, which is not possible where they are used.
 */
final class GuardedBins {
  private static final int SEEDS = 20;
  private static final int STREAMS = 2;
  private static final int REQUESTS = 60_000;

  private static final double[] RATES = {0.05, 0.02};
  private static final double PROBABILITY = 0.05;

  /** The tolerance as a share of the standard deviation of the answers. */
  private static final double DEVIATIONS = 0.05;

  private static final double SHADOWS = 0.02;

  /** The answers that the store holds, as a share of the requests. */
  private static final double STORE = 0.05;

  private GuardedBins() {}

  public static void main(String[] arguments) throws IOException, OrtException {
    if (!ModelStream.isThere()) {
      System.out.println("there are no models or traces: -Dmodels=FOLDER -Dtraces=FOLDER");
      return;
    }
    try (ModelStream occupancy = ModelStream.occupancy("occ_datatest.txt")) {
      measure("occupancy", occupancy.rows(), answers(occupancy), PROBABILITY);
    }
    try (ModelStream longer = ModelStream.occupancy("occ_datatest.txt", "occ_datatraining.txt")) {
      measure("occupancy, with the days after", longer.rows(), answers(longer), PROBABILITY);
      measureNetwork("occupancy, with the days after", longer.rows());
    }
    for (long seed = 1; seed <= STREAMS; seed++) {
      try (ModelStream housing = ModelStream.housing(REQUESTS, seed)) {
        String name = "housing, stream " + seed;
        List<double[]> answers = answers(housing);
        measure(name, housing.rows(), answers, DEVIATIONS * deviation(answers));
        measureNetwork(name, housing.rows());
      }
    }
  }

  private static List<double[]> answers(ModelStream stream) throws OrtException {
    List<double[]> answers = new ArrayList<>();
    for (FeatureRow row : stream.rows()) {
      answers.add(stream.ask(row));
    }
    return answers;
  }

  /** The same stream with a model that is smooth, where trees have steps. */
  private static void measureNetwork(String name, List<FeatureRow> rows) {
    List<double[]> answers = network(rows);
    measure(name + ", a smooth network", rows, answers, DEVIATIONS * deviation(answers));
  }

  /** Answers of 16 hidden units with random weights over features of mean 0 and deviation 1. */
  private static List<double[]> network(List<FeatureRow> rows) {
    int features = rows.get(0).size();
    double[] means = new double[features];
    double[] deviations = new double[features];
    for (int i = 0; i < features; i++) {
      int feature = i;
      List<double[]> values =
          rows.stream().map(row -> new double[] {row.value(feature)}).collect(Collectors.toList());
      means[i] = values.stream().mapToDouble(value -> value[0]).average().orElseThrow();
      deviations[i] = Math.max(1e-9, deviation(values));
    }
    Random random = new Random(1);
    double[][] weights = new double[16][features + 1];
    for (double[] unit : weights) {
      Arrays.setAll(unit, i -> random.nextGaussian());
    }
    List<double[]> answers = new ArrayList<>();
    for (FeatureRow row : rows) {
      double answer = 0;
      for (double[] unit : weights) {
        double sum = 0;
        for (int i = 0; i < features; i++) {
          sum += unit[i] * (row.value(i) - means[i]) / deviations[i];
        }
        answer += unit[features] * Math.tanh(sum / Math.sqrt(features));
      }
      answers.add(new double[] {answer});
    }
    return answers;
  }

  private static void measure(
      String name, List<FeatureRow> rows, List<double[]> answers, double allowedError) {
    System.out.printf(
        Locale.ROOT, "%n%s: %d requests, tolerance %.4f%n", name, rows.size(), allowedError);
    for (double rate : RATES) {
      List<Run> runs = new ArrayList<>();
      for (long seed = 1; seed <= SEEDS; seed++) {
        runs.add(
            run(rows, answers, new StatisticalKeys.Settings(allowedError, rate, SHADOWS), seed));
      }
      System.out.printf(
          Locale.ROOT,
          "  allowed %2.0f %%: %5.2f %% of requests are approximate hits, of which %.2f %% are wrong, %.2f %% with the"
              + " worst of %d seeds (%s); largest error %.2f%n",
          100 * rate,
          100 * runs.stream().mapToDouble(Run::hits).average().orElseThrow(),
          100 * runs.stream().mapToDouble(Run::wrong).average().orElseThrow(),
          100 * runs.stream().mapToDouble(Run::wrong).max().orElseThrow(),
          SEEDS,
          runs.stream().allMatch(it -> it.wrong() <= rate) ? "kept" : "BROKEN",
          runs.stream().mapToDouble(Run::largestError).max().orElseThrow());
      System.out.println("    with seed 1 at the end: " + runs.get(0).report());
    }
  }

  /**
   * What came of one run.
   *
   * @param hits the share of requests that were served by approximate keys
   * @param wrong the share of these that were wrong by more than the tolerance
   */
  private record Run(
      double hits, double wrong, double largestError, StatisticalKeys.Report report) {}

  private static Run run(
      List<FeatureRow> rows, List<double[]> answers, StatisticalKeys.Settings settings, long seed) {
    int capacity = (int) (STORE * rows.size());
    StatisticalKeys keys = new StatisticalKeys(settings, capacity, new SplittableRandom(seed));
    Map<ByteBuffer, double[]> store = new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<ByteBuffer, double[]> eldest) {
        return size() > capacity;
      }
    };
    long served = 0;
    long wrong = 0;
    double largest = 0;
    for (int i = 0; i < rows.size(); i++) {
      double[] exact = answers.get(i);
      StatisticalKeys.Located located = keys.locate(rows.get(i));
      Optional<ByteBuffer> key = located.key().map(ByteBuffer::wrap);
      double[] stored = key.map(store::get).orElse(null);
      if (stored != null && keys.hit(located) == StatisticalKeys.Decision.SERVE) {
        double error = Math.abs(stored[0] - exact[0]);
        served++;
        wrong += error > settings.tolerance() ? 1 : 0;
        largest = Math.max(largest, error);
      } else {
        key.ifPresent(it -> store.put(it, exact));
        keys.answered(located, exact);
      }
    }
    return new Run(
        (double) served / rows.size(),
        served == 0 ? 0 : (double) wrong / served,
        largest,
        keys.report());
  }

  private static double deviation(List<double[]> answers) {
    double mean = answers.stream().mapToDouble(answer -> answer[0]).average().orElseThrow();
    return Math.sqrt(answers.stream()
        .mapToDouble(answer -> (answer[0] - mean) * (answer[0] - mean))
        .average()
        .orElseThrow());
  }
}
