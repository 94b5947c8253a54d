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
import io.fairlead.stateful.internal.cache.AnswerStore;
import io.fairlead.stateful.internal.cache.AnswerStores;
import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import io.fairlead.stateful.internal.cache.TuningListener.WindowChange;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The cache of one container's answers, through which its requests go.
 *
 * <p>The caller's own thread asks the model: to hand a request to another would cost more than a small model. Equal
 * requests that come meanwhile wait for its answer; if the caller that asks runs out of time, one of them asks instead.
 */
final class AnswerCache {
  /** The part of a request's time that is not worth a copy. */
  private static final int LITTLE = 256;

  private final String container;
  private final Host host;
  private final Versions versions;
  private final StateClock clock;
  private final Events events;
  private final boolean keysVerified;
  private final Counters counters = new Counters();
  private final CallsInProgress calls = new CallsInProgress();
  private final ConcurrentMap<CacheKey, CompletableFuture<CachedAnswer>> asked =
      new ConcurrentHashMap<>();
  private final Bypass bypass;
  private volatile Setup setup;

  /**
   * How answers are cached, which is replaced as a whole.
   *
   * @param store the store; null if nothing is cached
   */
  private record Setup(
      CachingPolicy policy,
      ModelState.DynamicConfig dynamicConfig,
      StatefulModel model,
      @Nullable AnswerStore store) {}

  AnswerCache(
      String container,
      Host host,
      Versions versions,
      StateClock clock,
      Events events,
      boolean keysVerified) {
    this.container = container;
    this.host = host;
    this.versions = versions;
    this.clock = clock;
    this.events = events;
    this.keysVerified = keysVerified;
    this.bypass = new Bypass(
        (message, numbers) -> events.tell(container, CacheEvent.Kind.BYPASS, message, numbers));
    this.setup = new Setup(
        new CachingPolicy(CachingPolicy.Strategy.EXACT, 0, CachingPolicy.Eviction.LRU),
        ModelState.DynamicConfig.OFF,
        StatefulModel.UNKNOWN,
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
    CacheKey key = choice.version().keys().exact(scope, request);
    if (bypass.passes(key)) {
      return passBy(choice, choice.request());
    }
    if (!how.noCache()) {
      CachedAnswer cached = find(store, key, choice.version(), request);
      bypass.looked(cached != null);
      if (cached != null) {
        counters.saved(Source.CACHE_EXACT, cached.costNanos());
        return response(cached, Source.CACHE_EXACT);
      }
    }
    if (how.noCache() || how.noStore()) {
      counters.bypassed.increment();
      Answered answered = ask(choice, remaining(request, begin));
      if (!how.noStore()) {
        keep(now, store, key, scope, choice, answered);
      }
      return told(answered.response(), choice.version());
    }
    return together(now, store, key, scope, choice, begin);
  }

  /** {@return the answer that the model gives to all who ask the same at this time} */
  private Response together(
      Setup now,
      AnswerStore store,
      CacheKey key,
      String scope,
      Versions.Choice choice,
      long begin) {
    Request request = choice.request();
    while (true) {
      CompletableFuture<CachedAnswer> own = new CompletableFuture<>();
      CompletableFuture<CachedAnswer> others = asked.putIfAbsent(key, own);
      if (others == null) {
        return lead(now, store, key, scope, choice, own, begin);
      }
      counters.coalesced.increment();
      CachedAnswer answer = await(others, request, begin);
      if (answer != null) {
        counters.answered();
        return response(answer, Source.MODEL);
      }
      // Who asked ran out of its own time, not of this request's.
    }
  }

  private Response lead(
      Setup now,
      AnswerStore store,
      CacheKey key,
      String scope,
      Versions.Choice choice,
      CompletableFuture<CachedAnswer> own,
      long begin) {
    try {
      // The one who asked before may have kept its answer since this request looked.
      CachedAnswer cached =
          store.contains(key) ? find(store, key, choice.version(), choice.request()) : null;
      if (cached != null) {
        own.complete(cached);
        counters.saved(Source.CACHE_EXACT, cached.costNanos());
        return response(cached, Source.CACHE_EXACT);
      }
      long beforeAsking = clock.nanos();
      Answered answered = ask(choice, remaining(choice.request(), begin));
      long afterAnswer = clock.nanos();
      CachedAnswer kept = keep(now, store, key, scope, choice, answered);
      own.complete(kept);
      bypass.lookup(beforeAsking - begin + clock.nanos() - afterAnswer);
      return told(answered.response(), choice.version());
    } catch (RuntimeException | Error e) {
      own.completeExceptionally(e);
      throw e;
    } finally {
      asked.remove(key, own);
    }
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
    return !keysVerified
        || of == null
        || (of.contentType().equals(request.contentType())
            && Arrays.equals(of.body(), request.bodyUnsafe()));
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
    Version version = choice.version();
    Request request = choice.request();
    CachedAnswer answer = new CachedAnswer(
        response.bodyUnsafe(),
        version.shared(response.contentType()),
        version.variant(),
        version.digest(),
        clock.time().now().toEpochMilli(),
        answered.costNanos(),
        now.model().requestsRetained()
            ? new RetainedRequest(
                scope, version.shared(request.contentType()), request.bodyUnsafe())
            : null);
    if (versions.isOf(choice, response)) {
      store.put(key, answer);
    }
    return answer;
  }

  private Response response(CachedAnswer cached, Source source) {
    Duration age = source == Source.MODEL
        ? Duration.ZERO
        : Duration.ofMillis(
            Math.max(0, clock.time().now().toEpochMilli() - cached.answeredAtMillis()));
    Response response = Response.ofUnsafe(cached.body(), cached.contentType());
    String variant = cached.variant();
    return (variant == null ? response : response.servedBy(variant))
        .with(CacheAnswer.of(source, cached.modelDigest(), age));
  }

  // ---- what is asked of the cache itself ----

  /** Caches from now on as a policy says; what is in the cache stays as far as it fits. */
  void configure(
      CachingPolicy policy, ModelState.DynamicConfig dynamicConfig, StatefulModel model) {
    Setup before = setup;
    AnswerStore store = before.store();
    boolean cached = policy.cacheBytes() > 0 && model.deterministic();
    boolean same = store != null
        && policy.cacheBytes() == before.policy().cacheBytes()
        && policy.eviction() == before.policy().eviction()
        && dynamicConfig.automaticCacheTuning() == before.dynamicConfig().automaticCacheTuning();
    if (!cached) {
      store = null;
    } else if (!same) {
      AnswerStore other = AnswerStores.of(
          policy.eviction(),
          policy.cacheBytes(),
          dynamicConfig.automaticCacheTuning(),
          this::tuned);
      if (store != null) {
        List<AnswerStore.Entry> best = store.best((int) Math.min(Integer.MAX_VALUE, store.size()));
        // The best comes last, so that it is the most recent.
        for (int i = best.size() - 1; i >= 0; i--) {
          other.put(best.get(i).key(), best.get(i).answer());
        }
      }
      store = other;
    }
    bypass.enable(dynamicConfig.automaticCacheTuning());
    setup = new Setup(policy, dynamicConfig, model, store);
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
        store == null ? 0 : store.size(),
        store == null ? 0 : store.bytes(),
        new CacheStatistics.Prefetch(0, 0, 0));
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
