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
import io.fairlead.stateful.StatefulConfig;
import io.fairlead.stateful.StatefulModel;
import io.fairlead.stateful.StatefulProvider;
import io.fairlead.stateful.StatefulRequest;
import io.fairlead.stateful.internal.Approximation.Near;
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
import io.fairlead.stateful.internal.prefetch.Prefetcher;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cache of one container's answers, through which its requests go.
 *
 * <p>The caller's own thread asks the model: to hand a request to another would cost more than a small model. Equal
 * requests that come meanwhile wait for its answer; if the caller that asks runs out of time, one of them asks instead.
 * That is why equal requests are joined here and not by the store: its loader would run under a lock that other keys
 * share, or on another thread.
 */
final class AnswerCache {
  private static final Logger log = LoggerFactory.getLogger(AnswerCache.class);

  /** Of the bytes of a predictive cache, one in so many are for what predicts. */
  private static final int PREFETCHERS_SHARE = 8;

  /** The part of a request's time that is not worth a copy of the request. */
  private static final int LITTLE = 256;

  private final String container;
  private final Host host;
  private final Versions versions;
  private final StateClock clock;
  private final Events events;
  private final SpareCalls spare;
  private final SecondLevel second;
  private final StatefulConfig config;
  private final Counters counters = new Counters();
  private final CallsInProgress calls = new CallsInProgress();
  private final ConcurrentMap<CacheKey, CompletableFuture<CachedAnswer>> asked =
      new ConcurrentHashMap<>();
  private final Bypass bypass;
  private final Bypass secondBypass;

  private final Confirmations confirmations;
  private volatile Setup setup = Setup.NOTHING;

  /**
   * How answers are cached, which is replaced as a whole.
   *
   * @param store the store; null if nothing is cached
   * @param prefetching computes ahead of requests; null if nothing does
   */
  private record Setup(
      CachingPolicy policy,
      ModelState.DynamicConfig dynamicConfig,
      StatefulModel model,
      @Nullable AnswerStore store,
      @Nullable Prefetching prefetching) {
    static final Setup NOTHING = new Setup(
        new CachingPolicy(CachingPolicy.Strategy.EXACT, 0, CachingPolicy.Eviction.LRU),
        ModelState.DynamicConfig.OFF,
        StatefulModel.UNKNOWN,
        null,
        null);
  }

  AnswerCache(
      String container,
      Host host,
      Versions versions,
      StateClock clock,
      Events events,
      SpareCalls spare,
      SecondLevel second,
      StatefulConfig config) {
    this.container = container;
    this.host = host;
    this.versions = versions;
    this.clock = clock;
    this.events = events;
    this.spare = spare;
    this.second = second;
    this.config = config;
    this.confirmations = new Confirmations(versions, second, clock);
    this.bypass = new Bypass(
        (message, numbers) -> events.tell(container, CacheEvent.Kind.BYPASS, message, numbers));
    this.secondBypass = new Bypass((message, numbers) ->
        events.tell(container, CacheEvent.Kind.BYPASS, "second level: " + message, numbers));
  }

  // ---- answering ----

  /** {@return the answer from the cache if it has it, and else from the model} */
  Response answer(Request request) {
    try {
      return answered(request);
    } catch (ServingException e) {
      counters.failures.increment();
      throw e;
    }
  }

  private Response answered(Request request) {
    Setup now = setup;
    long begin = clock.nanos();
    if (now.store() == null || isForHost(request)) {
      return passBy(request);
    }
    Versions.Choice choice = versions.choose(request, begin);
    if (choice == null) {
      return passBy(request);
    }
    try {
      return new Asking(now, now.store(), request, choice, begin).answer();
    } catch (ServingException e) {
      boolean pinnedHere =
          request.variant().isEmpty() && choice.request().variant().isPresent();
      if (!pinnedHere || e.kind() != ErrorKind.UNSUPPORTED) {
        throw e;
      }
      // If it is answered without, pinning was what is not supported.
      Response response = passBy(request);
      versions.cannotPin();
      return response;
    }
  }

