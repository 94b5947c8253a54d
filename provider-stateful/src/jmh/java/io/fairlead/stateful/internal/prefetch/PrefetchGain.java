package io.fairlead.stateful.internal.prefetch;

import io.fairlead.grammar.CachingPolicy;
import io.fairlead.stateful.internal.cache.AnswerStore;
import io.fairlead.stateful.internal.cache.AnswerStores;
import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A main that replays traces of keys through a cache with and without prefetching, and prints the hit ratios and the
 * extra inferences. A prefetch is one inference, and is complete before the next request.
 *
 * <p>Arguments: the share of the unique keys that the cache holds in percent (5); the cache: {@code reference}, an LRU of
 * so many entries, {@code LRU}, {@code W_TINYLFU} or {@code TUNED} (reference); the bytes of an answer, of which then an
 * eighth of the cache is taken off for the prefetcher (0: the prefetcher knows all requests and takes nothing off the
 * cache); and names of traces (all).
 */
final class PrefetchGain {
  private static final RetainedRequest REQUEST = new RetainedRequest("", "", new byte[64]);
  private static final CachedAnswer ANSWER =
      new CachedAnswer(new byte[256], "text/plain", null, "digest", 0, 1, null);
  private static final int BYTES_PER_ENTRY = 144;
  private static final long BYTES_PER_KNOWN_REQUEST = 300;

  private PrefetchGain() {}

  public static void main(String[] arguments) throws IOException {
    double share = (arguments.length > 0 ? Double.parseDouble(arguments[0]) : 5) / 100;
    String policy = arguments.length > 1 ? arguments[1] : "reference";
    int answerBytes = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 0;
    List<String> names = arguments.length > 3
        ? Arrays.asList(arguments).subList(3, arguments.length)
        : KeyTrace.names();
    if (names.isEmpty()) {
      System.out.println("There are no traces in " + KeyTrace.folder().toAbsolutePath());
    }
    for (String name : names) {
      KeyTrace trace = KeyTrace.read(name);
      print(trace, share, policy, answerBytes);
      if (trace.hasSessions()) {
        print(trace.withoutSessions(), share, policy, answerBytes);
      }
    }
  }

  private static void print(KeyTrace trace, double share, String policy, int answerBytes) {
    int capacity = Math.max(1, (int) (trace.uniqueKeys() * share));
    int hits = hits(trace, cache(policy, capacity));
    long bytes = trace.uniqueKeys() * BYTES_PER_KNOWN_REQUEST;
    if (answerBytes > 0) {
      long cacheBytes = (long) capacity * (answerBytes + BYTES_PER_ENTRY);
      bytes = cacheBytes / 8;
      capacity = (int) ((cacheBytes - bytes) / (answerBytes + BYTES_PER_ENTRY));
    }
    Cache cache = cache(policy, capacity);
    Prefetcher prefetcher =
        new Prefetcher(Math.max(Prefetcher.MINIMUM_BYTES, bytes), cache::size, cache::contains, 1);
    int hitsWithPrefetches = 0;
    for (int request = 0; request < trace.length(); request++) {
      CacheKey key = trace.key(request);
      boolean hit = cache.hit(key);
      if (hit) {
        hitsWithPrefetches++;
      } else {
        cache.put(key);
      }
      for (Candidate candidate : prefetcher.observe(trace.session(request), key, REQUEST, hit)) {
        cache.put(candidate.key());
      }
    }
    PrefetchStatistics statistics = prefetcher.statistics();
    int gained = hitsWithPrefetches - hits;
    double hundredth = trace.length() / 100.0;
    System.out.printf(
        "%-34s %2.0f %% %s %5.2f %%, gained %+6.2f points, extra inferences %+6.2f per 100, precision %.2f, %,7d KB%n",
        trace,
        share * 100,
        policy,
        hits / hundredth,
        gained / hundredth,
        (statistics.issued() - gained) / hundredth,
        statistics.precision(),
        prefetcher.bytes() >> 10);
  }

  private static int hits(KeyTrace trace, Cache cache) {
    int hits = 0;
    for (int request = 0; request < trace.length(); request++) {
      if (cache.hit(trace.key(request))) {
        hits++;
      } else {
        cache.put(trace.key(request));
      }
    }
    return hits;
  }

  private static Cache cache(String policy, int capacity) {
    return switch (policy) {
      case "reference" -> new ReferenceLru(capacity);
      case "TUNED" -> new StoreCache(CachingPolicy.Eviction.LRU, true, capacity);
      default -> new StoreCache(CachingPolicy.Eviction.valueOf(policy), false, capacity);
    };
  }

  /** What is measured of a cache: which keys are in it. */
  private interface Cache {
    /** {@return whether the key is there, which counts as a use} */
    boolean hit(CacheKey key);

    boolean contains(CacheKey key);

    void put(CacheKey key);

    long size();
  }

  /** An exact LRU. */
  private static final class ReferenceLru implements Cache {
    private final Map<CacheKey, Boolean> keys;

    @SuppressWarnings("serial") // never serialised
    ReferenceLru(int capacity) {
      keys = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<CacheKey, Boolean> eldest) {
          return size() > capacity;
        }
      };
    }

    @Override
    public boolean hit(CacheKey key) {
      return keys.get(key) != null;
    }

    @Override
    public boolean contains(CacheKey key) {
      return keys.containsKey(key);
    }

    @Override
    public void put(CacheKey key) {
      keys.put(key, true);
    }

    @Override
    public long size() {
      return keys.size();
    }
  }

  /** A store of answers of one size. */
  private static final class StoreCache implements Cache {
    private final AnswerStore store;

    StoreCache(CachingPolicy.Eviction eviction, boolean tuned, int capacity) {
      AnswerStore measured = AnswerStores.of(eviction, 1 << 20, false, change -> {});
      measured.put(new CacheKey(1, 1), ANSWER);
      store = AnswerStores.of(eviction, measured.bytes() * capacity, tuned, change -> {});
    }

    @Override
    public boolean hit(CacheKey key) {
      return store.get(key) != null;
    }

    @Override
    public boolean contains(CacheKey key) {
      return store.contains(key);
    }

    @Override
    public void put(CacheKey key) {
      store.put(key, ANSWER);
    }

    @Override
    public long size() {
      return store.size();
    }
  }
}
