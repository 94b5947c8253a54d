package io.fairlead.stateful.internal.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.fairlead.grammar.CachingPolicy.Eviction;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongFunction;

/**
 * Measures the hit ratios of the stores beside a reference LRU, Caffeine itself with and without weights, and the optimum that knows the future.
 *
 * <p>Prints a line for each recorded trace and each size of 1, 5 and 20 % of its keys, then for generated streams, then for
 * answers of sizes that vary widely.
 */
final class HitRatios {
  private static final int[] PERCENTS = {1, 5, 20};
  private static final int[] CAPACITIES = {50, 300, 3000};
  private static final double[] BYTE_SHARES = {0.001, 0.01, 0.05, 0.2};
  private static final int ENTRY_BYTES = 16;
  private static final int WEIGHT = 200;
  private static final TuningListener NOBODY = change -> {};
  private static final String[] COLUMNS = {
    "LRU", "Caffeine", "weighed", "LruStore", "CaffStore", "tunedLRU", "tunedTinyLFU"
  };

  private HitRatios() {}

  /** Runs it; the first argument is a regular expression of the names of traces, if there is one. */
  public static void main(String[] arguments) {
    String names = arguments.length == 0 ? ".*" : arguments[0];
    Table recorded = new Table();
    for (Trace trace : Trace.recorded()) {
      if (trace.name.matches(names)) {
        for (int percent : PERCENTS) {
          recorded.add(trace, Math.max(1, trace.unique * percent / 100));
        }
      }
    }
    recorded.summary();
    Table generated = new Table();
    for (int capacity : CAPACITIES) {
      for (Trace trace : GeneratedTraces.of(capacity)) {
        if (trace.name.matches(names)) {
          generated.add(trace, capacity);
        }
      }
    }
    generated.summary();
    varyingSizes();
  }

  private static final class Table {
    private final double[] sharesOfOptimum = new double[COLUMNS.length];
    private final double[] worst = new double[COLUMNS.length];
    private int rows;

    Table() {
      System.out.printf("%-32s %7s", "trace", "entries");
      for (String column : COLUMNS) {
        System.out.printf(" %12s", column);
      }
      System.out.printf(" %12s%n", "optimum");
    }

    void add(Trace trace, int capacity) {
      double[] ratios = {
        lru(trace, capacity),
        caffeine(trace, Caffeine.newBuilder().maximumSize(capacity)),
        caffeine(
            trace,
            Caffeine.newBuilder()
                .maximumWeight((long) capacity * WEIGHT)
                .weigher((CacheKey key, Boolean value) -> WEIGHT)),
        store(trace, capacity, bytes -> AnswerStores.of(Eviction.LRU, bytes, false, NOBODY)),
        store(trace, capacity, bytes -> AnswerStores.of(Eviction.W_TINYLFU, bytes, false, NOBODY)),
        store(trace, capacity, bytes -> AnswerStores.of(Eviction.LRU, bytes, true, NOBODY)),
        store(trace, capacity, bytes -> AnswerStores.of(Eviction.W_TINYLFU, bytes, true, NOBODY))
      };
      double optimum = trace.optimum(capacity);
      System.out.printf("%-32s %7d", trace.name, capacity);
      for (int i = 0; i < ratios.length; i++) {
        System.out.printf(" %12.2f", 100 * ratios[i]);
        sharesOfOptimum[i] += ratios[i] / optimum;
        worst[i] =
            Math.min(worst[i], ratios[i] - Math.max(Math.max(ratios[0], ratios[1]), ratios[2]));
      }
      System.out.printf(" %12.2f%n", 100 * optimum);
      rows++;
    }

    void summary() {
      if (rows > 0) {
        System.out.printf("%-40s", "mean share of the optimum");
        for (double sum : sharesOfOptimum) {
          System.out.printf(" %12.4f", sum / rows);
        }
        System.out.printf("%n%-40s", "worst points to max(LRU, both Caffeines)");
        for (double points : worst) {
          System.out.printf(" %12.2f", 100 * points);
        }
        System.out.printf("%n%n");
      }
    }
  }

  private static double store(
      Trace trace, int capacity, LongFunction<? extends AnswerStore> opener) {
    CacheKey[] keys = trace.cacheKeys();
    AnswerStore store = opener.apply(capacity * Answers.bytesIn(opener));
    CachedAnswer answer = Answers.ofBytes(ENTRY_BYTES);
    int hits = 0;
    for (int key : trace.keys) {
      if (store.get(keys[key]) != null) {
        hits++;
      } else {
        store.put(keys[key], answer);
      }
    }
    return (double) hits / trace.keys.length;
  }

  private static double lru(Trace trace, int capacity) {
    Map<Integer, Boolean> resident = new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<Integer, Boolean> eldest) {
        return size() > capacity;
      }
    };
    int hits = 0;
    for (int key : trace.keys) {
      if (resident.get(key) != null) {
        hits++;
      } else {
        resident.put(key, true);
      }
    }
    return (double) hits / trace.keys.length;
  }

  private static double caffeine(Trace trace, Caffeine<? super CacheKey, ? super Boolean> builder) {
    CacheKey[] keys = trace.cacheKeys();
    Cache<CacheKey, Boolean> cache = builder.executor(Runnable::run).build();
    int hits = 0;
    for (int key : trace.keys) {
      if (cache.getIfPresent(keys[key]) != null) {
        hits++;
      } else {
        cache.put(keys[key], true);
      }
    }
    return (double) hits / trace.keys.length;
  }

  /** Objects as a content delivery network's: popularity of Zipf 0.9, sizes of a log-normal distribution, one cost. */
  private static void varyingSizes() {
    int objects = 50_000;
    SplittableRandom random = new SplittableRandom(1);
    int[] sizes = new int[objects];
    long all = 0;
    for (int i = 0; i < objects; i++) {
      sizes[i] = (int) Math.min(4 << 20, Math.exp(8 + 1.8 * normal(random)));
      all += sizes[i];
    }
    Trace trace = GeneratedTraces.of(objects / 20).stream()
        .filter(candidate -> candidate.name.equals("Zipf 0.9 with drift"))
        .findAny()
        .orElseThrow();
    System.out.printf(
        "objects of 3 KB in the median, 15 KB in the mean: hits of objects/bytes%n%-10s", "bytes");
    for (Eviction eviction : List.of(Eviction.LRU, Eviction.W_TINYLFU, Eviction.COST_AWARE)) {
      System.out.printf(" %14s", eviction);
    }
    System.out.println();
    for (double share : BYTE_SHARES) {
      System.out.printf("%9.1f%%", 100 * share);
      for (Eviction eviction : List.of(Eviction.LRU, Eviction.W_TINYLFU, Eviction.COST_AWARE)) {
        AnswerStore store = AnswerStores.of(eviction, (long) (share * all), false, NOBODY);
        long hits = 0;
        long hitBytes = 0;
        long bytes = 0;
        for (int key : trace.keys) {
          bytes += sizes[key];
          if (store.get(Answers.key(key)) != null) {
            hits++;
            hitBytes += sizes[key];
          } else {
            store.put(Answers.key(key), Answers.ofBytes(sizes[key]));
          }
        }
        System.out.printf(
            "   %5.1f /%5.1f", 100.0 * hits / trace.keys.length, 100.0 * hitBytes / bytes);
      }
      System.out.println();
    }
  }

  /** {@return a standard normal number, by Box and Muller's method} */
  private static double normal(SplittableRandom random) {
    return Math.sqrt(-2 * Math.log(1 - random.nextDouble()))
        * Math.cos(2 * Math.PI * random.nextDouble());
  }
}
