package io.fairlead.stateful.internal;

import io.fairlead.platform.Request;
import io.fairlead.stateful.CacheStatistics;
import io.fairlead.stateful.StatefulRequest;
import io.fairlead.stateful.Successors;
import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import io.fairlead.stateful.internal.prefetch.Candidate;
import io.fairlead.stateful.internal.prefetch.PrefetchStatistics;
import io.fairlead.stateful.internal.prefetch.Prefetcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is computed ahead of requests: who says what may come next, and when a model has time for it. */
final class Prefetching {
  private static final Logger log = LoggerFactory.getLogger(Prefetching.class);

  private final String container;
  private final Prefetcher prefetcher;
  private final Optional<Successors> successors;
  private final SpareCalls spare;
  private final CallsInProgress calls;

  Prefetching(
      String container,
      Prefetcher prefetcher,
      Optional<Successors> successors,
      SpareCalls spare,
      CallsInProgress calls) {
    this.container = container;
    this.prefetcher = prefetcher;
    this.successors = successors;
    this.spare = spare;
    this.calls = calls;
  }

  /** Computes the answer to a request ahead of it, or throws. */
  @FunctionalInterface
  interface Computing {
    /** Computes it. */
    void compute(Candidate candidate);
  }

  /**
   * Learns from a request that was answered, and has computed what may come next.
   *
   * @param retained what is kept of the request; null if nothing may be
   * @param hit whether the answer was there
   * @param key the key of a request in the same scope
   */
  void answered(
      Request request,
      CacheKey its,
      StatefulRequest how,
      @Nullable RetainedRequest retained,
      boolean hit,
      Function<Request, CacheKey> key,
      Computing computing) {
    String scope = how.scope().orElse("");
    long session = how.session().isPresent()
        ? RequestKeys.session(scope, how.session().get())
        : Prefetcher.NO_SESSION;
    List<Candidate> candidates = prefetcher.observe(session, its, retained, hit);
    if (successors.isPresent()) {
      candidates = told(successors.get(), request, scope, key);
    }
    for (Candidate candidate : candidates) {
      spare.offer(
          calls, () -> computing.compute(candidate), () -> prefetcher.abandon(candidate.key()));
    }
  }

  private List<Candidate> told(
      Successors after, Request request, String scope, Function<Request, CacheKey> key) {
    try {
      List<Candidate> told = new ArrayList<>();
      for (Request next : after.after(request)) {
        told.add(new Candidate(
            key.apply(next),
            new RetainedRequest(scope, RequestKeys.kind(next), next.bodyUnsafe())));
      }
      return prefetcher.explicit(told);
    } catch (RuntimeException | Error e) {
      log.warn("The successors of a request to {} were not told", container, e);
      return List.of();
    }
  }

  CacheStatistics.Prefetch statistics() {
    PrefetchStatistics told = prefetcher.statistics();
    return new CacheStatistics.Prefetch(told.issued(), told.used(), told.wasted());
  }
}
