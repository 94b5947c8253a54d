package io.fairlead.stateful.internal.cache;

/** Is told what a store changes of itself while it runs. Called by a thread that uses the store, and returns soon. */
@FunctionalInterface
public interface TuningListener {
  /** Called after a change. */
  void changed(WindowChange change);

  /**
   * A change of the share of a store in which answers are kept by recency alone; 1 is a store of least recent use.
   *
   * @param oldShare the share before, above 0 and at most 1
   * @param newShare the share after
   * @param oldHitRatio the estimated hit ratio with the share before
   * @param newHitRatio the estimated hit ratio with the share after
   */
  record WindowChange(double oldShare, double newShare, double oldHitRatio, double newHitRatio) {}
}
