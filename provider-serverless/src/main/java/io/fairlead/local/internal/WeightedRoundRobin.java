package io.fairlead.local.internal;

import io.fairlead.reconcile.Traffic;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The traffic split among variants by weight: smooth weighted round robin, as in nginx.
 *
 * <p>Each pick adds to every variant's credit its weight, picks the variant with the most credit, and subtracts the sum
 * of the weights from its credit. In any 100 consecutive picks each variant is picked exactly as often as its
 * percentage.
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

  /** Sets the weights and resets the credits; equal weights change nothing. */
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

  /** {@return the variant for the next request; empty if none has a weight} */
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
