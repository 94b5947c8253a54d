package io.fairlead.stateful.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.CachingPolicy;
import io.fairlead.grammar.ModelState;
import io.fairlead.grammar.RequestOptions;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Durations;
import io.fairlead.stateful.CacheAnswer;
import io.fairlead.stateful.CacheAnswer.Source;
import io.fairlead.stateful.CacheEvent;
import io.fairlead.stateful.CacheStatistics;
import io.fairlead.stateful.StatefulModel;
import io.fairlead.stateful.StatefulProvider;
import io.fairlead.stateful.StatefulRequest;
import io.fairlead.stateful.Successors;
import io.fairlead.stateful.internal.cache.AnswerStore;
import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import io.fairlead.stateful.internal.cache.AnswerStores;
import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import io.fairlead.stateful.internal.cache.TuningListener.WindowChange;
import io.fairlead.stateful.internal.features.FeatureCells;
import io.fairlead.stateful.internal.features.FeatureRow;
import io.fairlead.stateful.internal.prefetch.Candidate;
import io.fairlead.stateful.internal.prefetch.PrefetchStatistics;
import io.fairlead.stateful.internal.prefetch.Prefetcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cache of one container's answers, through which its requests go.
 *
 * <p>The caller's own thread asks the model: to hand a request to another would cost more than a small model. Equal
 * requests that come meanwhile wait for its answer; if the caller that asks runs out of time, one of them asks instead.
 */
final class AnswerCache {
  private static final Logger log = LoggerFactory.getLogger(AnswerCache.class);

  /** Of the bytes of a predictive cache, one in so many are for what predicts. */
  private static final int PREFETCHERS_SHARE = 8;

  /** The part of a request's time that is not worth a copy. */
  private static final int LITTLE = 256;

  private final String container;
  private final Host host;
  private final Versions versions;
  private final StateClock clock;
  private final Events events;
  private final SpareCalls spare;
  private final SecondLevel second;
  private final Optional<Successors> successors;
  private final boolean keysVerified;
  private final Counters counters = new Counters();
  private final CallsInProgress calls = new CallsInProgress();
  private final ConcurrentMap<CacheKey, CompletableFuture<CachedAnswer>> asked =
      new ConcurrentHashMap<>();
  private final Bypass bypass;
  private final Bypass secondBypass;
  private volatile Setup setup;

  /**
   * How answers are cached, which is replaced as a whole.
   *
   * @param store the store; null if nothing is cached
   * @param prefetcher tells what may come next; null if nothing is computed ahead of requests
   */
  private record Setup(
      CachingPolicy policy,
      ModelState.DynamicConfig dynamicConfig,
      StatefulModel model,
      @Nullable AnswerStore store,
      @Nullable Prefetcher prefetcher) {}

  /**
   * The place of a request's answer in the store.
   *
   * @param key its key
   * @param source what a hit by it is
   * @param maxError how far a hit may be from the model's own answer
   */
  private record Place(CacheKey key, Source source, double maxError) {}

  AnswerCache(
      String container,
      Host host,
      Versions versions,
      StateClock clock,
      Events events,
      SpareCalls spare,
      SecondLevel second,
      Optional<Successors> successors,
      boolean keysVerified) {
    this.container = container;
    this.host = host;
    this.versions = versions;
    this.clock = clock;
    this.events = events;
    this.spare = spare;
    this.second = second;
    this.successors = successors;
    this.keysVerified = keysVerified;
    this.bypass = new Bypass(
        (message, numbers) -> events.tell(container, CacheEvent.Kind.BYPASS, message, numbers));
    this.secondBypass = new Bypass((message, numbers) ->
        events.tell(container, CacheEvent.Kind.BYPASS, "second level: " + message, numbers));
    this.setup = new Setup(
        new CachingPolicy(CachingPolicy.Strategy.EXACT, 0, CachingPolicy.Eviction.LRU),
        ModelState.DynamicConfig.OFF,
        StatefulModel.UNKNOWN,
        null,
        null);
  }

