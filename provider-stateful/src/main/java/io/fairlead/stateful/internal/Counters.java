package io.fairlead.stateful.internal;

import io.fairlead.stateful.CacheAnswer.Source;
import io.fairlead.stateful.CacheStatistics;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** The counters of one container. */
final class Counters {
  /** By the ordinal of their source. */
  private final LongAdder[] answers = new LongAdder[Source.values().length];

  final LongAdder modelCalls = new LongAdder();
  final LongAdder coalesced = new LongAdder();
  final LongAdder failures = new LongAdder();
  final LongAdder bypassed = new LongAdder();
  private final LongAdder savedNanos = new LongAdder();

  Counters() {
    Arrays.setAll(answers, source -> new LongAdder());
  }

  /** Counts an answer of the model. */
  void answered() {
    answers[Source.MODEL.ordinal()].increment();
  }

  /** Counts an answer that did not take the model's time. */
  void saved(Source source, long costNanos) {
    answers[source.ordinal()].increment();
    savedNanos.add(costNanos);
  }

  CacheStatistics now(long entries, long bytes, CacheStatistics.Prefetch prefetch) {
    Map<Source, Long> bySource = new EnumMap<>(Source.class);
    for (Source source : Source.values()) {
      bySource.put(source, answers[source.ordinal()].sum());
    }
    return new CacheStatistics(
        bySource,
        modelCalls.sum(),
        coalesced.sum(),
        failures.sum(),
        bypassed.sum(),
        Duration.ofNanos(savedNanos.sum()),
        entries,
        bytes,
        prefetch);
  }
}
