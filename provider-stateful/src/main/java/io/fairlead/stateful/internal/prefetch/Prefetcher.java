package io.fairlead.stateful.internal.prefetch;

import static java.util.Objects.requireNonNull;

import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import io.fairlead.stateful.internal.prefetch.SuccessorModel.Successor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the answers to compute before they are asked for: it learns which request follows which, and hands out those
 * that are likely, known, not cached, and of a kind that has been used before. It runs no model.
 *
 * <p>What it hands out is either computed and put into the cache, or {@linkplain #abandon abandoned}. Whether it was worth
 * it is seen by the requests that follow: one that is answered from the cache within a horizon was used. The horizon is as
 * many requests as there are answers in the cache, for about so long one is kept.
 *
 * <p>Safe for concurrent use; nothing waits but for short updates of other threads.
 */
public final class Prefetcher {
  /** The session of requests that have none: together they are one sequence. */
  public static final long NO_SESSION = SuccessorModel.NO_SESSION;

  /** The fewest bytes that it can work with. */
  public static final long MINIMUM_BYTES = 64 << 10;

  private static final long MOST_OUTSTANDING_BYTES = 1 << 20;

  private final SuccessorModel model;
  private final RequestLog log;
  private final OutstandingPrefetches outstanding;
  private final PrefetchGate gate;
  private final LongSupplier residents;
  private final Predicate<? super CacheKey> cached;

  private final AtomicInteger requests = new AtomicInteger();
  private final LongAdder issued = new LongAdder();
  private final LongAdder used = new LongAdder();
  private final LongAdder abandoned = new LongAdder();

  /**
   * Creates a prefetcher, which takes a quarter of its bytes at once and the rest for requests as they come.
   *
   * @param maximumBytes the most bytes that it takes on the heap, at least {@link #MINIMUM_BYTES}
   * @param residents how many answers are cached
   * @param cached whether an answer is cached, or being computed
   * @param seed of the choice of what a closed gate lets through
   */
  public Prefetcher(
      long maximumBytes, LongSupplier residents, Predicate<? super CacheKey> cached, long seed) {
    if (maximumBytes < MINIMUM_BYTES) {
      throw new IllegalArgumentException(
          "maximumBytes must be at least " + MINIMUM_BYTES + ", was " + maximumBytes);
    }
    this.residents = requireNonNull(residents, "residents");
    this.cached = requireNonNull(cached, "cached");
    outstanding = new OutstandingPrefetches(Math.min(MOST_OUTSTANDING_BYTES, maximumBytes / 16));
    model = new SuccessorModel(maximumBytes / 4 - outstanding.bytes());
    log = new RequestLog(maximumBytes - outstanding.bytes() - model.bytes());
    gate = new PrefetchGate(seed);
  }

  /**
   * Learns from a request that was answered, and tells what to prefetch now.
   *
   * @param session a number of the session, or {@link #NO_SESSION}
   * @param request what to retain of it; null if requests are not retained, and then this key is never prefetched
   * @param hit whether the answer was there, or on its way, when the request came
   * @return at most two, which are not cached and not yet on their way
   */
  public List<Candidate> observe(
      long session, CacheKey key, @Nullable RetainedRequest request, boolean hit) {
    int now = requests.incrementAndGet();
    int horizon = horizon();
    long tag = TagTable.tag(key);
    int predictionClass = outstanding.take(tag, now, horizon);
    if (predictionClass >= 0) {
      if (hit) {
        used.increment();
        gate.credit(predictionClass);
      } else {
        outstanding.waste();
      }
    }
    long previous = model.advance(session, tag);
    if (previous != 0) {
      int learned = model.learn(previous, tag);
      if (request != null) {
        boolean worthwhile = (learned >= 0 && gate.isOpen(learned)) || isSampled(tag);
        log.retain(tag, key, request, worthwhile);
      }
    }
    List<Candidate> candidates = List.of();
    for (Successor successor : model.successors(tag)) {
      Candidate candidate = candidate(successor, now, horizon);
      if (candidate != null) {
        candidates =
            candidates.isEmpty() ? List.of(candidate) : List.of(candidates.get(0), candidate);
      }
    }
    return candidates;
  }

  /** {@return whether a key is of the sixteenth that is retained to see whether a closed gate should open} */
  private static boolean isSampled(long tag) {
    return (tag & 15) == 0;
  }

  private @Nullable Candidate candidate(Successor successor, int now, int horizon) {
    int predictionClass = PrefetchGate.classOf(successor.count(), successor.transitions());
    if (predictionClass < 0) {
      return null;
    }
    Candidate candidate = log.find(successor.key());
    return candidate != null && issue(candidate, successor.key(), predictionClass, now, horizon)
        ? candidate
        : null;
  }

  /** {@return those of the candidates, which the user's own function told, that are worth prefetching now} */
  public List<Candidate> explicit(List<Candidate> candidates) {
    int now = requests.get();
    int horizon = horizon();
    List<Candidate> worthwhile = new ArrayList<>(candidates.size());
    for (Candidate candidate : candidates) {
      if (issue(candidate, TagTable.tag(candidate.key()), PrefetchGate.EXPLICIT, now, horizon)) {
        worthwhile.add(candidate);
      }
    }
    return worthwhile;
  }

  private boolean issue(Candidate candidate, long tag, int predictionClass, int now, int horizon) {
    if (cached.test(candidate.key()) || !gate.admit(predictionClass)) {
      return false;
    }
    if (!outstanding.add(tag, predictionClass, now, horizon)) {
      gate.refund(predictionClass);
      return false;
    }
    issued.increment();
    return true;
  }

  /** Takes back a prefetch that was handed out and was not computed, or whose computation failed. */
  public void abandon(CacheKey key) {
    int predictionClass = outstanding.take(TagTable.tag(key), requests.get(), horizon());
    if (predictionClass >= 0) {
      gate.refund(predictionClass);
      issued.decrement();
      abandoned.increment();
    }
  }

  /** {@return what became of the prefetches until now} */
  public PrefetchStatistics statistics() {
    long wasted = outstanding.wasted(requests.get(), horizon());
    return new PrefetchStatistics(issued.sum(), used.sum(), wasted, abandoned.sum());
  }

  /** {@return what it takes on the heap} */
  public long bytes() {
    return model.bytes() + log.bytes() + outstanding.bytes();
  }

  private int horizon() {
    return (int) Math.min(Integer.MAX_VALUE / 2, Math.max(1, residents.getAsLong()));
  }
}
