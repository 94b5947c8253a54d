package io.fairlead.stateful.internal;

import static io.fairlead.stateful.internal.Beneath.await;
import static io.fairlead.stateful.internal.Beneath.source;
import static io.fairlead.stateful.internal.Beneath.told;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fairlead.grammar.CachingPolicy;
import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.grammar.CachingPolicy.Strategy;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelState.DynamicConfig;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.grammar.UpdateStrategy;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.stateful.CacheAnswer.Source;
import io.fairlead.stateful.CacheEvent;
import io.fairlead.stateful.CachingPlatform;
import io.fairlead.stateful.FeatureImportance;
import io.fairlead.stateful.StatefulConfig;
import io.fairlead.stateful.StatefulModel;
import io.fairlead.stateful.StatefulRequest;
import io.fairlead.stateful.Successors;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a platform finds out by itself: what comes next, what a model cannot tell apart, and what it looks at. */
class InsightTest {
  private final Beneath beneath = new Beneath("sum", this::weighted);
  private volatile boolean slow;
  private final List<CacheEvent> events = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() {
    beneath.close();
  }

  private CachingPlatform open(StatefulConfig config) {
    CachingPlatform platform = beneath.open(config);
    platform.onEvent(events::add);
    return platform;
  }

  private static StatePolicy policy(Strategy strategy, Eviction eviction, DynamicConfig config) {
    return new StatePolicy(
        new CachingPolicy(strategy, 1 << 20, eviction),
        new UpdateStrategy(UpdateStrategy.Type.INCREMENTAL, Duration.ofMinutes(5), false),
        config);
  }

  // ---- what comes next ----

  @Test
  void whatASessionAsksNextIsThereBeforeItAsks() {
    String page = "a page of text ".repeat(700);
    try (Beneath pages = new Beneath("page", request -> Response.json(request.text() + page))) {
      CachingPlatform platform = pages.open();
      StatefulContainer container = await(platform.deploy(
          Beneath.model("page"), policy(Strategy.PREDICTIVE, Eviction.LRU, DynamicConfig.OFF)));
      int hits = 0;
      // The same steps by many sessions, with so many other requests in between that their answers
      // are evicted.
      for (int round = 0; round < 100; round++) {
        for (int step = 0; step < 5; step++) {
          hits += ask(platform, container, "step" + step, "s" + round) == Source.MODEL ? 0 : 1;
        }
        for (int other = 0; other < 100; other++) {
          ask(platform, container, "other" + round + "-" + other, "o" + round);
        }
      }

      assertThat(hits).as("of four that can be known in each of 100 rounds").isGreaterThan(200);
      assertThat(platform.statistics(container).prefetch().used()).isGreaterThan(200);
    }
  }

  private static Source ask(
      CachingPlatform platform, StatefulContainer container, String text, String session) {
    Request request = Beneath.ask(text).with(StatefulRequest.DEFAULT.withSession(session));
    Source source = source(platform.cacheForward(container, request));
    eventually(((DefaultCachingPlatform) platform).spare()::isIdle);
    return source;
  }

  @Test
  void theUsersOwnFunctionSaysWhatComesNext() {
    Successors next = request -> request.text().startsWith("first")
        ? List.of(Beneath.ask("second" + request.text()))
        : List.of();
    CachingPlatform platform = open(StatefulConfig.DEFAULT.withSuccessors(next));
    StatefulContainer echo = await(platform.deploy(
        Beneath.model("one"), policy(Strategy.PREDICTIVE, Eviction.LRU, DynamicConfig.OFF)));

    int hits = 0;
    for (int i = 0; i < 200; i++) {
      platform.cacheForward(echo, Beneath.ask("first" + i));
      eventually(((DefaultCachingPlatform) platform).spare()::isIdle);
      Response second = platform.cacheForward(echo, Beneath.ask("secondfirst" + i));
      hits += source(second) == Source.CACHE_EXACT ? 1 : 0;
    }

    assertThat(hits).as("once it was seen that the function is right").isGreaterThan(150);
    assertThat(platform.statistics(echo).prefetch().used()).isEqualTo(hits);
  }