  // ---- answering ----

  /** {@return the answer from the cache if it has it, and else from the model} */
  Response answer(Request request) {
    Setup now = setup;
    StatefulRequest how = how(request);
    try {
      return answer(now, request, how);
    } catch (ServingException e) {
      counters.failures.increment();
      throw e;
    }
  }

  private Response answer(Setup now, Request request, StatefulRequest how) {
    long begin = clock.nanos();
    if (now.store() == null || isForHost(request)) {
      return passBy(request);
    }
    Versions.Choice choice = versions.choose(request, request.timeout());
    if (choice == null) {
      return passBy(request);
    }
    try {
      return answer(now, now.store(), request, how, choice, begin);
    } catch (ServingException e) {
      boolean pinnedHere =
          request.variant().isEmpty() && choice.request().variant().isPresent();
      if (!pinnedHere || e.kind() != ErrorKind.UNSUPPORTED) {
        throw e;
      }
      versions.cannotPin();
      return passBy(request);
    }
  }

  private Response answer(
      Setup now,
      AnswerStore store,
      Request request,
      StatefulRequest how,
      Versions.Choice choice,
      long begin) {
    String scope = how.scope().orElse("");
    Place place = place(choice.version(), scope, request);
    if (bypass.passes(place.key())) {
      return passBy(choice, choice.request());
    }
    if (!how.noCache()) {
      CachedAnswer cached = find(store, place.key(), choice.version(), request);
      bypass.looked(cached != null);
      if (cached != null) {
        return hit(now, cached, place, choice, how, scope);
      }
    }
    if (how.noCache() || how.noStore()) {
      counters.bypassed.increment();
      Answered answered = ask(choice, remaining(request, begin));
      if (!how.noStore()) {
        keep(now, store, place.key(), scope, choice, answered);
      }
      return told(answered.response(), choice.version());
    }
    Response response = together(now, store, place, scope, choice, begin);
    observe(now, choice, place, how, scope, false);
    return response;
  }

  private Response hit(
      Setup now,
      CachedAnswer cached,
      Place place,
      Versions.Choice choice,
      StatefulRequest how,
      String scope) {
    Response response = response(cached, place, choice.request());
    observe(now, choice, place, how, scope, true);
    return response;
  }

  /** {@return where the answer to a request is: with those that the model cannot tell apart, if these are known} */
  private static Place place(Version version, String scope, Request request) {
    FeatureCells cells = version.cells();
    if (cells != null) {
      Optional<FeatureRow> row = FeatureRow.parse(request);
      Optional<byte[]> cell = row.isPresent() ? cells.cell(row.get()) : Optional.empty();
      if (cell.isPresent()) {
        return new Place(
            version.keys().cell(scope, cell.get()), Source.CACHE_CELL, cells.errorBound());
      }
    }
    return new Place(version.keys().exact(scope, request), Source.CACHE_EXACT, 0);
  }

  /** {@return the answer that the model gives to all who ask the same at this time} */
  private Response together(
      Setup now, AnswerStore store, Place place, String scope, Versions.Choice choice, long begin) {
    Request request = choice.request();
    while (true) {
      CompletableFuture<CachedAnswer> own = new CompletableFuture<>();
      CompletableFuture<CachedAnswer> others = asked.putIfAbsent(place.key(), own);
      if (others == null) {
        return lead(now, store, place, scope, choice, own, begin);
      }
      counters.coalesced.increment();
      CachedAnswer answer = await(others, request, begin);
      if (answer != null) {
        counters.answered();
        return response(answer, Source.MODEL, Duration.ZERO, place.maxError());
      }
      // Who asked ran out of its own time, not of this request's.
    }
  }

