package io.fairlead.stateful.internal.features;

import io.fairlead.grammar.Problems;
import io.fairlead.platform.Request;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;

/**
 * The importance of features, measured without labels while a model serves.
 *
 * <p>For a sampled request the model is asked once more, with the value of one feature taken from another recent request;
 * the importance of the feature is the mean of how much the answer changes: of the greatest absolute change of any of its
 * numbers. For a linear model that is |w| E|x - x'|. It follows the permutation importance of Breiman, "Random Forests",
 * Machine Learning 45, 2001, with the answer in the place of the loss.
 *
 * <p><b>It is not causal</b>, and says nothing of the world: it tells what this model's answers depend on, given the other
 * features as they are. Of two features that say the same, the model may use one alone; a swapped value may make a row
 * that never occurs.
 *
 * <p>A budget bounds the further calls as a share of the rows that it is shown. Features take turns, in a new random order
 * each round; a swap between equal values changes nothing and costs no call. Recent rows are a reservoir that each row
 * enters with a fixed probability, in the place of a random one (Aggarwal, "On biased reservoir sampling in the presence of
 * stream evolution", VLDB 2006), because consecutive requests are often alike.
 *
 * <p>It never asks the model: the owner does, and {@linkplain #record records} both answers. Safe for concurrent use.
 */
public final class ImportanceTracker {
  /** The budget that is used unless the user says otherwise: one further call for 100 requests. */
  public static final double DEFAULT_BUDGET = 0.01;

  /** With which probability a row enters the reservoir once that is full. */
  private static final double ENTRANCE = 1.0 / 16;

  /** How much older samples count after each period. */
  private static final double DECAY = 0.5;

  /** A request to ask the model, and what to record its answer as. Compared by identity. */
  public static final class Probe {
    private final int feature;
    private final FeatureRow changed;

    private Probe(int feature, FeatureRow changed) {
      this.feature = feature;
      this.changed = changed;
    }

    /** {@return the index of the feature that has another value} */
    public int feature() {
      return feature;
    }

    /** {@return the row with the other value} */
    public FeatureRow changed() {
      return changed;
    }

    /** {@return the request to ask} */
    public Request request() {
      return changed.toRequest();
    }
  }

  /** Weighted moments of the changes of one feature. */
  private static final class Moments {
    private double weight;
    private double squaredWeight;
    private double sum;
    private double squares;

    private void add(double change) {
      weight++;
      squaredWeight++;
      sum += change;
      squares += change * change;
    }

    private void decay() {
      weight *= DECAY;
      squaredWeight *= DECAY * DECAY;
      sum *= DECAY;
      squares *= DECAY;
    }

    private Importance importance(int feature) {
      if (weight == 0) {
        return new Importance(feature, 0, Double.POSITIVE_INFINITY, 0);
      }
      double mean = sum / weight;
      double samples = weight * weight / squaredWeight;
      if (samples < 2) {
        return new Importance(feature, mean, Double.POSITIVE_INFINITY, samples);
      }
      double variance = Math.max(0, squares / weight - mean * mean) * samples / (samples - 1);
      return new Importance(feature, mean, Math.sqrt(variance / samples), samples);
    }
  }

  private final double budget;
  private final float[][] reservoir;
  private final RandomGenerator random;
  private final StratifiedSample sample;
  private final Moments[] moments;
  private final int[] order;
  private final ReentrantLock lock = new ReentrantLock();
  private int recent;
  private int turn;

  /**
   * Creates a tracker without samples.
   *
   * @param features how many features the rows have; others are left out
   * @param budget the share of rows for which the model is asked once more, more than 0 and at most 1
   * @param mostRows the most recent rows that are kept
   */
  public ImportanceTracker(int features, double budget, int mostRows, RandomGenerator random) {
    Problems.in("ImportanceTracker")
        .check(features >= 1, "features", "must be at least 1", features)
        .check(budget > 0 && budget <= 1, "budget", "must be more than 0 and at most 1", budget)
        .check(mostRows >= 1, "mostRows", "must be at least 1", mostRows)
        .throwIfAny();
    this.budget = budget;
    this.reservoir = new float[mostRows][];
    this.random = random;
    this.sample = new StratifiedSample(random);
    this.moments = new Moments[features];
    Arrays.setAll(moments, i -> new Moments());
    this.order = new int[features];
    Arrays.setAll(order, i -> i);
    this.turn = features;
  }

  /** {@return what to ask the model besides this row's request; empty for most rows} */
  public Optional<Probe> sample(FeatureRow row) {
    if (row.size() != moments.length) {
      return Optional.empty();
    }
    lock.lock();
    try {
      Optional<Probe> probe = sample.next(budget) && recent > 0 ? probe(row) : Optional.empty();
      remember(row);
      return probe;
    } finally {
      lock.unlock();
    }
  }

  /** The feature whose turn it is; those that the two rows agree in are measured by that. */
  private Optional<Probe> probe(FeatureRow row) {
    for (int i = 0; i < order.length; i++) {
      int feature = nextFeature();
      float other = reservoir[random.nextInt(recent)][feature];
      if (Float.compare(other, row.value(feature)) != 0) {
        return Optional.of(new Probe(feature, row.with(feature, other)));
      }
      moments[feature].add(0);
    }
    return Optional.empty();
  }

  private int nextFeature() {
    if (turn == order.length) {
      turn = 0;
      for (int i = order.length - 1; i > 0; i--) {
        int j = random.nextInt(i + 1);
        int swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
      }
    }
    return order[turn++];
  }

  private void remember(FeatureRow row) {
    int place;
    if (recent < reservoir.length) {
      place = recent++;
    } else if (random.nextDouble() < ENTRANCE) {
      place = random.nextInt(reservoir.length);
    } else {
      return;
    }
    float[] values = new float[row.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = row.value(i);
    }
    reservoir[place] = values;
  }

  /**
   * Records the answers to a request and to its probe. Answers of different lengths, and changes that are no finite number,
   * are left out: there is no mean of them.
   */
  public void record(Probe probe, double[] original, double[] changed) {
    if (original.length != changed.length) {
      return;
    }
    double greatest = 0;
    for (int i = 0; i < original.length; i++) {
      greatest = Math.max(greatest, Math.abs(original[i] - changed[i]));
    }
    if (!Double.isFinite(greatest)) {
      return;
    }
    lock.lock();
    try {
      moments[probe.feature].add(greatest);
    } finally {
      lock.unlock();
    }
  }

  /** Begins a period: samples so far count half as much as they did. */
  public void roll() {
    lock.lock();
    try {
      for (Moments each : moments) {
        each.decay();
      }
    } finally {
      lock.unlock();
    }
  }

  /** {@return the importance of each feature, in the order of the features} */
  public List<Importance> snapshot() {
    lock.lock();
    try {
      List<Importance> all = new ArrayList<>();
      for (int feature = 0; feature < moments.length; feature++) {
        all.add(moments[feature].importance(feature));
      }
      return List.copyOf(all);
    } finally {
      lock.unlock();
    }
  }
}
