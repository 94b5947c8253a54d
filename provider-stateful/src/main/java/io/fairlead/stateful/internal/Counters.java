package io.fairlead.stateful.internal;

import static java.util.Objects.requireNonNull;

import io.fairlead.stateful.CacheAnswer.Source;
import io.fairlead.stateful.CacheStatistics;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** The counters of one container. */
final class Counters {
  private final Map<Source, LongAdder> answers = new EnumMap<>(Source.class);
  final LongAdder modelCalls = new LongAdder();
  final LongAdder coalesced = new LongAdder();
  final LongAdder failures = new LongAdder();
  final LongAdder bypassed = new LongAdder();
  private final LongAdder savedNanos = new LongAdder();

  Counters() {
    for (Source source : Source.values()) {
      answers.put(source, new LongAdder());
    }
  }

  private LongAdder of(Source source) {
    return requireNonNull(answers.get(source));
  }

  /** Counts an answer of the model. */
  void answered() {
    of(Source.MODEL).increment();
  }

  /** Counts an answer that did not take the model's time. */
  void saved(Source source, long costNanos) {
    of(source).increment();
    savedNanos.add(costNanos);
  }

  CacheStatistics now(long entries, long bytes, CacheStatistics.Prefetch prefetch) {
    Map<Source, Long> bySource = new EnumMap<>(Source.class);
    for (Source source : Source.values()) {
      bySource.put(source, of(source).sum());
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
