package io.fairlead.stateful;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/**
 * What the cache of a container did since it was deployed or attached by this platform object.
 *
 * @param answers the number of answers by their source
 * @param modelCalls the number of calls of the model, those ahead of requests and for warm-up and importance included
 * @param coalesced the number of requests that waited for an equal one instead of asking the model
 * @param failures the number of requests that failed
 * @param bypassed the number of requests that passed the cache by: because it does not pay, because they asked for it,
 *     or because the answer may not be kept
 * @param saved the model's time that answers from the cache saved at least: for each what it took when it was computed, or
 *     what a call takes these days, whichever is less
 * @param entries the number of answers in the cache now
 * @param bytes the accounted bytes of the cache now
 * @param prefetch what was computed ahead of requests
 */
public record CacheStatistics(
    Map<CacheAnswer.Source, Long> answers,
    long modelCalls,
    long coalesced,
    long failures,
    long bypassed,
    Duration saved,
    long entries,
    long bytes,
    Prefetch prefetch) {
  /**
   * What was computed ahead of requests.
   *
   * @param issued the number of answers that were computed ahead
   * @param used the number of those that a request asked for later
   * @param wasted the number of those that none asked for in time
   */
  public record Prefetch(long issued, long used, long wasted) {}

  public CacheStatistics {
    answers = Map.copyOf(new EnumMap<>(answers));
    requireNonNull(saved, "saved");
    requireNonNull(prefetch, "prefetch");
  }

  /**
   * {@return what the cache did since an earlier look; the entries and bytes are those of now}
   *
   * @param earlier what it had done then
   */
  public CacheStatistics since(CacheStatistics earlier) {
    Map<CacheAnswer.Source, Long> fewer = new EnumMap<>(answers);
    fewer.replaceAll((source, count) -> count - earlier.from(source));
    return new CacheStatistics(
        fewer,
        modelCalls - earlier.modelCalls,
        coalesced - earlier.coalesced,
        failures - earlier.failures,
        bypassed - earlier.bypassed,
        saved.minus(earlier.saved),
        entries,
        bytes,
        new Prefetch(
            prefetch.issued - earlier.prefetch.issued,
            prefetch.used - earlier.prefetch.used,
            prefetch.wasted - earlier.prefetch.wasted));
  }

  /** {@return the number of answers from a source} */
  public long from(CacheAnswer.Source source) {
    return answers.getOrDefault(source, 0L);
  }

  /** {@return the share of answers from the cache, from 0 to 1; 0 if there were none. One that came with an equal request's is
   * the model's} */
  public double hitRatio() {
    long all = answers.values().stream().mapToLong(Long::longValue).sum();
    return all == 0 ? 0 : (double) (all - from(CacheAnswer.Source.MODEL)) / all;
  }
}
