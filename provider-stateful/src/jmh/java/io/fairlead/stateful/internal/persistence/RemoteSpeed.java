package io.fairlead.stateful.internal.persistence;

import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * How long a lookup in Redis takes beside Lettuce's own, of values of one length and in blocks that take turns; and what
 * a server costs that is gone or hangs, and how soon it is used again.
 */
@SuppressWarnings("SystemOut")
public final class RemoteSpeed {
  private static final int BLOCKS = 20;
  private static final int CALLS = 2_000;
  private static final int LENGTH = 256;

  private RemoteSpeed() {}

  public static void main(String[] arguments) throws Exception {
    try (RedisProcess redis = RedisProcess.started()) {
      RedisClient client = RedisClient.create(redis.uri());
      RemoteSettings patient = RemoteSettings.of("bert").withCommandTimeout(Duration.ofMinutes(1));
      try (RemoteCache cache = RemoteCache.inRedis(redis.uri(), patient)) {
        hits(client.connect(ByteArrayCodec.INSTANCE).sync(), cache);
      } finally {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(5));
      }
      try (RemoteCache cache = RemoteCache.inRedis(redis.uri(), RemoteSettings.of("bert"))) {
        Until.holds(cache::isUsable);
        gone(redis, cache);
        hangs(redis, cache);
      }
    }
  }

  private static void hits(RedisCommands<byte[], byte[]> bare, RemoteCache cache) {
    Entry entry = Entries.entry(1, Entries.DIGEST, LENGTH);
    store(cache, entry);
    byte[] key = {1};
    bare.set(key, AnswerCodec.encode(entry.key(), entry.answer()));
    double[] ours = new double[BLOCKS * CALLS];
    double[] theirs = new double[BLOCKS * CALLS];
    for (int block = -5; block < BLOCKS; block++) {
      double[] our = micros(CALLS, () -> cache.get(entry.key(), Entries.DIGEST).isPresent());
      double[] their = micros(CALLS, () -> bare.get(key) != null);
      if (block >= 0) {
        System.arraycopy(our, 0, ours, block * CALLS, CALLS);
        System.arraycopy(their, 0, theirs, block * CALLS, CALLS);
      }
    }
    Arrays.sort(ours);
    Arrays.sort(theirs);
    System.out.printf(
        "hit of %d bytes, p50/p99 in us: %.1f/%.1f; Lettuce's sync GET: %.1f/%.1f; %.2fx/%.2fx%n",
        LENGTH,
        at(ours, 0.5),
        at(ours, 0.99),
        at(theirs, 0.5),
        at(theirs, 0.99),
        at(ours, 0.5) / at(theirs, 0.5),
        at(ours, 0.99) / at(theirs, 0.99));
    System.out.println(cache.counts());
  }

  private static void gone(RedisProcess redis, RemoteCache cache) throws Exception {
    Entry entry = Entries.entry(1);
    redis.kill();
    print(
        "server killed, miss",
        micros(100_000, () -> cache.get(entry.key(), Entries.DIGEST).isEmpty()));
    redis.start();
    System.out.printf("used again after its start: %.0f ms%n", millisUntil(cache::isUsable));
  }

  private static void hangs(RedisProcess redis, RemoteCache cache) throws Exception {
    Entry entry = Entries.entry(1);
    long failures = cache.counts().failures();
    redis.pause();
    print(
        "server hangs, miss",
        micros(100_000, () -> cache.get(entry.key(), Entries.DIGEST).isEmpty()));
    System.out.printf("lookups that waited: %d%n", cache.counts().failures() - failures);
    redis.resume();
    System.out.printf("used again after it went on: %.0f ms%n", millisUntil(cache::isUsable));
  }

  private static void store(RemoteCache cache, Entry entry) {
    Until.holds(() -> {
      if (cache.counts().stored() == 0) {
        cache.put(entry.key(), entry.answer());
      }
      return cache.counts().stored() > 0;
    });
  }

  private static double millisUntil(BooleanSupplier condition) {
    long begin = System.nanoTime();
    Until.holds(condition);
    return (System.nanoTime() - begin) / 1e6;
  }

  private static void print(String what, double[] micros) {
    Arrays.sort(micros);
    System.out.printf(
        "%s, p50/p99/most in us: %.2f/%.2f/%.0f%n",
        what, at(micros, 0.5), at(micros, 0.99), micros[micros.length - 1]);
  }

  private static double at(double[] sorted, double share) {
    return sorted[(int) (share * (sorted.length - 1))];
  }

  private static double[] micros(int calls, BooleanSupplier call) {
    double[] micros = new double[calls];
    int unexpected = 0;
    for (int i = 0; i < calls; i++) {
      long begin = System.nanoTime();
      boolean holds = call.getAsBoolean();
      micros[i] = (System.nanoTime() - begin) / 1e3;
      unexpected += holds ? 0 : 1;
    }
    if (unexpected > 0) {
      System.out.printf("not as expected: %d of %d%n", unexpected, calls);
    }
    return micros;
  }
}
