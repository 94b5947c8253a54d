package io.fairlead.azureml.internal.scoring;

import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.HttpCalls;
import io.fairlead.provider.HttpFailure;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.provider.RefusedCalls.Refusals;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.provider.TimeSource;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The targets of endpoints, by their names.
 *
 * <p>They are fetched on threads of their own, so that the interrupt or the timeout of a request that waits for one is
 * not that of the others.
 */
final class ScoringTargets implements AutoCloseable {
  private static final Duration LONGEST_LOOKUP = Duration.ofMinutes(2);

  private final ScoringEndpoints endpoints;
  private final HttpCalls calls;
  private final RefusedCalls retries;
  private final TimeSource time;
  private final Map<String, CachedTarget> targets = new ConcurrentHashMap<>();
  private final ExecutorService threads = new ThreadPoolExecutor(
      0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), ScoringTargets::thread);

  /** The control plane's refusals, each before the call had an effect. */
  private static final class Throttled implements Refusals<ServingException> {
    private static final RetryPolicy POLICY = new RetryPolicy(
        5, Duration.ofMillis(250), Duration.ofSeconds(4), RetryPolicy.DEFAULT.settling());

    @Override
    public Class<ServingException> type() {
      return ServingException.class;
    }

    @Override
    public Optional<RetryPolicy> policy(ServingException refusal) {
      return refusal.kind() == ErrorKind.THROTTLED ? Optional.of(POLICY) : Optional.empty();
    }

    @Override
    public Optional<Duration> retryAfter(ServingException refusal) {
      return refusal.retryAfter();
    }

    @Override
    public ServingException failure(String what, ServingException failure) {
      return failure;
    }
  }

  /**
   * Creates a cache without targets.
   *
   * @param calls the calls for which targets are awaited; closing them ends that
   * @param retries repeats the calls that the control plane throttles
   */
  ScoringTargets(
      ScoringEndpoints endpoints, HttpCalls calls, RefusedCalls retries, TimeSource time) {
    this.endpoints = endpoints;
    this.calls = calls;
    this.retries = retries;
    this.time = time;
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "fairlead-azureml-scoring");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * {@return the target of an endpoint, which is fetched if it is not known or has expired}
   *
   * @throws HttpFailure if it is not there in time
   */
  ScoringTarget find(String endpoint, Deadline deadline) {
    CachedTarget cached = cached(endpoint);
    ScoringTarget usable = cached.usable();
    return usable == null ? await(endpoint, cached.next(), deadline) : usable;
  }

  /** {@return another target than the one whose credential was refused} */
  ScoringTarget findAfter(ScoringTarget refused, String endpoint, Deadline deadline) {
    cached(endpoint).drop(refused);
    return find(endpoint, deadline);
  }

  /** Forgets the target of an endpoint that may have been created again, elsewhere. */
  void forget(String endpoint) {
    targets.remove(endpoint);
  }

  private CachedTarget cached(String endpoint) {
    CachedTarget known = targets.get(endpoint);
    return known == null ? targets.computeIfAbsent(endpoint, this::unknown) : known;
  }

  private CachedTarget unknown(String endpoint) {
    return new CachedTarget(refreshed -> fetch(endpoint, refreshed), threads, time);
  }

  private ScoringTarget fetch(String endpoint, @Nullable ScoringTarget refreshed) {
    Scoring scoring = refreshed == null
        ? retrying(endpoint, () -> endpoints.find(endpoint))
        : refreshed.scoring();
    ScoringTarget.check(endpoint, scoring.uri());
    return ScoringTarget.of(
        endpoint,
        scoring,
        retrying(endpoint, () -> endpoints.credential(endpoint, scoring.mode())));
  }

  /** The requests that wait have limits of their own. */
  private <T> T retrying(String endpoint, Supplier<T> call) {
    return retries.call(
        "Looking up endpoint " + endpoint,
        Deadline.after(LONGEST_LOOKUP, time),
        new Throttled(),
        left -> call.get());
  }

  /** The copy is what is cancelled when this request gives up. */
  private ScoringTarget await(
      String endpoint, CompletableFuture<ScoringTarget> target, Deadline deadline) {
    try {
      return calls.await(target.copy(), deadline.left());
    } catch (HttpFailure e) {
      throw switch (e.stage()) {
        case OVERDUE ->
          HttpFailure.notSent(
              "the scoring URI and the key or token of the endpoint were not there in time", e);
        case BROKEN -> failed(endpoint, e.getCause());
        default -> e;
      };
    }
  }

  /** {@return an exception of this request's own, because others get the same failure} */
  private static ServingException failed(String endpoint, @Nullable Throwable cause) {
    if (cause instanceof ServingException known) {
      return known.withMessage(String.valueOf(known.getMessage()), known);
    }
    return ServingException.builder(
            AzureMlProvider.ID,
            ErrorKind.UNKNOWN,
            "Endpoint '" + endpoint
                + "' cannot be invoked: its scoring URI and key or token are not known: " + cause)
        .cause(cause)
        .build();
  }

  /** Ends what is being fetched. */
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
