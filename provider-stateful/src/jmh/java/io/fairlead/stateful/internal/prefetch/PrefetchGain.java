package io.fairlead.stateful.internal.prefetch;

import io.fairlead.stateful.internal.cache.CacheKey;
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
 * <p>Arguments: the share of the unique keys that the cache holds in percent (5); the bytes of an answer, of which then
 * an eighth of the cache is taken off for the prefetcher (without, or 0, the prefetcher knows all requests and takes
 * nothing off the cache); and names of traces (all).
 */
final class PrefetchGain {
  private static final byte[] BODY = new byte[64];
  private static final RetainedRequest REQUEST = new RetainedRequest("", "", BODY);
  private static final int BYTES_PER_ENTRY = 144;
  private static final long BYTES_PER_KNOWN_REQUEST = 300;

  private PrefetchGain() {}

  public static void main(String[] arguments) throws IOException {
    double share = (arguments.length > 0 ? Double.parseDouble(arguments[0]) : 5) / 100;
    int answerBytes = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 0;
    List<String> names = arguments.length > 2
        ? Arrays.asList(arguments).subList(2, arguments.length)
        : KeyTrace.names();
    if (names.isEmpty()) {
      System.out.println("There are no traces in " + KeyTrace.folder().toAbsolutePath());
    }
    for (String name : names) {
      KeyTrace trace = KeyTrace.read(name);
      print(trace, share, answerBytes);
      if (trace.hasSessions()) {
        print(trace.withoutSessions(), share, answerBytes);
      }
    }
  }

  private static void print(KeyTrace trace, double share, int answerBytes) {
    int capacity = Math.max(1, (int) (trace.uniqueKeys() * share));
    int hits = hits(trace, capacity);
    long bytes = trace.uniqueKeys() * BYTES_PER_KNOWN_REQUEST;
    if (answerBytes > 0) {
      long cacheBytes = (long) capacity * (answerBytes + BYTES_PER_ENTRY);
      bytes = cacheBytes / 8;
      capacity = (int) ((cacheBytes - bytes) / (answerBytes + BYTES_PER_ENTRY));
    }
    Lru lru = new Lru(capacity);
    Prefetcher prefetcher =
        new Prefetcher(Math.max(Prefetcher.MINIMUM_BYTES, bytes), lru::size, lru::containsKey, 1);
    int hitsWithPrefetches = 0;
    for (int request = 0; request < trace.length(); request++) {
      CacheKey key = trace.key(request);
      boolean hit = lru.get(key) != null;
      if (hit) {
        hitsWithPrefetches++;
      } else {
        lru.put(key, true);
      }
      for (Candidate candidate : prefetcher.observe(trace.session(request), key, REQUEST, hit)) {
        lru.put(candidate.key(), true);
      }
    }
    PrefetchStatistics statistics = prefetcher.statistics();
    int gained = hitsWithPrefetches - hits;
    double hundredth = trace.length() / 100.0;
    System.out.printf(
        "%-33s %2.0f %% LRU %5.2f %%, gained %+6.2f points, extra inferences %+6.2f per 100, precision %.2f, %,7d KB%n",
        trace,
        share * 100,
        hits / hundredth,
        gained / hundredth,
        (statistics.issued() - gained) / hundredth,
        statistics.precision(),
        prefetcher.bytes() >> 10);
  }

  private static int hits(KeyTrace trace, int capacity) {
    Lru lru = new Lru(capacity);
    int hits = 0;
    for (int request = 0; request < trace.length(); request++) {
      if (lru.get(trace.key(request)) != null) {
        hits++;
      } else {
        lru.put(trace.key(request), true);
      }
    }
    return hits;
  }

  /** The keys of the least recently used cache with so many entries. */
  @SuppressWarnings("serial") // never serialised
  private static final class Lru extends LinkedHashMap<CacheKey, Boolean> {
    private final int capacity;

    Lru(int capacity) {
      super(16, 0.75f, true);
      this.capacity = capacity;
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<CacheKey, Boolean> eldest) {
      return size() > capacity;
    }
  }
}
