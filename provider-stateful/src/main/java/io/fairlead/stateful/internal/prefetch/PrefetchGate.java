package io.fairlead.stateful.internal.prefetch;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The gate that lets only those prefetches through whose like have been used: it measures the precision of each class of
 * predictions by itself and is open for the classes whose precision is at least {@value #MINIMUM_PRECISION}, where a
 * prefetch saves an inference as often as it costs one.
 *
 * <p>A class is how often a transition was seen and with what confidence, so that a stream whose predictions are good
 * after many sightings only, or for a part of its keys only, is served for that part. Precision is the used of a class
 * among its issued of late, exponentially aged, drawn towards that of all classes while there are few. It is charged when
 * a prefetch is issued and credited when it is used: prefetches that are not used close the gate at once, not only when
 * their time is over. Through a closed gate passes a small share, {@value #EXPLORED}, by which it is seen when precision
 * returns, and more of a class of which little is known.
 */
final class PrefetchGate {
  static final double MINIMUM_PRECISION = 0.5;
  static final double MINIMUM_CONFIDENCE = 0.3;

  /** The share that passes a closed gate. */
  static final double EXPLORED = 0.02;

  /** The class of the predictions that do not come from the model. */
  static final int EXPLICIT = 16;

  private static final double EXPLORED_WHEN_UNKNOWN = 0.25;
  private static final int KNOWN = 8;
  private static final int CLASSES = 17;

  // How many prefetches are looked back on: many while open, for the used ones come late; few while
  // closed, for they are
  // rare.
  private static final int OPEN_WINDOW = 256;
  private static final int CLOSED_WINDOW = 64;

  // What all predictions start with, as if so many had been issued and used; and what a class
  // starts with, of the
  // precision of all.
  private static final double PRIOR_ISSUED = 8;
  private static final double PRIOR_USED = 2;

  private final AtomicLong random;
  private final ReentrantLock lock = new ReentrantLock();
  private final double[] issued = new double[CLASSES];
  private final double[] used = new double[CLASSES];
  private double allIssued;
  private double allUsed;

  // A bit for each class, so that what is not let through waits for no lock.
  private volatile int open;
  private volatile int known;

  /**
   * Creates a gate.
   *
   * @param seed of the choice of what is explored
   */
  PrefetchGate(long seed) {
    random = new AtomicLong(seed);
  }

  /**
   * {@return the class of a prediction; -1 if its confidence is too low for any}
   *
   * @param count how often the transition was seen
   * @param transitions how often any from the same key was
   */
  static int classOf(int count, int transitions) {
    double confidence = (double) count / Math.max(1, transitions);
    if (confidence < MINIMUM_CONFIDENCE) {
      return -1;
    }
    int byCount = count <= 1 ? 0 : count <= 3 ? 1 : count <= 7 ? 2 : 3;
    int byConfidence = confidence < 0.5 ? 0 : confidence < 0.7 ? 1 : confidence < 0.9 ? 2 : 3;
    return byCount * 4 + byConfidence;
  }

  /** {@return whether a prediction of this class is to be prefetched, with which it is charged} */
  boolean admit(int predictionClass) {
    boolean wasOpen = isOpen(predictionClass);
    if (!wasOpen && !isExplored(predictionClass)) {
      return false;
    }
    int window = wasOpen ? OPEN_WINDOW : CLOSED_WINDOW;
    lock.lock();
    try {
      issued[predictionClass]++;
      double kept = Math.min(1, window / issued[predictionClass]);
      issued[predictionClass] *= kept;
      used[predictionClass] *= kept;
      allIssued++;
      double keptOfAll = Math.min(1, OPEN_WINDOW / allIssued);
      allIssued *= keptOfAll;
      allUsed *= keptOfAll;
      decide();
    } finally {
      lock.unlock();
    }
    return true;
  }

  private boolean isExplored(int predictionClass) {
    boolean isKnown = (known & (1 << predictionClass)) != 0;
    // A sequence of SplittableRandom: its gamma, mixed.
    long bits = TagTable.tag(random.getAndAdd(0x9E3779B97F4A7C15L)) >>> 11;
    return bits * 0x1p-53 < (isKnown ? EXPLORED : EXPLORED_WHEN_UNKNOWN);
  }

  /** Credits a class with a prefetch that was used. */
  void credit(int predictionClass) {
    lock.lock();
    try {
      used[predictionClass] = Math.min(issued[predictionClass], used[predictionClass] + 1);
      allUsed = Math.min(allIssued, allUsed + 1);
      decide();
    } finally {
      lock.unlock();
    }
  }

  /** Takes back what a class was charged with: it was not prefetched after all. */
  void refund(int predictionClass) {
    lock.lock();
    try {
      issued[predictionClass] = Math.max(used[predictionClass], issued[predictionClass] - 1);
      allIssued = Math.max(allUsed, allIssued - 1);
      decide();
    } finally {
      lock.unlock();
    }
  }

  /** {@return whether predictions of this class pass} */
  boolean isOpen(int predictionClass) {
    return (open & (1 << predictionClass)) != 0;
  }

  /** Decides for each class, for each depends on the precision of all. */
  private void decide() {
    double drawn = PRIOR_ISSUED * (allUsed + PRIOR_USED) / (allIssued + PRIOR_ISSUED);
    int nowOpen = 0;
    int nowKnown = 0;
    for (int i = 0; i < CLASSES; i++) {
      if (used[i] + drawn >= MINIMUM_PRECISION * (issued[i] + PRIOR_ISSUED)) {
        nowOpen |= 1 << i;
      }
      if (issued[i] >= KNOWN) {
        nowKnown |= 1 << i;
      }
    }
    open = nowOpen;
    known = nowKnown;
  }
}
