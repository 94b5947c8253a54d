package io.fairlead.stateful.internal.prefetch;

import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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

/**
 * What the choice of prefetches adds to a request: 100,000 keys, each followed by one in four of five cases, of which a
 * third are taken to be cached.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ObserveBenchmark {
  private static final int KEYS = 100_000;

  @State(Scope.Benchmark)
  public static class Shared {
    @Param({"true", "false"})
    boolean sessions;

    final CacheKey[] keys = new CacheKey[KEYS];
    final RetainedRequest request = new RetainedRequest("", "", new byte[64]);
    final ConcurrentHashMap<CacheKey, Integer> map = new ConcurrentHashMap<>();
    final AtomicInteger threads = new AtomicInteger();
    Prefetcher prefetcher;

    @Setup
    public void fill() {
      SplittableRandom random = new SplittableRandom(1);
      Arrays.setAll(keys, i -> new CacheKey(random.nextLong(), random.nextLong()));
      for (int i = 0; i < KEYS; i++) {
        map.put(keys[i], i);
      }
      prefetcher = new Prefetcher(64 << 20, () -> 10_000, key -> key.high() % 3 == 0, 1);
    }
  }

  @State(Scope.Thread)
  public static class Caller {
    private final SplittableRandom random = new SplittableRandom(System.identityHashCode(this));
    private int key;
    private long session;

    @Setup
    public void number(Shared shared) {
      session = shared.sessions ? shared.threads.incrementAndGet() : Prefetcher.NO_SESSION;
    }

    int next() {
      key = random.nextInt(5) == 0 ? random.nextInt(KEYS) : (key + 1) % KEYS;
      return key;
    }
  }

  /** {@return what a caller finds in a map, to compare with} */
  @Benchmark
  @Threads(1)
  public Integer lookupByOneThread(Shared shared, Caller caller) {
    return shared.map.get(shared.keys[caller.next()]);
  }

  @Benchmark
  @Threads(1)
  public List<Candidate> oneThread(Shared shared, Caller caller) {
    return observe(shared, caller);
  }

  @Benchmark
  @Threads(8)
  public List<Candidate> eightThreads(Shared shared, Caller caller) {
    return observe(shared, caller);
  }

  private static List<Candidate> observe(Shared shared, Caller caller) {
    CacheKey key = shared.keys[caller.next()];
    return shared.prefetcher.observe(caller.session, key, shared.request, true);
  }
}
