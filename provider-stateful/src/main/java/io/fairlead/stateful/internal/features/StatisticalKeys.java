package io.fairlead.stateful.internal.features;

import io.fairlead.grammar.Problems;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Approximate keys for rows of numbers: cells between quantiles, used only while their answers are measured to be right.
 *
 * <p>Rows of one cell get one answer, which is wrong for some of them. An answer that differs from the exact one by more
 * than a tolerance in any of its numbers is a violation. What is kept is a rate of violations among the answers that are
 * served by these keys, never their size: a violation may be off by any amount.
 *
 * <p>The argument, for an allowed rate of 5 %:
 *
 * <ul>
 *   <li>The quantiles are those of the first {@value #SAMPLE} rows, and frozen then. There are six levels of cells, of 256
 *       to 8 bins for each feature.
 *   <li>Whenever the model answers, for whatever reason, its answer is compared at each level with the one that is held for
 *       the row's cell. A cell that is not served replaces its answer only where serving would have, so that the
 *       comparisons tell of answers as old as served ones are.
 *   <li>A level serves only while the rate of its last {@value #WINDOW} comparisons, of which there must be
 *       {@value #ENOUGH}, is below a third of the allowed one with a confidence of 95 %. Were its true rate 5 %, a window
 *       would pass with a probability below 1 in 100,000, so that looking at it after each comparison does no harm; the
 *       third also makes up for comparisons that come in bursts, as those of a stream do. Of several such levels the
 *       coarsest serves.
 *   <li>While it serves, the model is still asked: for each cell after 1, 2, 4, up to 256 hits and at every 256th from then
 *       on, which replaces the answer (after the auto-refresh of Finamore and others, "Accelerating Deep Learning Classification
 *       with Error-controlled Approximate-key Caching", 2021), and for a random share of the other hits, the shadow checks.
 *       Answers get older between two refreshes, so that the comparisons at refreshes err on the safe side, and those of
 *       shadow checks are a random sample.
 *   <li>The share of shadow checks is the user's or more: so large that what may go wrong unseen between two of them is a
 *       third of what is still allowed after the hits and the violations so far. It begins at 1 and falls as hits turn out
 *       right; each violation that is found raises it.
 *   <li>If no level may serve, and one that has served is now above the allowed rate by its bound, the stream has drifted:
 *       keys are exact until all has begun anew with the next {@value #SAMPLE} rows.
 * </ul>
 *
 * <p>It never asks the model and holds no bodies: the owner does. For each row it {@linkplain #locate locates} the cell;
 * on a hit at its key it follows the {@linkplain #hit decision}; each answer of the model is {@linkplain #answered told},
 * before or after it is stored at that key. There is one of these for each version of a model, and its keys are its own: what
 * another process stored says nothing about what is measured here.
 *
 * <p>Safe for concurrent use.
 */
public final class StatisticalKeys {
  private static final int SAMPLE = 500;
  private static final int WINDOW = 1000;
  private static final int ENOUGH = 300;
  private static final int LONGEST_WITHOUT_REFRESH = 256;
  private static final int NONE = -1;
  private static final double MARGIN = 3;
  private static final double LEAST_RATE = 0.02;
  private static final double LEAST_SHADOW_SHARE = 0.02;

  /**
   * What the user allows, without which there are no approximate keys.
   *
   * @param tolerance by how much any number of an answer may differ from the exact one
   * @param allowedRate the share of served approximate answers that may differ by more; at least 0.02
   * @param shadowShare the share of hits at which the model is asked nevertheless; at least 0.02
   */
  public record Settings(double tolerance, double allowedRate, double shadowShare) {
    public Settings {
      Problems.in("Settings")
          .check(
              tolerance >= 0 && tolerance < Double.POSITIVE_INFINITY,
              "tolerance",
              "must be 0 or more",
              tolerance)
          .check(
              allowedRate >= LEAST_RATE && allowedRate < 1,
              "allowedRate",
              "must be at least 0.02 and less than 1: a lower rate of violations cannot be kept by measuring answers, use"
                  + " exact keys instead",
              allowedRate)
          .check(
              shadowShare >= LEAST_SHADOW_SHARE && shadowShare <= 1,
              "shadowShare",
              "must be 0.02 to 1: with fewer checks a drift would be seen too late",
              shadowShare)
          .throwIfAny();
    }
  }

  /** What to do about a hit. */
  public enum Decision {
    /** Serve the stored answer. */
    SERVE,
    /** Ask the model, too, to check the stored answer; whichever of them is served. */
    SHADOW,
    /** Ask the model as if there was no hit, and store its answer. */
    REFRESH
  }

  /**
   * What is measured.
   *
   * @param bins the bins of a feature at the level that serves; if none does, at the one that is closest to it; 0 before
   *     there are quantiles
   * @param serving whether approximate answers are served
   * @param rate the measured rate of violations at that level
   * @param upperBound the bound of its true rate, with a confidence of 95 %; 1 before the first comparison
   * @param comparisons how many comparisons these come from
   * @param served how many approximate answers were served in all
   * @param drifts how often a drift was found
   * @param reason why it serves, or why it does not, with the numbers
   */
  public record Report(
      int bins,
      boolean serving,
      double rate,
      double upperBound,
      int comparisons,
      long served,
      long drifts,
      String reason) {}

  /** A row's cells. Immutable; compared by identity. */
  public static final class Located {
    private final @Nullable QuantileBins quantiles;
    private final char[] finest;
    private final String form;
    private final int level;
    private final byte[] key;

    private Located(
        @Nullable QuantileBins quantiles, char[] finest, String form, int level, byte[] key) {
      this.quantiles = quantiles;
      this.finest = finest;
      this.form = form;
      this.level = level;
      this.key = key;
    }

    /** {@return the canonical bytes of the cell at the level that serves; empty if none does} */
    public Optional<byte[]> key() {
      return level == NONE ? Optional.empty() : Optional.of(key.clone());
    }
  }

  private static final Located NOWHERE = new Located(null, new char[0], "", NONE, new byte[0]);

  /** The last answer in a cell. */
  private static final class Cell {
    private double[] answer;
    private int hits;

    /** Whether the owner stored this answer at the cell's key. */
    private boolean stored;

    private Cell(double[] answer, boolean stored) {
      this.answer = answer;
      this.stored = stored;
    }

    /** Counts a hit; returns whether it is one to refresh the answer at. */
    private boolean hitNeedsRefresh() {
      hits++;
      return hits < LONGEST_WITHOUT_REFRESH
          ? (hits & (hits - 1)) == 0
          : hits % LONGEST_WITHOUT_REFRESH == 0;
    }

    private void replace(double[] newAnswer, boolean nowStored) {
      answer = newAnswer;
      stored = nowStored;
    }
  }

  /** One level: its cells, the least recently used first, and their violations. */
  private static final class Level {
    private final ViolationRate violations = new ViolationRate(WINDOW);
    private final Map<ByteBuffer, Cell> cells;
    private boolean hasServed;

    private Level(int most) {
      cells = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Cell> eldest) {
          return size() > most;
        }
      };
    }
  }

  private final Settings settings;
  private final double gate;
  private final int mostCells;
  private final RandomGenerator random;
  private final StratifiedSample checks;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<FeatureRow> sample = new ArrayList<>();
  private final Level[] levels = new Level[QuantileBins.LEVELS];
  private @Nullable QuantileBins quantiles;
  private long calibration;
  private int inUse = NONE;

  /** Hits in all, served or checked. */
  private long hits;

  /** How many wrong answers may have been served: for each that was found, as many as there are hits between two checks. */
  private double servedWrong;

  private long served;
  private long drifts;

  /**
   * Creates keys that begin with a sample.
   *
   * @param mostCells the most cells whose answers are kept, at each level
   */
  public StatisticalKeys(Settings settings, int mostCells, RandomGenerator random) {
    this.settings = settings;
    this.gate = settings.allowedRate() / MARGIN;
    this.mostCells = mostCells;
    this.random = random;
    this.checks = new StratifiedSample(random);
    clearLevels();
  }

  /** {@return the cells of a row, which is part of the sample while there is one taken} */
  public Located locate(FeatureRow row) {
    QuantileBins current;
    int level;
    long currentCalibration;
    lock.lock();
    try {
      if (quantiles == null) {
        addToSample(row);
        return NOWHERE;
      }
      current = quantiles;
      level = inUse;
      currentCalibration = calibration;
    } finally {
      lock.unlock();
    }
    if (row.size() != current.features()) {
      return NOWHERE;
    }
    char[] finest = current.finest(row);
    byte[] key = level == NONE
        ? new byte[0]
        : QuantileBins.cell(currentCalibration, level, finest, row.form());
    return new Located(current, finest, row.form(), level, key);
  }

  private void addToSample(FeatureRow row) {
    if (!sample.isEmpty() && sample.get(0).size() != row.size()) {
      return;
    }
    sample.add(row);
    if (sample.size() == SAMPLE) {
      quantiles = QuantileBins.of(sample);
      calibration = random.nextLong();
      sample.clear();
    }
  }

  /** {@return what to do about an answer that is stored at the key of a row's cell} */
  public Decision hit(Located located) {
    lock.lock();
    try {
      boolean current = located.level == inUse && located.quantiles == quantiles;
      if (!current || inUse == NONE) {
        return Decision.REFRESH;
      }
      Cell cell = levels[inUse].cells.get(ByteBuffer.wrap(located.key));
      // The violations of what is stored and not known here would not be seen.
      if (cell == null || !cell.stored || cell.hitNeedsRefresh()) {
        return Decision.REFRESH;
      }
      hits++;
      if (checks.next(shadowShare())) {
        return Decision.SHADOW;
      }
      served++;
      return Decision.SERVE;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The share of hits to check. A cell whose answer turns wrong is seen at the next check, after as many hits on the average
   * as this share is the reciprocal of: they may take a third of the wrong answers that are still allowed.
   */
  private double shadowShare() {
    double left = settings.allowedRate() * hits - servedWrong;
    return left <= MARGIN ? 1 : Math.max(settings.shadowShare(), MARGIN / left);
  }

  /**
   * Takes note of the model's answer to a row, whether there was a hit or not.
   *
   * @param exact the numbers of the answer, which nobody changes afterwards
   */
  public void answered(Located located, double[] exact) {
    lock.lock();
    try {
      if (quantiles == null || located.quantiles != quantiles) {
        return;
      }
      for (int level = 0; level < levels.length; level++) {
        compare(located, level, exact);
      }
      choose();
    } finally {
      lock.unlock();
    }
  }

  private void compare(Located located, int level, double[] exact) {
    boolean stored = level == located.level;
    Map<ByteBuffer, Cell> cells = levels[level].cells;
    byte[] key =
        stored ? located.key : QuantileBins.cell(calibration, level, located.finest, located.form);
    Cell cell = cells.get(ByteBuffer.wrap(key));
    if (cell == null) {
      cells.put(ByteBuffer.wrap(key), new Cell(exact, stored));
      return;
    }
    boolean violation = differ(cell.answer, exact);
    levels[level].violations.add(violation);
    if (violation && stored && cell.stored) {
      servedWrong += 1 / shadowShare();
    }
    // At the level in use, hit(..) has counted it.
    if (stored || cell.hitNeedsRefresh()) {
      cell.replace(exact, stored);
    }
  }

  private boolean differ(double[] answer, double[] exact) {
    if (answer.length != exact.length) {
      return true;
    }
    for (int i = 0; i < exact.length; i++) {
      boolean same = Double.compare(answer[i], exact[i]) == 0
          || Math.abs(answer[i] - exact[i]) <= settings.tolerance();
      if (!same) {
        return true;
      }
    }
    return false;
  }

  private void choose() {
    inUse = NONE;
    boolean drifted = false;
    for (int level = 0; level < levels.length; level++) {
      ViolationRate violations = levels[level].violations;
      drifted |= levels[level].hasServed && !violations.isAtMost(settings.allowedRate());
      if (violations.comparisons() >= ENOUGH && violations.isAtMost(gate)) {
        inUse = level;
      }
    }
    if (inUse != NONE) {
      levels[inUse].hasServed = true;
    } else if (drifted) {
      drifts++;
      quantiles = null;
      clearLevels();
    }
  }

  private void clearLevels() {
    for (int level = 0; level < levels.length; level++) {
      levels[level] = new Level(mostCells);
    }
  }

  /** {@return what is measured} */
  public Report report() {
    lock.lock();
    try {
      if (quantiles == null) {
        return new Report(0, false, 0, 1, 0, served, drifts, samplingReason());
      }
      int level = inUse == NONE ? closest() : inUse;
      ViolationRate violations = levels[level].violations;
      return new Report(
          QuantileBins.bins(level),
          inUse != NONE,
          violations.rate(),
          violations.upperBound(),
          violations.comparisons(),
          served,
          drifts,
          reason(violations));
    } finally {
      lock.unlock();
    }
  }

  /** The level whose bound is lowest, of those that were compared often enough if there are any. */
  private int closest() {
    int closest = 0;
    for (int level = 1; level < levels.length; level++) {
      ViolationRate violations = levels[level].violations;
      ViolationRate least = levels[closest].violations;
      if (violations.upperBound() < least.upperBound()) {
        closest = level;
      }
    }
    return closest;
  }

  private String samplingReason() {
    return (drifts == 0 ? "" : "after a drift, ") + "the quantiles are being taken: "
        + sample.size() + " of " + SAMPLE + " rows";
  }

  private String reason(ViolationRate violations) {
    if (violations.comparisons() < ENOUGH) {
      return "too few comparisons yet: " + violations.comparisons() + " of " + ENOUGH;
    }
    return String.format(
        Locale.ROOT,
        "the rate of violations is at most %.2f %%, %s %.2f %%, which is a third of the allowed rate",
        100 * violations.upperBound(),
        inUse == NONE ? "and must be at most" : "within",
        100 * gate);
  }
}
