package io.fairlead.stateful.internal;

import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The division of a name's requests among versions by their weights, one request at a time: smooth weighted round robin,
 * as nginx has it, so that of any hundred requests in a row each version gets exactly its percentage.
 */
final class TrafficSplit {
  private final List<Share> shares;
  private final int[] credit;
  private final int total;
  private final ReentrantLock lock = new ReentrantLock();

  /**
   * A version with its share.
   *
   * @param version the version
   * @param weight its share in percent, more than 0
   */
  record Share(Version version, int weight) {}

  TrafficSplit(List<Share> shares) {
    this.shares = List.copyOf(shares);
    this.credit = new int[shares.size()];
    this.total = shares.stream().mapToInt(Share::weight).sum();
  }

  List<Share> shares() {
    return shares;
  }

  /** {@return whether there is more than one version to choose from} */
  boolean isDivided() {
    return shares.size() > 1;
  }

  /** {@return the version that the next request goes to} */
  Version next() {
    if (shares.size() == 1) {
      return shares.get(0).version();
    }
    lock.lock();
    try {
      int best = 0;
      for (int i = 0; i < credit.length; i++) {
        credit[i] += shares.get(i).weight();
        if (credit[i] > credit[best]) {
          best = i;
        }
      }
      credit[best] -= total;
      return shares.get(best).version();
    } finally {
      lock.unlock();
    }
  }
}