  private Response lead(
      Setup now,
      AnswerStore store,
      Place place,
      String scope,
      Versions.Choice choice,
      CompletableFuture<CachedAnswer> own,
      long begin) {
    CacheKey key = place.key();
    try {
      // The one who asked before may have kept its answer since this request looked.
      CachedAnswer cached =
          store.contains(key) ? find(store, key, choice.version(), choice.request()) : null;
      if (cached != null) {
        own.complete(cached);
        return response(cached, place, choice.request());
      }
      long beforeAsking = clock.nanos();
      CachedAnswer far = farther(key, choice.version());
      if (far != null) {
        CachedAnswer near = far.with(retained(now, choice, scope));
        store.put(key, near);
        own.complete(near);
        return response(near, new Place(key, Source.L2, place.maxError()), choice.request());
      }
      Answered answered = ask(choice, remaining(choice.request(), begin));
      long afterAnswer = clock.nanos();
      own.complete(keep(now, store, key, scope, choice, answered));
      bypass.lookup(beforeAsking - begin + clock.nanos() - afterAnswer);
      return told(answered.response(), choice.version());
    } catch (RuntimeException | Error e) {
      own.completeExceptionally(e);
      throw e;
    } finally {
      asked.remove(key, own);
    }
  }

  /** {@return the answer of the second level, if that is worth asking; null if there is none} */
  private @Nullable CachedAnswer farther(CacheKey key, Version version) {
    if (!second.isThere() || secondBypass.passes(key)) {
      return null;
    }
    long begin = clock.nanos();
    CachedAnswer found = second.find(key, version);
    secondBypass.lookup(clock.nanos() - begin);
    secondBypass.looked(found != null);
    return found;
  }

