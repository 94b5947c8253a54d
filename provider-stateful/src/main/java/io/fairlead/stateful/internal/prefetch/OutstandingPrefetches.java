package io.fairlead.stateful.internal.prefetch;

import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The prefetches that were handed out and not yet asked for, each until its horizon: a number of requests, after which it
 * is wasted. Time is the count of requests, of which the low 32 bits are kept.
 */
final class OutstandingPrefetches {
  private static final int BYTES_PER_PREFETCH =
      TagTable.BYTES_PER_SLOT + Integer.BYTES + Byte.BYTES;

  private final TagTable prefetches;
  private final int[] issuedAt;
  private final byte[] classes;
  private final LongAdder wasted = new LongAdder();

  OutstandingPrefetches(long maximumBytes) {
    prefetches = new TagTable(TagTable.slots(maximumBytes, BYTES_PER_PREFETCH));
    issuedAt = new int[prefetches.length()];
    classes = new byte[prefetches.length()];
  }

  /** {@return what it takes on the heap} */
  long bytes() {
    return (long) prefetches.length() * BYTES_PER_PREFETCH + TagTable.FIXED_BYTES;
  }

  /** {@return whether a prefetch was added, for which another may be given up as wasted; false if it is outstanding} */
  boolean add(long tag, int predictionClass, int now, int horizon) {
    ReentrantLock lock = prefetches.lock(tag);
    lock.lock();
    try {
      int slot = prefetches.find(tag);
      if (slot >= 0) {
        if (now - issuedAt[slot] <= horizon) {
          return false;
        }
        wasted.increment();
      } else {
        if (prefetches.replaced(tag) >= 0) {
          wasted.increment();
        }
        slot = ~prefetches.claim(tag);
      }
      issuedAt[slot] = now;
      classes[slot] = (byte) predictionClass;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** {@return the class of a prefetch that was outstanding and is no longer; -1 if there was none within its horizon} */
  int take(long tag, int now, int horizon) {
    ReentrantLock lock = prefetches.lock(tag);
    lock.lock();
    try {
      int slot = prefetches.find(tag);
      if (slot < 0) {
        return -1;
      }
      prefetches.release(slot);
      if (now - issuedAt[slot] > horizon) {
        wasted.increment();
        return -1;
      }
      return classes[slot];
    } finally {
      lock.unlock();
    }
  }

  /** Counts one that was taken as wasted. */
  void waste() {
    wasted.increment();
  }

  /** {@return how many were wasted until now} */
  long wasted(int now, int horizon) {
    for (int slot = 0; slot < prefetches.length(); slot++) {
      ReentrantLock lock = prefetches.lockAt(slot);
      lock.lock();
      try {
        if (prefetches.tagAt(slot) != 0 && now - issuedAt[slot] > horizon) {
          prefetches.release(slot);
          wasted.increment();
        }
      } finally {
        lock.unlock();
      }
    }
    return wasted.sum();
  }
}
