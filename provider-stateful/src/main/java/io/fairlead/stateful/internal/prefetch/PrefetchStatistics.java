package io.fairlead.stateful.internal.prefetch;

/**
 * What became of the prefetches.
 *
 * @param issued how many were handed out and not abandoned
 * @param used how many answered a request
 * @param wasted how many were not asked for within their time, or were gone when they were
 * @param abandoned how many were handed out and not computed
 */
public record PrefetchStatistics(long issued, long used, long wasted, long abandoned) {
  /** {@return the used among those whose fate is known; 0 if there are none} */
  public double precision() {
    return used + wasted == 0 ? 0 : (double) used / (used + wasted);
  }
}
