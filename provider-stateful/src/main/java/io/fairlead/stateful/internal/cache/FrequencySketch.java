package io.fairlead.stateful.internal.cache;

/**
 * A count-min sketch of how often keys were used lately, with counters of 4 bits that are halved from time to time.
 *
 * <p>As in Einziger, Friedman, Manes: TinyLFU: A Highly Efficient Cache Admission Policy, 2017. It takes 8 to 16 bytes for
 * an entry of the cache. Not safe for concurrent use.
 */
final class FrequencySketch {
  private static final int ROWS = 4;
  private static final int LARGEST_COUNT = 15;
  private static final long COUNTER_BITS = LARGEST_COUNT;

  /** As for so many entries it counts for a smaller cache, too, whose history would tell nothing otherwise. */
  private static final int FEWEST_ENTRIES = 256;

  private static final int LONGEST_TABLE = 1 << 28;

  /** The counters are halved when so many uses have been counted for each entry of the cache. */
  private static final int SAMPLE = 10;

  private static final long LOWEST_BITS = 0x1111_1111_1111_1111L;
  private static final long HALVED_BITS = 0x7777_7777_7777_7777L;
  private static final long[] SEEDS = {
    0xC3A5_C85C_97CB_3127L, 0xB492_B66F_BE98_F273L, 0x9AE1_6A3B_2F90_404FL, 0xCBF2_9CE4_8422_2325L
  };

  private long[] table = new long[FEWEST_ENTRIES];
  private long entries = FEWEST_ENTRIES;
  private long additions;

  /** Grows to so many entries of the cache, and keeps what it has counted. */
  void ensureCapacity(long newEntries) {
    entries = Math.max(entries, newEntries);
    while (table.length < newEntries && table.length < LONGEST_TABLE) {
      // A counter's place in the longer table is its old one or that plus the old length: both get
      // its count.
      long[] longer = new long[table.length * 2];
      System.arraycopy(table, 0, longer, 0, table.length);
      System.arraycopy(table, 0, longer, table.length, table.length);
      table = longer;
    }
  }

  /** {@return how often a key was used lately, 0 to 15} */
  int frequency(long hash) {
    int frequency = LARGEST_COUNT;
    for (int row = 0; row < ROWS; row++) {
      long mixed = mix(hash, row);
      frequency =
          Math.min(frequency, (int) ((table[place(mixed)] >>> shift(mixed, row)) & COUNTER_BITS));
    }
    return frequency;
  }

  /** Counts a use. */
  void increment(long hash) {
    boolean isAdded = false;
    for (int row = 0; row < ROWS; row++) {
      long mixed = mix(hash, row);
      int place = place(mixed);
      int shift = shift(mixed, row);
      if (((table[place] >>> shift) & COUNTER_BITS) < LARGEST_COUNT) {
        table[place] += 1L << shift;
        isAdded = true;
      }
    }
    if (isAdded && ++additions >= SAMPLE * entries) {
      age();
    }
  }

  private void age() {
    long lost = 0;
    for (int i = 0; i < table.length; i++) {
      lost += Long.bitCount(table[i] & LOWEST_BITS);
      table[i] = (table[i] >>> 1) & HALVED_BITS;
    }
    additions = Math.max(0, additions - lost / ROWS) / 2;
  }

  private static long mix(long hash, int row) {
    long mixed = (hash + SEEDS[row]) * SEEDS[row];
    return mixed ^ (mixed >>> 32);
  }

  private int place(long mixed) {
    return (int) mixed & (table.length - 1);
  }

  /** Each row has four of the sixteen counters of a place. */
  private static int shift(long mixed, int row) {
    return (row * 4 + (int) ((mixed >>> 60) & 3)) * 4;
  }
}
