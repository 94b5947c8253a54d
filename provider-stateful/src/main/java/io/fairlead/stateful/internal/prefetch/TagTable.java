package io.fairlead.stateful.internal.prefetch;

import io.fairlead.stateful.internal.cache.CacheKey;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A set-associative table of 64-bit tags with a fixed number of slots, whose owners keep their values in arrays beside
 * it. A full set replaces by static re-reference interval prediction: Jaleel, Theobald, Steely and Emer, "High
 * Performance Cache Replacement Using Re-Reference Interval Prediction (RRIP)", ISCA 2010.
 *
 * <p>A slot, and its owner's values at it, are read and written under {@linkplain #lock the lock} of its tag. Two keys
 * with one tag, which is unlikely beyond measure, are taken for each other.
 */
final class TagTable {
  /** What a slot takes, without its owner's values. */
  static final int BYTES_PER_SLOT = Long.BYTES + Byte.BYTES;

  /** What a table takes besides its slots. */
  static final int FIXED_BYTES = 1024;

  private static final int WAYS = 8;
  private static final int LOCKS = 16;
  private static final byte LONG = 2;
  private static final byte DISTANT = 3;

  private final int sets;
  private final long[] tags;
  private final byte[] intervals;
  private final ReentrantLock[] locks = new ReentrantLock[LOCKS];

  /**
   * Creates a table.
   *
   * @param slots how many slots it has, rounded down to a multiple of eight
   */
  TagTable(long slots) {
    if (slots < WAYS) {
      throw new IllegalArgumentException("slots must be at least " + WAYS + ", was " + slots);
    }
    sets = (int) (Math.min(slots, Integer.MAX_VALUE - WAYS) / WAYS);
    tags = new long[sets * WAYS];
    intervals = new byte[sets * WAYS];
    for (int i = 0; i < LOCKS; i++) {
      locks[i] = new ReentrantLock();
    }
  }

  /** {@return how many slots that take so many bytes each fit in the bytes of a table; at least 8} */
  static long slots(long bytes, int bytesPerSlot) {
    return Math.max(WAYS, (bytes - FIXED_BYTES) / bytesPerSlot);
  }

  /** {@return the tag of a key; never 0} */
  static long tag(CacheKey key) {
    return tag(key.high(), key.low());
  }

  /** {@return the tag of a key of these halves; never 0} */
  static long tag(long high, long low) {
    return tag(low ^ Long.rotateLeft(high, 32));
  }

  /** {@return the tag of a number, all of whose bits depend on all of the number's; never 0} */
  static long tag(long number) {
    long mixed = (number ^ (number >>> 32)) * 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ (mixed >>> 29)) * 0xBF58476D1CE4E5B9L;
    mixed ^= mixed >>> 32;
    return mixed == 0 ? 1 : mixed;
  }

  int length() {
    return tags.length;
  }

  /** {@return the lock of the slots that a tag can be in} */
  ReentrantLock lock(long tag) {
    return locks[set(tag) & (LOCKS - 1)];
  }

  /** {@return the slot of a tag; -1 if it is not there} */
  int find(long tag) {
    int first = set(tag) * WAYS;
    for (int slot = first; slot < first + WAYS; slot++) {
      if (tags[slot] == tag) {
        return slot;
      }
    }
    return -1;
  }

  /**
   * Finds the slot of a tag, which counts as a use, or gives it one.
   *
   * @return the slot; if it is new, the complement ({@code ~slot}) of it, and values of another tag lie there
   */
  int claim(long tag) {
    int first = set(tag) * WAYS;
    int free = -1;
    for (int slot = first; slot < first + WAYS; slot++) {
      if (tags[slot] == tag) {
        intervals[slot] = 0;
        return slot;
      }
      if (tags[slot] == 0) {
        free = slot;
      }
    }
    int slot = free >= 0 ? free : victim(first);
    tags[slot] = tag;
    intervals[slot] = LONG;
    return ~slot;
  }

  /** {@return the slot that {@link #claim} would replace for a tag that is not there; -1 if it would replace none} */
  int replaced(long tag) {
    int first = set(tag) * WAYS;
    for (int slot = first; slot < first + WAYS; slot++) {
      if (tags[slot] == 0 || tags[slot] == tag) {
        return -1;
      }
    }
    return victim(first);
  }

  /** Frees a slot. */
  void release(int slot) {
    tags[slot] = 0;
  }

  /** {@return the tag at a slot, under whose lock this is called; 0 if it is free} */
  long tagAt(int slot) {
    return tags[slot];
  }

  /** {@return the lock of a slot} */
  ReentrantLock lockAt(int slot) {
    return locks[(slot / WAYS) & (LOCKS - 1)];
  }

  private int victim(int first) {
    while (true) {
      for (int slot = first; slot < first + WAYS; slot++) {
        if (intervals[slot] == DISTANT) {
          return slot;
        }
      }
      for (int slot = first; slot < first + WAYS; slot++) {
        intervals[slot]++;
      }
    }
  }

  private int set(long tag) {
    return (int) (((tag >>> 32) * sets) >>> 32);
  }
}
