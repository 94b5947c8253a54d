package io.fairlead.stateful.internal.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/** A hit in each store, beside Caffeine's own, with keys of Zipf's distribution. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class StoreBenchmark {
  private static final int DRAWS = 1 << 16;

  /** What is measured. */
  public enum Kind {
    CAFFEINE,
    LRU_STORE,
    CAFFEINE_STORE,
    GDSF_STORE,
    TUNED_STORE
  }

  @Param
  Kind kind = Kind.CAFFEINE;

  /** How many entries there are; at 2000 the tuner simulates each use six times, at more only a sample. */
  @Param({"2000", "100000"})
  int entries;

  private Function<CacheKey, @Nullable Object> get = key -> null;
  private final CacheKey[] draws = new CacheKey[DRAWS];

  /** A thread's place in the keys. */
  @State(Scope.Thread)
  public static class Place {
    private int next = (int) Thread.currentThread().getId() * 7919;
  }

  /** Fills the store, so that all keys are hits. */
  @Setup
  public void fill() {
    long room = 2L
        * entries
        * Answers.bytesIn(bytes -> new TunedStore(bytes, TunedStore.LRU, true, change -> {}));
    CacheKey[] keys = new CacheKey[entries];
    for (int i = 0; i < entries; i++) {
      keys[i] = Answers.key(i);
    }
    if (kind == Kind.CAFFEINE) {
      Cache<CacheKey, CachedAnswer> cache = Caffeine.newBuilder()
          .maximumSize(2L * entries)
          .executor(Runnable::run)
          .build();
      for (CacheKey key : keys) {
        cache.put(key, Answers.ofBytes(16));
      }
      get = cache::getIfPresent;
    } else {
      AnswerStore store = open(room);
      for (CacheKey key : keys) {
        store.put(key, Answers.ofBytes(16));
      }
      get = store::get;
    }
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < DRAWS; i++) {
      draws[i] = keys[(int) Math.pow(entries, random.nextDouble())];
    }
  }

  private AnswerStore open(long room) {
    return switch (kind) {
      case LRU_STORE -> new LruStore(room);
      case CAFFEINE_STORE -> new CaffeineStore(room);
      case GDSF_STORE -> new GdsfStore(room);
      default -> new TunedStore(room, TunedStore.LRU, true, change -> {});
    };
  }

  @Benchmark
  @Threads(1)
  public @Nullable Object hitOfOneThread(Place place) {
    return get.apply(draws[place.next++ & (DRAWS - 1)]);
  }

  @Benchmark
  @Threads(8)
  public @Nullable Object hitOfEightThreads(Place place) {
    return get.apply(draws[place.next++ & (DRAWS - 1)]);
  }
}
