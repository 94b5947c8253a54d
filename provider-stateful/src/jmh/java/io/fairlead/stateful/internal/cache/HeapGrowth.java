package io.fairlead.stateful.internal.cache;

import java.lang.management.ManagementFactory;
import java.util.function.LongFunction;

/**
 * Measures by how much the heap grows when a store is filled, as a part of the bytes that it may take.
 *
 * <p>Run it with a heap of 1 GB or more.
 */
final class HeapGrowth {
  private static final long MAXIMUM = 128L << 20;
  private static final int[] LENGTHS = {16, 256, 4096};
  private static final int SCOPE = 36;

  private HeapGrowth() {}

  public static void main(String[] arguments) {
    for (boolean retained : new boolean[] {false, true}) {
      for (int length : LENGTHS) {
        measure("LruStore", length, retained, LruStore::new);
        measure("CaffeineStore", length, retained, CaffeineStore::new);
        measure("GdsfStore", length, retained, GdsfStore::new);
        measure(
            "TunedStore",
            length,
            retained,
            bytes -> new TunedStore(bytes, TunedStore.LRU, true, change -> {}));
        measure(
            "TunedStore 1 %",
            length,
            retained,
            bytes -> new TunedStore(bytes, TunedStore.W_TINYLFU, true, change -> {}));
      }
    }
  }

  private static void measure(
      String name, int length, boolean retained, LongFunction<? extends AnswerStore> opener) {
    long before = used();
    AnswerStore store = opener.apply(MAXIMUM);
    // Twice what fits, so that it is full and has evicted.
    long puts = 0;
    long last = 0;
    for (int key = 0; puts < 2 * Math.max(1, last) || store.bytes() < MAXIMUM * 9 / 10; key++) {
      store.put(Answers.key(key), retained ? withRequest(length, key) : Answers.ofBytes(length));
      if (key % 3 == 0) {
        store.get(Answers.key(key / 2));
      }
      puts++;
      last = (key & 1023) == 0 ? store.size() : last;
    }
    long growth = used() - before;
    System.out.printf(
        "%-16s %5d B%s: %8d entries, accounted %.3f, heap %.3f of the maximum%n",
        name,
        length,
        retained ? " and the request" : "",
        store.size(),
        (double) store.bytes() / MAXIMUM,
        (double) growth / MAXIMUM);
    if (store.maximumBytes() != MAXIMUM) {
      throw new AssertionError("the store must be reachable until here");
    }
  }

  private static CachedAnswer withRequest(int length, int key) {
    String scope = String.format("%0" + SCOPE + "d", key);
    return new CachedAnswer(
        new byte[length],
        "application/json",
        null,
        "digest",
        0,
        1_000_000,
        new CachedAnswer.RetainedRequest(scope, "application/json", new byte[length]));
  }

  private static long used() {
    long used = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      System.gc();
      used = Math.min(
          used, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
    return used;
  }
}