  @Test
  void whereNoCallsAreSpareNothingIsComputedAhead() {
    CachingPlatform platform = open(StatefulConfig.DEFAULT
        .withSpareCalls(0)
        .withSuccessors(request -> List.of(Beneath.ask("second"))));
    StatefulContainer echo = await(platform.deploy(
        Beneath.model("one"), policy(Strategy.PREDICTIVE, Eviction.LRU, DynamicConfig.OFF)));

    platform.cacheForward(echo, Beneath.ask("first"));

    assertThat(platform.statistics(echo).entries()).isEqualTo(1);
    assertThat(platform.statistics(echo).prefetch().issued()).isZero();
  }

  // ---- what a model cannot tell apart ----

  @Test
  void requestsThatATreeModelCannotTellApartShareAnAnswerAndItIsTheModelsOwn() {
    CachingPlatform platform = open(StatefulConfig.DEFAULT);
    ModelArtifact trees = ModelArtifact.of(
            Path.of("src/test/resources/models/occupancy-gbm.onnx").toAbsolutePath())
        .named("occupancy")
        .with(StatefulModel.DETERMINISTIC);
    StatefulContainer occupancy = await(platform.deploy(
        trees, policy(Strategy.EXACT, Eviction.FEATURE_BASED_LRU, DynamicConfig.OFF)));
    Random random = new Random(7);
    int cells = 0;
    for (int i = 0; i < 2000; i++) {
      Request request = Request.json("{\"instances\": [[%.3f, %.3f, %.1f, %.1f, %.5f, %d, %d]]}"
          .formatted(
              21 + random.nextGaussian() * 0.1,
              25 + random.nextGaussian() * 0.1,
              400 + random.nextGaussian(),
              700 + random.nextGaussian(),
              0.004 + random.nextGaussian() * 0.00001,
              600,
              2));
      Response answer = platform.cacheForward(occupancy, request);
      assertThat(answer.text()).isEqualTo(platform.invoke(occupancy, request).text());
      if (source(answer) == Source.CACHE_CELL) {
        cells++;
        assertThat(told(answer).maxError()).isZero();
      }
    }

    assertThat(cells).isGreaterThan(1500);
    assertThat(events)
        .filteredOn(event -> event.kind() == CacheEvent.Kind.KEYS)
        .singleElement()
        .satisfies(event -> assertThat(event.message()).contains("bit-identical"));
  }

  @Test
  void aModelWhoseCellsAreNotKnownUsesExactKeysAndSaysSo() {
    CachingPlatform platform = open(StatefulConfig.DEFAULT);
    StatefulContainer echo = await(platform.deploy(
        Beneath.model("one"),
        policy(Strategy.EXACT, Eviction.FEATURE_BASED_LRU, DynamicConfig.OFF)));

    platform.cacheForward(echo, Beneath.ask("a"));

    assertThat(source(platform.cacheForward(echo, Beneath.ask("a")))).isEqualTo(Source.CACHE_EXACT);
    assertThat(events)
        .extracting(CacheEvent::kind, CacheEvent::message)
        .containsExactly(tuple(
            CacheEvent.Kind.KEYS,
            "exact keys are used: the model is not one ONNX file on this machine"));
  }

  // ---- what a model looks at ----

  /** 2a + 0b - 5c. */
  private Response weighted(Request request) {
    String[] numbers = request.text().replaceAll("[^0-9.,-]", "").split(",", -1);
    if (slow) {
      long end = System.nanoTime() + 100_000;
      while (System.nanoTime() < end) {
        Thread.onSpinWait();
      }
    }
    double sum = 2 * Double.parseDouble(numbers[0]) - 5 * Double.parseDouble(numbers[2]);
    return Response.json("{\"predictions\": [" + sum + "]}");
  }

  private static ModelArtifact sum(StatefulModel model) {
    return ModelArtifact.of(URI.create("java:sum")).named("sum").with(model);
  }

