package io.fairlead.local.internal;

import io.fairlead.reconcile.Traffic;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Divides requests among variants by weight, evenly mixed: smooth weighted round robin, as nginx does it.
 *
 * <p>Each pick adds to every variant's credit its weight, takes the variant with the most, and takes the sum of weights
 * from its credit. Over any 100 picks in a row each variant is taken exactly as often as its percent says.
 */
final class WeightedRoundRobin {
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Integer> credits = new LinkedHashMap<>();
  private Traffic traffic = Traffic.NONE;

  Traffic traffic() {
    lock.lock();
    try {
      return traffic;
    } finally {
      lock.unlock();
    }
  }

  /** Begins a new division; the same again changes nothing. */
  void set(Traffic newTraffic) {
    lock.lock();
    try {
      if (!newTraffic.equals(traffic)) {
        traffic = newTraffic;
        credits.clear();
        newTraffic.weights().keySet().forEach(variant -> credits.put(variant, 0));
      }
    } finally {
      lock.unlock();
    }
  }

  /** {@return the variant that the next request goes to; empty if none has a weight} */
  Optional<String> next() {
    lock.lock();
    try {
      @Nullable String best = null;
      int most = Integer.MIN_VALUE;
      for (Map.Entry<String, Integer> entry : credits.entrySet()) {
        entry.setValue(entry.getValue() + traffic.of(entry.getKey()));
        if (entry.getValue() > most) {
          most = entry.getValue();
          best = entry.getKey();
        }
      }
      if (best != null) {
        credits.merge(best, -100, Integer::sum);
      }
      return Optional.ofNullable(best);
    } finally {
      lock.unlock();
    }
  }
}