  /** {@return what another request was answered; null if that one had less time than this} */
  private @Nullable CachedAnswer await(
      CompletableFuture<CachedAnswer> other, Request request, long begin) {
    Duration left = remaining(request, begin).timeout();
    try {
      return other.get(Durations.nanos(left), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ServingException failure) {
        if (failure.kind() == ErrorKind.TIMEOUT || failure.kind() == ErrorKind.CANCELLED) {
          return null;
        }
        throw failure.withMessage(String.valueOf(failure.getMessage()), failure);
      }
      throw new ServingException(
          StatefulProvider.ID,
          ErrorKind.UNKNOWN,
          "container " + container + " failed for an equal request: " + e.getCause(),
          e);
    } catch (TimeoutException e) {
      throw timeout(request, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServingException(
          StatefulProvider.ID,
          ErrorKind.CANCELLED,
          "The thread that asked container " + container + " was interrupted.",
          e);
    }
  }

  private ServingException timeout(Request request, @Nullable Throwable cause) {
    return ServingException.builder(
            StatefulProvider.ID,
            ErrorKind.TIMEOUT,
            "container " + container + " did not answer within "
                + Durations.shown(request.timeout()) + ": allow it more time")
        .cause(cause)
        .build();
  }

  /** {@return the request with the time that is left; the same if hardly any has passed, because a copy costs time} */
  private Request remaining(Request request, long begin) {
    long passed = clock.nanos() - begin;
    if (passed < Durations.nanos(request.timeout()) / LITTLE) {
      return request;
    }
    Duration left = request.timeout().minusNanos(passed);
    if (left.isNegative() || left.isZero()) {
      throw timeout(request, null);
    }
    return request.withTimeout(left);
  }

  // ---- the model ----

  /**
   * An answer of the model.
   *
   * @param response the answer
   * @param costNanos how long it took
   */
  private record Answered(Response response, long costNanos) {}

  /** Asks the model, which counts as a call of its version. */
  private Answered ask(Versions.Choice choice, Request request) {
    CallsInProgress ofVersion = choice.version().calls();
    ofVersion.begin();
    calls.begin();
    counters.modelCalls.increment();
    long begin = clock.nanos();
    try {
      Response response = host.invoke(choice.version().served(), request);
      long cost = clock.nanos() - begin;
      bypass.model(cost);
      secondBypass.model(cost);
      return new Answered(response, cost);
    } catch (ServingException e) {
      throw own(e);
    } finally {
      calls.end();
      ofVersion.end();
    }
  }

  /** {@return the model's answer, whatever the cache has; it is not kept} */
  Response passBy(Request request) {
    counters.bypassed.increment();
    counters.modelCalls.increment();
    calls.begin();
    try {
      Response response = host.invoke(versions.served(), request);
      counters.answered();
      Version version = versions.of(response);
      return response.with(
          CacheAnswer.of(Source.MODEL, version == null ? "" : version.digest(), Duration.ZERO));
    } catch (ServingException e) {
      throw own(e);
    } finally {
      calls.end();
    }
  }

  private Response passBy(Versions.Choice choice, Request request) {
    counters.bypassed.increment();
    return told(ask(choice, request).response(), choice.version());
  }

  /** {@return a failure of the wrapped platform as one of this platform, with everything that it says} */
  static ServingException own(ServingException e) {
    return ServingException.builder(StatefulProvider.ID, e.kind(), String.valueOf(e.getMessage()))
        .retryable(e.retryable())
        .retryAfter(e.retryAfter().orElse(null))
        .requestId(e.requestId().orElse(null))
        .variant(e.variant().orElse(null))
        .cause(e)
        .build();
  }

  private Response told(Response response, Version version) {
    counters.answered();
    return response.with(CacheAnswer.of(Source.MODEL, version.digest(), Duration.ZERO));
  }

  // ---- the store ----

  private @Nullable CachedAnswer find(
      AnswerStore store, CacheKey key, Version version, Request request) {
    CachedAnswer cached = store.get(key);
    return cached != null && isAnswer(cached, version, request) ? cached : null;
  }

  /** {@return whether what was found is an answer to the request; a key is a hash, and a digest costs little to compare} */
  private boolean isAnswer(CachedAnswer cached, Version version, Request request) {
    if (!cached.modelDigest().equals(version.digest())) {
      return false;
    }
    RetainedRequest of = cached.request();
    return !keysVerified || of == null || isSame(of, version, request);
  }

  private static boolean isSame(RetainedRequest of, Version version, Request request) {
    if (of.contentType().equals(request.contentType())
        && Arrays.equals(of.body(), request.bodyUnsafe())) {
      return true;
    }
    FeatureCells cells = version.cells();
    if (cells == null) {
      return false;
    }
    Optional<byte[]> cell = FeatureRow.parse(request).flatMap(cells::cell);
    return cell.isPresent()
        && FeatureRow.parse(WarmUp.request(of))
            .flatMap(cells::cell)
            .filter(other -> Arrays.equals(cell.get(), other))
            .isPresent();
  }

  /** {@return the answer as it is kept; it is kept only if it is known to be of the version in its key} */
  private CachedAnswer keep(
      Setup now,
      AnswerStore store,
      CacheKey key,
      String scope,
      Versions.Choice choice,
      Answered answered) {
    Response response = answered.response();
    CachedAnswer answer =
        answer(choice.version(), response, answered.costNanos(), retained(now, choice, scope));
    if (versions.isOf(choice, response)) {
      store.put(key, answer);
      if (second.isThere() && !secondBypass.passes(key)) {
        second.add(key, answer);
      }
    }
    return answer;
  }

  private CachedAnswer answer(
      Version version, Response response, long costNanos, @Nullable RetainedRequest request) {
    return new CachedAnswer(
        response.bodyUnsafe(),
        version.shared(response.contentType()),
        version.variant(),
        version.digest(),
        clock.time().now().toEpochMilli(),
        costNanos,
        request);
  }

  /** {@return an answer from the store, which counts as one} */
  private Response response(CachedAnswer cached, Place place, Request request) {
    RetainedRequest of = cached.request();
    boolean same = place.source() != Source.CACHE_CELL
        || (of != null && Arrays.equals(of.body(), request.bodyUnsafe()));
    Source source =
        same && place.source() == Source.CACHE_CELL ? Source.CACHE_EXACT : place.source();
    counters.saved(source, cached.costNanos());
    long age = clock.time().now().toEpochMilli() - cached.answeredAtMillis();
    return response(
        cached,
        source,
        Duration.ofMillis(Math.max(0, age)),
        source == Source.CACHE_EXACT ? 0 : place.maxError());
  }

  private static Response response(
      CachedAnswer cached, Source source, Duration age, double maxError) {
    Response response = Response.ofUnsafe(cached.body(), cached.contentType());
    String variant = cached.variant();
    return (variant == null ? response : response.servedBy(variant))
        .with(new CacheAnswer(source, cached.modelDigest(), age, maxError, 0));
  }

  // ---- ahead of requests ----

  /** Learns from a request that was answered, and has computed what may come next. */
  private void observe(
      Setup now,
      Versions.Choice choice,
      Place place,
      StatefulRequest how,
      String scope,
      boolean hit) {
    Prefetcher prefetcher = now.prefetcher();
    if (prefetcher == null || how.noStore()) {
      return;
    }
    long session = how.session().isPresent()
        ? RequestKeys.session(scope, how.session().get())
        : Prefetcher.NO_SESSION;
    List<Candidate> candidates =
        prefetcher.observe(session, place.key(), retained(now, choice, scope), hit);
    if (successors.isPresent()) {
      candidates = explicit(prefetcher, choice, scope, successors.get());
    }
    for (Candidate candidate : candidates) {
      spare.offer(
          calls, () -> prefetch(now, choice, candidate), () -> prefetcher.abandon(candidate.key()));
    }
  }

  private List<Candidate> explicit(
      Prefetcher prefetcher, Versions.Choice choice, String scope, Successors after) {
    try {
      List<Candidate> known = new ArrayList<>();
      for (Request next : after.after(choice.request())) {
        known.add(new Candidate(
            place(choice.version(), scope, next).key(),
            new RetainedRequest(scope, next.contentType(), next.bodyUnsafe())));
      }
      return prefetcher.explicit(known);
    } catch (RuntimeException e) {
      log.warn("The successors of a request to {} were not told", container, e);
      return List.of();
    }
  }

  /** Asks the model ahead of a request; the version is the one by whose key it would be asked for. */
  private void prefetch(Setup now, Versions.Choice before, Candidate candidate) {
    AnswerStore store = now.store();
    Version version = before.version();
    Request request = WarmUp.request(candidate.request());
    Place place = place(version, candidate.request().scope(), request);
    Versions.Choice choice = versions.again(before, request);
    if (store == null || choice == null || !place.key().equals(candidate.key())) {
      throw new IllegalStateException("the version was replaced before it was asked");
    }
    CompletableFuture<CachedAnswer> own = new CompletableFuture<>();
    if (asked.putIfAbsent(place.key(), own) != null) {
      return;
    }
    try {
      own.complete(keep(
          now,
          store,
          place.key(),
          candidate.request().scope(),
          choice,
          ask(choice, choice.request())));
    } catch (RuntimeException | Error e) {
      own.completeExceptionally(e);
      throw e;
    } finally {
      asked.remove(place.key(), own);
    }
  }

  private @Nullable RetainedRequest retained(Setup now, Versions.Choice choice, String scope) {
    Request request = choice.request();
    return now.model().requestsRetained()
        ? new RetainedRequest(
            scope, choice.version().shared(request.contentType()), request.bodyUnsafe())
        : null;
  }

  /** {@return the answers that a new version is warmed up by, the best first: half of those that are there} */
  List<Entry> forWarmUp() {
    AnswerStore store = setup.store();
    return store == null ? List.of() : store.best((int) Math.min(1 << 30, store.size() / 2));
  }

  /**
   * {@return the answer of a version that does not serve yet, under its key}
   *
   * @param request a request that is pinned to it, where there are variants
   */
  Entry warmed(Version version, RetainedRequest retained, Request request) {
    counters.modelCalls.increment();
    long begin = clock.nanos();
    Response response = host.invoke(version.served(), request);
    CachedAnswer answer = answer(version, response, clock.nanos() - begin, retained);
    return new Entry(place(version, retained.scope(), request).key(), answer);
  }

  /** Adds answers, the last of which is the one that is used next. */
  void add(List<Entry> entries) {
    AnswerStore store = setup.store();
    if (store != null) {
      entries.forEach(entry -> store.put(entry.key(), entry.answer()));
    }
  }

  @Nullable
  AnswerStore store() {
    return setup.store();
  }

  // ---- what is asked of the cache itself ----

  /** Caches from now on as a policy says; what is in the cache stays as far as it fits. */
  void configure(
      CachingPolicy policy, ModelState.DynamicConfig dynamicConfig, StatefulModel model) {
    Setup before = setup;
    AnswerStore store = before.store();
    boolean cached = policy.cacheBytes() > 0 && model.deterministic();
    boolean predictive = cached
        && policy.strategy() == CachingPolicy.Strategy.PREDICTIVE
        && policy.cacheBytes() / PREFETCHERS_SHARE >= Prefetcher.MINIMUM_BYTES;
    boolean same = store != null
        && policy.strategy() == before.policy().strategy()
        && policy.cacheBytes() == before.policy().cacheBytes()
        && policy.eviction() == before.policy().eviction()
        && dynamicConfig.automaticCacheTuning() == before.dynamicConfig().automaticCacheTuning();
    if (!cached) {
      store = null;
    } else if (!same) {
      AnswerStore other = AnswerStores.of(
          policy.eviction(),
          predictive
              ? policy.cacheBytes() - policy.cacheBytes() / PREFETCHERS_SHARE
              : policy.cacheBytes(),
          dynamicConfig.automaticCacheTuning(),
          this::tuned);
      if (store != null) {
        List<Entry> best = store.best((int) Math.min(Integer.MAX_VALUE, store.size()));
        // The best comes last, so that it is the most recent.
        for (int i = best.size() - 1; i >= 0; i--) {
          other.put(best.get(i).key(), best.get(i).answer());
        }
      }
      store = other;
    }
    bypass.enable(dynamicConfig.automaticCacheTuning());
    secondBypass.enable(dynamicConfig.automaticCacheTuning());
    Prefetcher prefetcher = same ? before.prefetcher() : null;
    if (store != null && predictive && prefetcher == null) {
      AnswerStore answers = store;
      prefetcher = new Prefetcher(
          policy.cacheBytes() / PREFETCHERS_SHARE,
          answers::size,
          key -> answers.contains(key) || asked.containsKey(key),
          System.nanoTime());
    }
    setup = new Setup(policy, dynamicConfig, model, store, prefetcher);
  }

  private void tuned(WindowChange change) {
    events.tell(
        container,
        CacheEvent.Kind.WINDOW,
        "the share of the cache that is kept by recency alone was changed",
        Map.of(
            "window.before", change.oldShare(),
            "window.after", change.newShare(),
            "hitRatio.before", change.oldHitRatio(),
            "hitRatio.after", change.newHitRatio()));
  }

  CacheStatistics statistics() {
    AnswerStore store = setup.store();
    return counters.now(
        store == null ? 0 : store.size(), store == null ? 0 : store.bytes(), prefetched());
  }

  private CacheStatistics.Prefetch prefetched() {
    Prefetcher prefetcher = setup.prefetcher();
    if (prefetcher == null) {
      return new CacheStatistics.Prefetch(0, 0, 0);
    }
    PrefetchStatistics told = prefetcher.statistics();
    return new CacheStatistics.Prefetch(told.issued(), told.used(), told.wasted());
  }

  // ---- requests ----

  private static StatefulRequest how(Request request) {
    // A loop, because a stream would cost each request time.
    for (RequestOptions option : request.options().values()) {
      if (option instanceof StatefulRequest how) {
        return how;
      }
    }
    return StatefulRequest.DEFAULT;
  }

  /** {@return whether the answer may depend on options that the key does not know} */
  private boolean isForHost(Request request) {
    for (RequestOptions option : request.options().values()) {
      if (option.platform().equals(host.id())) {
        return true;
      }
    }
    return false;
  }
}