  @Test
  void theImportanceOfFeaturesIsMeasuredWhileAModelServes() {
    CachingPlatform platform = open(StatefulConfig.DEFAULT);
    StatefulContainer sum = await(platform.deploy(
        sum(StatefulModel.DETERMINISTIC),
        policy(Strategy.EXACT, Eviction.LRU, new DynamicConfig(true, false))));
    assertThat(platform.importance(sum)).isEmpty();
    Random random = new Random(3);

    eventually(() -> {
      for (int i = 0; i < 2000; i++) {
        platform.cacheForward(sum, row(random));
      }
      return platform.importance(sum).stream().allMatch(one -> one.samples() > 20)
          && !platform.importance(sum).isEmpty();
    });

    List<FeatureImportance> importance = platform.importance(sum);
    assertThat(importance).hasSize(3);
    assertThat(importance.get(1).mean()).isLessThan(1e-3);
    assertThat(importance.get(2).mean()).isGreaterThan(importance.get(0).mean());
    assertThat(importance.get(0).standardError()).isFinite().isPositive();
  }

  private static Request row(Random random) {
    return Request.json("{\"instances\": [[%.4f, %.4f, %.4f]]}"
        .formatted(random.nextDouble(), random.nextDouble(), random.nextDouble()));
  }

  // ---- approximate answers ----

  @Test
  void approximateAnswersAreServedOnlyWhereAllowedAndMeasuredAndSaySo() {
    CachingPlatform platform = open(StatefulConfig.DEFAULT);
    StatefulModel allowed = StatefulModel.DETERMINISTIC.withApproximation(
        new StatefulModel.Approximation(3, 0.05, 0.02));
    StatefulContainer sum = await(
        platform.deploy(sum(allowed), policy(Strategy.EXACT, Eviction.LRU, DynamicConfig.OFF)));
    Random random = new Random(5);
    int approximate = 0;
    for (int i = 0; i < 20_000; i++) {
      Response answer = platform.cacheForward(sum, row(random));
      if (source(answer) == Source.CACHE_APPROX) {
        approximate++;
        assertThat(told(answer).maxError()).isEqualTo(3);
        assertThat(told(answer).errorRate()).isEqualTo(0.05);
      }
    }

    assertThat(approximate).isPositive();
    assertThat(platform.statistics(sum).from(Source.CACHE_APPROX)).isEqualTo(approximate);
    assertThat(events)
        .anyMatch(event -> event.kind() == CacheEvent.Kind.APPROXIMATION
            && event.message().startsWith("approximate answers are served"));
  }

  // ---- whether a cache pays ----

  @Test
  void aCacheThatNeverHitsIsPassedByAndUsedAgainWhenItPays() {
    CachingPlatform platform = open(StatefulConfig.DEFAULT);
    StatefulContainer echo = await(platform.deploy(
        Beneath.model("one"),
        policy(Strategy.EXACT, Eviction.LRU, new DynamicConfig(false, true))));

    for (int i = 0; i < 10_000; i++) {
      platform.cacheForward(echo, Beneath.ask("never again " + i));
    }
    assertThat(events)
        .filteredOn(event -> event.kind() == CacheEvent.Kind.BYPASS)
        .singleElement()
        .satisfies(event -> {
          assertThat(event.message()).contains("passed by");
          assertThat(event.numbers()).containsEntry("hitRatio", 0.0);
        });
    assertThat(platform.statistics(echo).bypassed()).isGreaterThan(5000);

    slow = true;
    eventually(() -> {
      for (int i = 0; i < 1000; i++) {
        platform.cacheForward(echo, numbers(i));
      }
      return events.stream().anyMatch(event -> event.message().contains("used again"));
    });
  }

  private static Request numbers(int i) {
    return Request.json("{\"instances\": [[" + i + ", 0, 1]]}");
  }

  private static void eventually(BooleanSupplier condition) {
    long end = System.nanoTime() + Beneath.LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("it did not come within " + Beneath.LIMIT);
      }
      Thread.onSpinWait();
    }
  }
}