  /** {@return the model's answer, for whoever does not want the cache's} */
  Response invoke(Request request) {
    Response response = counted(request, () -> host.invoke(versions.served(), request));
    return response.with(
        CacheAnswer.of(Source.MODEL, digest(versions.of(response)), Duration.ZERO));
  }

  /** Passes the model's answer on in pieces, none of which is kept. */
  Response invokeStreaming(Request request, Consumer<? super ByteBuffer> pieces) {
    return counted(request, () -> host.invokeStreaming(versions.served(), request, pieces));
  }

  /** {@return the answer of a call that counts as one of the version that it probably goes to, until it has ended} */
  private Response counted(Request request, Supplier<Response> call) {
    Version pinned = request.variant().map(versions.table()::of).orElse(null);
    Version version = pinned == null ? versions.main() : pinned;
    CallsInProgress ofVersion = version == null ? calls : version.calls();
    counters.modelCalls.increment();
    calls.begin();
    ofVersion.begin();
    try {
      return call.get();
    } catch (ServingException e) {
      throw own(e);
    } finally {
      ofVersion.end();
      calls.end();
    }
  }

  /** {@return the model's answer where the cache cannot be used; it is not kept} */
  private Response passBy(Request request) {
    counters.bypassed.increment();
    Response response = invoke(request);
    counters.answered();
    return response;
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

  /**
   * The place of a request's answer in the store.
   *
   * @param key its key
   * @param source what a hit by it is
   * @param maxError how far a hit may be from the model's own answer
   */
  private record Place(CacheKey key, Source source, double maxError) {
    /** With those that the model cannot tell apart, if these are known. */
    static Place of(Version version, String scope, Request request) {
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
  }

  /** One request on its way to an answer. */
  private final class Asking {
    private final Setup now;
    private final AnswerStore store;
    private final Versions.Choice choice;
    private final Version version;
    private final Request request;
    private final StatefulRequest how;
    private final String scope;
    private final Place place;
    private final long begin;

    /** The cell of alike requests; null unless the user allows approximate answers. */
    private @Nullable Near near;

    private boolean wasOnItsWay;

    Asking(Setup now, AnswerStore store, Request given, Versions.Choice choice, long begin) {
      this.now = now;
      this.store = store;
      this.choice = choice;
      this.version = choice.version();
      this.request = choice.request();
      this.how = how(given);
      this.scope = how.scope().orElse("");
      this.place = Place.of(version, scope, request);
      this.begin = begin;
    }

    Response answer() {
      if (bypass.passes(place.key())) {
        counters.bypassed.increment();
        Answered answered = ask(request);
        measureImportance(answered.response());
        return told(answered);
      }
      if (!how.noCache()) {
        CachedAnswer cached = find(store, place.key(), version, request);
        bypass.looked(cached != null);
        Response hit = cached == null ? approximate() : hit(cached, place);
        if (hit != null) {
          if (bypass.times(place.key())) {
            bypass.lookup(clock.nanos() - begin);
          }
          learn(hit, true);
          return hit;
        }
      }
      Response response = how.noCache() || how.noStore() ? apart() : together();
      learn(response, wasOnItsWay);
      return response;
    }

    /** What is learned from a request that is answered is no reason to fail it. */
    private void learn(Response response, boolean hit) {
      try {
        observe(response, hit);
      } catch (RuntimeException e) {
        log.warn("Nothing was learned from a request to {}", container, e);
      }
    }

    /** Asks the model for this request alone. */
    private Response apart() {
      counters.bypassed.increment();
      Answered answered = ask(remaining());
      if (!how.noStore()) {
        keep(answered);
      }
      return told(answered);
    }

    /** Asks the model for all who ask the same at this time, or waits for the one who does. */
    private Response together() {
      while (true) {
        CompletableFuture<CachedAnswer> own = new CompletableFuture<>();
        CompletableFuture<CachedAnswer> others = asked.putIfAbsent(place.key(), own);
        if (others == null) {
          return lead(own);
        }
        counters.coalesced.increment();
        CachedAnswer answer = await(others);
        if (answer != null && !isAnswer(answer, version, request)) {
          return apart();
        }
        if (answer != null) {
          wasOnItsWay = true;
          counters.answered();
          return response(answer, Source.MODEL, Duration.ZERO, place.maxError(), 0);
        }
        // Who asked ran out of its own time, not of this request's, or has made a mistake of its
        // own.
      }
    }

    private Response lead(CompletableFuture<CachedAnswer> own) {
      try {
        // The one who asked before may have kept its answer since this request looked.
        CachedAnswer cached =
            store.contains(place.key()) ? find(store, place.key(), version, request) : null;
        if (cached != null) {
          own.complete(cached);
          return hit(cached, place);
        }
        long beforeAsking = clock.nanos();
        CachedAnswer far = farther();
        if (far != null) {
          own.complete(far);
          return hit(far, new Place(place.key(), Source.L2, place.maxError()));
        }
        Answered answered = ask(remaining());
        long afterAnswer = clock.nanos();
        own.complete(keep(answered));
        if (bypass.times(place.key())) {
          bypass.lookup(beforeAsking - begin + clock.nanos() - afterAnswer);
        }
        return told(answered);
      } catch (RuntimeException | Error e) {
        own.completeExceptionally(e);
        throw e;
      } finally {
        asked.remove(place.key(), own);
      }
    }

    /** {@return the answer of the second level, which is in the first then; null if there is none, or it does not pay} */
    private @Nullable CachedAnswer farther() {
      // Its answers come without the requests that they could be verified by.
      if (!second.isThere() || config.keysVerified() || secondBypass.passes(place.key())) {
        return null;
      }
      long before = clock.nanos();
      CachedAnswer found = second.find(place.key(), version);
      secondBypass.lookup(clock.nanos() - before);
      secondBypass.looked(found != null);
      if (found == null) {
        return null;
      }
      CachedAnswer kept = found.with(retained());
      store.put(place.key(), kept);
      return kept;
    }

    /** {@return an answer to an alike request, if the user allows it and it is safe; else null} */
    private @Nullable Response approximate() {
      Approximation approximation = version.approximation();
      near = approximation == null ? null : approximation.near(version, scope, request);
      if (approximation == null || near == null || near.key() == null) {
        return null;
      }
      // Its request is another one, so there is nothing to verify but the version.
      CachedAnswer stored = store.get(near.key());
      if (stored == null
          || !stored.modelDigest().equals(version.digest())
          || !approximation.serves(near)) {
        return null;
      }
      counters.saved(Source.CACHE_APPROX, saved(stored));
      return response(
          stored,
          Source.CACHE_APPROX,
          age(stored),
          approximation.maxError(),
          approximation.errorRate());
    }

    /** {@return what another request was answered; null if this one has to ask itself} */
    private @Nullable CachedAnswer await(CompletableFuture<CachedAnswer> other) {
      Duration left = remaining().timeout();
      try {
        return other.get(Durations.nanos(left), TimeUnit.NANOSECONDS);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof ServingException failure) {
          if (failure.kind() == ErrorKind.TIMEOUT || failure.kind() == ErrorKind.CANCELLED) {
            return null;
          }
          throw failure.withMessage(String.valueOf(failure.getMessage()), failure);
        }
        // A mistake, or the trouble of the thread that asked.
        return null;
      } catch (TimeoutException e) {
        throw timeout(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ServingException(
            StatefulProvider.ID,
            ErrorKind.CANCELLED,
            "The thread that asked container " + container + " was interrupted.",
            e);
      }
    }

    private ServingException timeout(@Nullable Throwable cause) {
      return ServingException.builder(
              StatefulProvider.ID,
              ErrorKind.TIMEOUT,
              "container " + container + " did not answer within "
                  + Durations.shown(request.timeout()) + ": allow it more time")
          .cause(cause)
          .build();
    }

    /** {@return the request with the time that is left; the same if hardly any has passed, because a copy costs time} */
    private Request remaining() {
      long passed = clock.nanos() - begin;
      if (passed < Durations.nanos(request.timeout()) / LITTLE) {
        return request;
      }
      Duration left = request.timeout().minusNanos(passed);
      if (left.isNegative() || left.isZero()) {
        throw timeout(null);
      }
      return request.withTimeout(left);
    }

    private Answered ask(Request asking) {
      return AnswerCache.this.ask(choice, asking);
    }

    private Response told(Answered answered) {
      counters.answered();
      String digest = digest(answered.by());
      return answered.response().with(CacheAnswer.of(Source.MODEL, digest, Duration.ZERO));
    }

    /** {@return the answer as it is kept; it is kept only if it is known to be of the version in its key} */
    private CachedAnswer keep(Answered answered) {
      Response response = answered.response();
      CachedAnswer answer = AnswerCache.this.answer(answered, version, retained());
      if (answered.by() == version) {
        store.put(place.key(), answer);
        if (!versions.isOf(choice, response)) {
          // It was replaced meanwhile, and what had been kept of it was looked through before this.
          store.remove(place.key());
          return answer;
        }
        if (second.isThere() && !secondBypass.passes(place.key())) {
          confirmations.share(version, place.key(), answer);
        }
        keepNear(answer, response);
      }
      return answer;
    }

    private void keepNear(CachedAnswer answer, Response response) {
      Approximation approximation = version.approximation();
      if (approximation == null || near == null) {
        return;
      }
      try {
        if (near.key() != null) {
          store.put(near.key(), answer);
        }
        approximation.answered(near, response);
      } catch (RuntimeException e) {
        log.warn("Nothing was learned of approximate answers of {}", container, e);
      }
    }

    private @Nullable RetainedRequest retained() {
      return now.model().requestsRetained()
          ? new RetainedRequest(
              scope, version.shared(RequestKeys.kind(request)), request.bodyUnsafe())
          : null;
    }

    /** {@return an answer from the cache, which counts as one} */
    private Response hit(CachedAnswer cached, Place by) {
      RetainedRequest of = cached.request();
      boolean same = by.source() == Source.CACHE_CELL
          && of != null
          && Arrays.equals(of.body(), request.bodyUnsafe());
      Source source = same ? Source.CACHE_EXACT : by.source();
      counters.saved(source, saved(cached));
      return response(cached, source, age(cached), same ? 0 : by.maxError(), 0);
    }

    private Duration age(CachedAnswer cached) {
      long age = clock.millis(begin) - cached.answeredAtMillis();
      return age <= 0 ? Duration.ZERO : Duration.ofMillis(age);
    }

    /** Learns from the request, and has computed what may come next. */
    private void observe(Response response, boolean hit) {
      if (how.noStore()) {
        return;
      }
      Prefetching prefetching = now.prefetching();
      if (prefetching != null) {
        prefetching.answered(
            request,
            place.key(),
            how,
            retained(),
            hit,
            next -> Place.of(version, scope, next).key(),
            candidate -> computeAhead(now, choice, candidate));
      }
      measureImportance(response);
    }

    private void measureImportance(Response response) {
      if (now.dynamicConfig().featureImportanceTracking() && !how.noStore()) {
        version
            .importance()
            .answered(
                request,
                response,
                spare,
                calls,
                probe -> AnswerCache.this.ask(choice, pinnedAs(request, probe)).response());
      }
    }
  }

  /** {@return the time that was saved at least: a model is slow at first, and its first answers are asked for most often} */
  private long saved(CachedAnswer cached) {
    return Math.min(cached.costNanos(), bypass.typicalModelNanos());
  }

  private static Request pinnedAs(Request request, Request other) {
    return request.variant().map(other::pinnedTo).orElse(other);
  }

  private static Response response(
      CachedAnswer cached, Source source, Duration age, double maxError, double errorRate) {
    Response response = Response.ofUnsafe(cached.body(), cached.contentType());
    String variant = cached.variant();
    return (variant == null ? response : response.servedBy(variant))
        .with(new CacheAnswer(source, cached.modelDigest(), age, maxError, errorRate));
  }

  // ---- the model ----

  /**
   * An answer of the model.
   *
   * @param response the answer
   * @param costNanos how long it took
   * @param by the version that gave it; null if that is not known
   */
  private record Answered(
      Response response, long costNanos, @Nullable Version by) {}

  private static String digest(@Nullable Version version) {
    return version == null ? "" : version.digest();
  }

  /** Asks the model, which counts as a call of the version that was chosen. */
  private Answered ask(Versions.Choice choice, Request request) {
    Version version = choice.version();
    version.calls().begin();
    calls.begin();
    counters.modelCalls.increment();
    long begin = clock.nanos();
    try {
      Response response = host.invoke(version.served(), request);
      long cost = clock.nanos() - begin;
      bypass.model(cost);
      secondBypass.model(cost);
      return new Answered(
          response, cost, versions.isOf(choice, response) ? version : versions.of(response));
    } catch (ServingException e) {
      throw own(e);
    } finally {
      calls.end();
      version.calls().end();
    }
  }

  private CachedAnswer answer(Answered answered, Version asked, @Nullable RetainedRequest request) {
    Response response = answered.response();
    Version by = answered.by();
    return new CachedAnswer(
        response.bodyUnsafe(),
        asked.shared(response.contentType()),
        by == null ? response.variant().orElse(null) : by.variant(),
        digest(by),
        clock.millis(clock.nanos()),
        answered.costNanos(),
        request);
  }

  /** Asks the model ahead of a request; the version is the one by whose key it would be asked for. */
  private void computeAhead(Setup now, Versions.Choice before, Candidate candidate) {
    AnswerStore store = now.store();
    Request request = WarmUp.request(candidate.request());
    Versions.Choice choice = versions.again(before, request);
    if (store == null || choice == null) {
      throw new IllegalStateException("the version was replaced before it was asked");
    }
    String scope = candidate.request().scope();
    StatefulRequest how =
        scope.isEmpty() ? StatefulRequest.DEFAULT : StatefulRequest.DEFAULT.withScope(scope);
    Asking asking = new Asking(now, store, request.with(how), choice, clock.nanos());
    if (!asking.place.key().equals(candidate.key())) {
      throw new IllegalStateException("the version was replaced before it was asked");
    }
    CompletableFuture<CachedAnswer> own = new CompletableFuture<>();
    if (asked.putIfAbsent(candidate.key(), own) != null) {
      return;
    }
    try {
      own.complete(asking.keep(asking.ask(choice.request())));
    } catch (RuntimeException | Error e) {
      own.completeExceptionally(e);
      throw e;
    } finally {
      asked.remove(candidate.key(), own);
    }
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
    return !config.keysVerified() || of == null || isSame(of, version, request);
  }

  private static boolean isSame(RetainedRequest of, Version version, Request request) {
    if (!of.scope().equals(how(request).scope().orElse(""))) {
      return false;
    }
    if (of.contentType().equals(RequestKeys.kind(request))
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

  // ---- what others replace ----

  /** Takes note of a look at what serves. */
  void looked(VersionTable now, List<Version> gone, long sinceNanos) {
    confirmations.looked(now, gone, sinceNanos, store());
  }

  /** {@return whether an answer may outlive this process} */
  boolean isConfirmed(CachedAnswer answer) {
    return confirmations.isConfirmed(answer);
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
    bypass.enable(dynamicConfig.automaticCacheTuning());
    secondBypass.enable(dynamicConfig.automaticCacheTuning());
    if (policy.cacheBytes() == 0 || !model.deterministic()) {
      setup = new Setup(policy, dynamicConfig, model, null, null);
      return;
    }
    boolean same = before.store() != null
        && model.requestsRetained() == before.model().requestsRetained()
        && policy.equals(before.policy())
        && dynamicConfig.automaticCacheTuning() == before.dynamicConfig().automaticCacheTuning();
    if (same) {
      setup = new Setup(policy, dynamicConfig, model, before.store(), before.prefetching());
      return;
    }
    long forPrefetching = policy.strategy() == CachingPolicy.Strategy.PREDICTIVE
        ? policy.cacheBytes() / PREFETCHERS_SHARE
        : 0;
    if (forPrefetching < Prefetcher.MINIMUM_BYTES) {
      forPrefetching = 0;
    }
    AnswerStore store = AnswerStores.of(
        policy.eviction(),
        policy.cacheBytes() - forPrefetching,
        dynamicConfig.automaticCacheTuning(),
        this::tuned);
    if (before.store() != null) {
      addBestLast(store, before.store().best((int) before.store().size()), model);
    }
    setup = new Setup(
        policy,
        dynamicConfig,
        model,
        store,
        forPrefetching == 0 ? null : prefetching(store, forPrefetching));
  }

  private Prefetching prefetching(AnswerStore store, long bytes) {
    Prefetcher prefetcher = new Prefetcher(
        bytes,
        store::size,
        key -> store.contains(key) || asked.containsKey(key),
        System.nanoTime());
    return new Prefetching(container, prefetcher, config.successors(), spare, calls);
  }

  private static void addBestLast(AnswerStore store, List<Entry> bestFirst, StatefulModel model) {
    for (int i = bestFirst.size() - 1; i >= 0; i--) {
      store.put(bestFirst.get(i).key(), allowed(bestFirst.get(i).answer(), model));
    }
  }

  /** {@return an answer as it may be kept, which is without its request if requests are not to be retained any more} */
  private static CachedAnswer allowed(CachedAnswer answer, StatefulModel model) {
    return answer.request() == null || model.requestsRetained() ? answer : answer.with(null);
  }

  /** {@return the answers that a new version is warmed up by, the best first: half of those that are there} */
  List<Entry> forWarmUp() {
    AnswerStore store = setup.store();
    return store == null ? List.of() : store.best((int) (store.size() / 2));
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
    if (version.variant() != null
        && response.variant().isPresent()
        && !version.variant().equals(response.variant().get())) {
      throw new ServingException(
          StatefulProvider.ID, ErrorKind.UNKNOWN, "another variant than was asked has answered");
    }
    CachedAnswer answer =
        answer(new Answered(response, clock.nanos() - begin, version), version, retained);
    return new Entry(Place.of(version, retained.scope(), request).key(), answer);
  }

  /**
   * Adds the answers of a version that is about to serve, the best last.
   *
   * <p>A store that admits by what was frequent would keep those of the version before, which nobody asks for any more: the
   * worse half of these makes room.
   */
  void addBefore(List<Entry> warm) {
    Setup now = setup;
    AnswerStore store = now.store();
    if (store == null) {
      return;
    }
    if (admits(now) && !warm.isEmpty()) {
      Set<CacheKey> better = new HashSet<>();
      store.best((int) (store.size() / 2)).forEach(entry -> better.add(entry.key()));
      store.forEach((key, answer) -> {
        if (!better.contains(key)) {
          store.remove(key);
        }
      });
    }
    add(warm);
  }

  /** Takes note that a version serves in the place of others. */
  void replaced(Version serving) {
    Setup now = setup;
    AnswerStore store = now.store();
    if (store != null && admits(now)) {
      store.forEach((key, answer) -> {
        if (!answer.modelDigest().equals(serving.digest())) {
          store.remove(key);
        }
      });
    }
  }

  /** {@return whether a new answer has to be worth more than an old one to be kept} */
  private static boolean admits(Setup setup) {
    return setup.dynamicConfig().automaticCacheTuning()
        || setup.policy().eviction() == CachingPolicy.Eviction.W_TINYLFU
        || setup.policy().eviction() == CachingPolicy.Eviction.COST_AWARE;
  }

  /** Adds answers, the last of which is the one that is used next. */
  void add(List<Entry> entries) {
    Setup now = setup;
    AnswerStore store = now.store();
    if (store != null) {
      entries.forEach(entry -> store.put(entry.key(), allowed(entry.answer(), now.model())));
    }
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
    Setup now = setup;
    return counters.now(
        now.store() == null ? 0 : now.store().size(),
        now.store() == null ? 0 : now.store().bytes(),
        now.prefetching() == null
            ? new CacheStatistics.Prefetch(0, 0, 0)
            : now.prefetching().statistics());
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
