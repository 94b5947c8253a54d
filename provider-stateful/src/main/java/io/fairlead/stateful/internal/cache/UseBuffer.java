package io.fairlead.stateful.internal.cache;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;

/**
 * Ring buffers of uses that wait to be told to the eviction policy, striped by thread, so that a hit takes no lock.
 *
 * <p>Many threads record; one at a time, under a lock, drains. The idea is BP-Wrapper's (Ding, Jiang, Zhang: BP-Wrapper: A
 * System Framework Making Any Replacement Algorithms (Almost) Lock Contention Free, ICDE 2009).
 */
final class UseBuffer<T> {
  /** The most uses that wait in one stripe. */
  static final int CAPACITY = 32;

  private static final int MOST_STRIPES = 64;

  /** The distance between counters that different threads write, two lines of a processor's cache. */
  private static final int SPREAD = 16;

  private static final int READ_OFFSET = SPREAD / 2;

  private final int stripes;
  private final AtomicReferenceArray<T> slots;
  private final AtomicLongArray counters;

  UseBuffer() {
    int processors = Runtime.getRuntime().availableProcessors();
    stripes = Math.min(MOST_STRIPES, 2 * Integer.highestOneBit(Math.max(1, 2 * processors - 1)));
    slots = new AtomicReferenceArray<>(stripes * CAPACITY);
    counters = new AtomicLongArray((stripes + 1) * SPREAD);
  }

  int stripes() {
    return stripes;
  }

  /**
   * Records a use, or loses it if the stripe is full or another thread records at the same moment.
   *
   * @return how many uses wait in the stripe
   */
  int record(T used) {
    int stripe = (int) ((Thread.currentThread().getId() * 0x9E3779B9L) >>> 16) & (stripes - 1);
    int counter = (stripe + 1) * SPREAD;
    long written = counters.get(counter);
    int waiting = (int) (written - counters.get(counter + READ_OFFSET));
    if (waiting >= CAPACITY) {
      return waiting;
    }
    if (counters.compareAndSet(counter, written, written + 1)) {
      slots.setRelease(slot(stripe, written), used);
    }
    return waiting + 1;
  }

  /** Passes each use that waits on. Only one thread at a time may call this. */
  void drain(Consumer<? super T> policy) {
    for (int stripe = 0; stripe < stripes; stripe++) {
      int counter = (stripe + 1) * SPREAD;
      long read = counters.get(counter + READ_OFFSET);
      long written = counters.get(counter);
      long from = read;
      while (read < written) {
        int slot = slot(stripe, read);
        T used = slots.getAcquire(slot);
        if (used == null) {
          break;
        }
        slots.setRelease(slot, null);
        policy.accept(used);
        read++;
      }
      if (read != from) {
        counters.setRelease(counter + READ_OFFSET, read);
      }
    }
  }

  private static int slot(int stripe, long number) {
    return stripe * CAPACITY + (int) (number & (CAPACITY - 1));
  }
}
