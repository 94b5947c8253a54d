package io.fairlead.stateful;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.error.ServingException;
import io.fairlead.grammar.CachingPolicy;
import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.grammar.CachingPolicy.Strategy;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.grammar.UpdateStrategy;
import io.fairlead.local.LocalConfig;
import io.fairlead.local.LocalProvider;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/**
 * A name whose model is switched all the time while many ask, and the check that no answer is stale: that it is of a version
 * that was served, or being switched to, between the beginning of the call and its end.
 *
 * <p>A model answers with its number and the request. There are {@value #MODELS}, which are taken in turns, so that each
 * switch goes to one whose answers of earlier are still there.
 */
final class SwitchedModels implements AutoCloseable {
  static final int MODELS = 16;
  static final Duration LIMIT = Duration.ofSeconds(60);

  private static final int KEYS = 200;
  private static final long PAUSE_NANOS = 100_000;

  private final EndpointPlatform local;
  private final Supplier<StatefulConfig> config;
  private final Strategy strategy;
  private final AtomicInteger switching = new AtomicInteger();
  private final AtomicInteger switched = new AtomicInteger();
  private final AtomicLong calls = new AtomicLong();
  private final AtomicLong stale = new AtomicLong();
  private final AtomicLong hits = new AtomicLong();
  private final AtomicLong far = new AtomicLong();
  private final AtomicLong failures = new AtomicLong();
  private volatile String example = "";
  private volatile CachingPlatform platform;
  private volatile StatefulContainer container;

  /**
   * What was counted.
   *
   * @param calls the calls
   * @param stale those whose answer was stale
   * @param hits those that the cache answered, its second level included
   * @param far those that the second level answered
   * @param failures those that failed, which is right only while the platform is closed
   * @param switches the switches of the version
   * @param example a stale answer
   */
  record Counts(
      long calls, long stale, long hits, long far, long failures, int switches, String example) {
    @Override
    public String toString() {
      return calls + " calls, " + stale + " stale, " + hits + " from the cache (" + far
          + " from the second level), " + failures + " failed, " + switches + " switches "
          + example;
    }
  }

  /**
   * Deploys the first version.
   *
   * @param first its number
   */
  SwitchedModels(Supplier<StatefulConfig> config, Strategy strategy, int first) {
    LocalConfig models = LocalConfig.DEFAULT;
    for (int i = 0; i < MODELS; i++) {
      String says = i + " says ";
      models = models.withFunction(
          "v" + i,
          request -> Response.ofUnsafe((says + request.text()).getBytes(UTF_8), "text/plain"));
    }
    this.local = new LocalProvider().open(models);
    this.config = config;
    this.strategy = strategy;
    switching.set(first);
    switched.set(first);
    open();
  }

  private void open() {
    platform = Stateful.over(
        local,
        config
            .get()
            .withHosting(Hosting.of(RuntimeSpec.NONE, Dependencies.NONE, Scaling.fixed(16))));
    container = platform.deploy(model(switched.get()), policy()).await(LIMIT);
  }

  private StatePolicy policy() {
    return new StatePolicy(
        new CachingPolicy(strategy, cacheBytes(), Eviction.LRU),
        new UpdateStrategy(
            UpdateStrategy.Type.INCREMENTAL,
            Duration.ofMillis(100),
            strategy == Strategy.PREDICTIVE));
  }

  /** With a second level, less than all answers take, so that they come from there. */
  private long cacheBytes() {
    if (config.get().secondLevel().isEmpty()) {
      return 4 << 20;
    }
    return strategy == Strategy.PREDICTIVE ? 512 << 10 : 64 << 10;
  }

  private static ModelArtifact model(int version) {
    return ModelArtifact.of(URI.create("java:v" + version % MODELS))
        .named("switched")
        .with(StatefulModel.DETERMINISTIC);
  }

  /**
   * Asks and switches.
   *
   * @param threads how many ask
   * @param minimumCalls how often they do together, at least
   * @param minimumSwitches how many switches there are, at least
   * @param pause the pause between two switches
   * @param restarts after so many switches the platform is closed and opened; 0 for never
   * @param listener is told of each switch, before it as a negative number and after it
   */
  Counts run(
      int threads,
      long minimumCalls,
      int minimumSwitches,
      Duration pause,
      int restarts,
      IntConsumer listener)
      throws Exception {
    AtomicBoolean enough = new AtomicBoolean();
    ExecutorService callers = Executors.newFixedThreadPool(threads);
    int begin = switched.get();
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int caller = i;
        running.add(callers.submit(() -> ask(caller, enough)));
      }
      while (switched.get() - begin < minimumSwitches || calls.get() < minimumCalls) {
        LockSupport.parkNanos(pause.toNanos());
        change(listener);
        if (restarts > 0 && switched.get() % restarts == 0) {
          platform.close();
          open();
        }
      }
      enough.set(true);
      for (Future<?> caller : running) {
        caller.get();
      }
    } finally {
      enough.set(true);
      callers.shutdownNow();
    }
    return new Counts(
        calls.get(),
        stale.get(),
        hits.get(),
        far.get(),
        failures.get(),
        switched.get() - begin,
        example);
  }

  private void change(IntConsumer listener) {
    int next = switched.get() + 1;
    listener.accept(-next);
    switching.set(next);
    container = platform
        .updateState(container.withArtifact(model(next)), container.state().next())
        .await(LIMIT);
    switched.set(next);
    listener.accept(next);
  }

  private void ask(int caller, AtomicBoolean enough) {
    Random random = new Random(caller);
    StatefulRequest session = StatefulRequest.DEFAULT.withSession("caller " + caller);
    int key = 0;
    while (!enough.get()) {
      key = random.nextInt(10) == 0 ? random.nextInt(KEYS) : (key + 1) % KEYS;
      ask("k" + key, session);
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private void ask(String key, StatefulRequest how) {
    int before = switched.get();
    Response response;
    try {
      response = platform.cacheForward(
          container, Request.of(key.getBytes(UTF_8), "text/plain").with(how));
    } catch (ServingException e) {
      failures.incrementAndGet();
      return;
    }
    int after = switching.get();
    calls.incrementAndGet();
    CacheAnswer.Source source = response.find(CacheAnswer.class).orElseThrow().source();
    if (source != CacheAnswer.Source.MODEL) {
      hits.incrementAndGet();
    }
    if (source == CacheAnswer.Source.L2) {
      far.incrementAndGet();
    }
    String answer = response.text();
    int model = Integer.parseInt(answer.substring(0, answer.indexOf(' ')));
    boolean isFresh = after - before >= MODELS;
    for (int version = before; version <= after; version++) {
      isFresh |= version % MODELS == model;
    }
    if (!isFresh || !answer.endsWith(" says " + key)) {
      stale.incrementAndGet();
      example = "such as '" + answer + "' to " + key + " between " + before + " and " + after;
    }
  }

  long calls() {
    return calls.get();
  }

  long stale() {
    return stale.get();
  }

  @Override
  public void close() {
    platform.close();
    local.close();
  }
}
