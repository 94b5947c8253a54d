package io.fairlead.stateful.internal.cache;

import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Measures what a new version's empty store hits after the best half of the old version's answers has been asked again.
 *
 * <p>Each recorded trace is cut at up to seven places. At each, the next requests, as many as the store has entries, go to
 * the store as it is, to an empty one, and to one with the best half.
 */
final class WarmUp {
  private static final int[] PERCENTS = {1, 5, 20};
  private static final int CUTS = 7;
  private static final TuningListener NOBODY = change -> {};

  private WarmUp() {}

  public static void main(String[] arguments) {
    List<Trace> traces = Trace.recorded();
    for (Eviction eviction : List.of(Eviction.LRU, Eviction.W_TINYLFU, Eviction.COST_AWARE)) {
      for (boolean tuned :
          eviction == Eviction.COST_AWARE ? new boolean[] {false} : new boolean[] {false, true}) {
        for (int percent : PERCENTS) {
          measure(traces, percent, eviction, tuned);
        }
      }
    }
  }

  private static void measure(List<Trace> traces, int percent, Eviction eviction, boolean tuned) {
    System.out.printf(
        "%s%s, %d %%: steady, cold, warmed%n", eviction, tuned ? ", tuned" : "", percent);
    double sum = 0;
    double least = Double.MAX_VALUE;
    for (Trace trace : traces) {
      long[] hits = hits(trace, percent, eviction, tuned);
      double part = (double) hits[2] / hits[0];
      System.out.printf(
          "  %-24s %5.1f %5.1f %5.1f  %.3f%n",
          trace.name,
          100.0 * hits[0] / hits[3],
          100.0 * hits[1] / hits[3],
          100.0 * hits[2] / hits[3],
          part);
      sum += part;
      least = Math.min(least, part);
    }
    System.out.printf("  mean %.3f, least %.3f%n", sum / traces.size(), least);
  }

  private static long[] hits(Trace trace, int percent, Eviction eviction, boolean tuned) {
    int capacity = Math.max(1, trace.unique * percent / 100);
    long bytes = capacity * Answers.bytesIn(it -> AnswerStores.of(eviction, it, tuned, NOBODY));
    int most = trace.keys.length;
    CacheKey[] keys = trace.cacheKeys();
    CacheKey[] nextKeys = new CacheKey[keys.length];
    Map<CacheKey, CacheKey> next = new HashMap<>();
    for (int i = 0; i < keys.length; i++) {
      nextKeys[i] = new CacheKey(~keys[i].high(), Long.rotateLeft(keys[i].low(), 32));
      next.put(keys[i], nextKeys[i]);
    }
    long[] hits = new long[4];
    int free = 0;
    for (int cut = 1; cut <= CUTS; cut++) {
      int from = (int) ((long) most * cut / (CUTS + 1));
      if (from < free) {
        continue;
      }
      free = Math.min(most, from + capacity);
      AnswerStore steady = AnswerStores.of(eviction, bytes, tuned, NOBODY);
      replay(trace, keys, 0, from, steady);
      hits[0] += replay(trace, keys, from, free, steady);
      hits[1] += replay(trace, keys, from, free, AnswerStores.of(eviction, bytes, tuned, NOBODY));
      AnswerStore warmed = AnswerStores.of(eviction, bytes, tuned, NOBODY);
      replay(trace, keys, 0, from, warmed);
      warmUp(warmed, next);
      hits[2] += replay(trace, nextKeys, from, free, warmed);
      hits[3] += free - from;
    }
    return hits;
  }

  /** Room for the new version's answers is made first; what is left of the old one's goes when the new one is there. */
  private static void warmUp(AnswerStore store, Map<CacheKey, CacheKey> next) {
    List<Entry> best = new ArrayList<>(store.best((int) (store.size() / 2)));
    List<CacheKey> old = new ArrayList<>();
    store.forEach((key, answer) -> old.add(key));
    Collections.reverse(best);
    Set<CacheKey> kept = best.stream().map(Entry::key).collect(Collectors.toSet());
    old.stream().filter(key -> !kept.contains(key)).forEach(store::remove);
    best.forEach(entry -> store.put(next.get(entry.key()), entry.answer()));
    kept.forEach(store::remove);
  }

  private static long replay(Trace trace, CacheKey[] keys, int from, int to, AnswerStore store) {
    CachedAnswer answer = Answers.ofBytes(16);
    long hits = 0;
    for (int i = from; i < to; i++) {
      CacheKey key = keys[trace.keys[i]];
      if (store.get(key) != null) {
        hits++;
      } else {
        store.put(key, answer);
      }
    }
    return hits;
  }
}
