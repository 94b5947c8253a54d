package io.fairlead.stateful.internal.cache;

import java.util.function.LongFunction;

/** Keys and answers for tests. */
final class Answers {
  private Answers() {}

  /** {@return the key of a number, hashed as keys are} */
  static CacheKey key(long number) {
    return new CacheKey(mix(number * 2 + 1), mix(number * 2));
  }

  /** Stafford's variant 13 of the finaliser of MurmurHash3. */
  private static long mix(long number) {
    long mixed = (number + 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }

  static CachedAnswer ofBytes(int length) {
    return ofBytes(length, 1_000_000);
  }

  static CachedAnswer ofBytes(int length, long costNanos) {
    return new CachedAnswer(
        new byte[length], "application/json", null, "digest", 0, costNanos, null);
  }

  /** {@return the bytes that a store accounts for an answer of 16 bytes} */
  static long bytesIn(LongFunction<? extends AnswerStore> opener) {
    AnswerStore store = opener.apply(1 << 20);
    store.put(key(0), ofBytes(16));
    return store.bytes();
  }
}
