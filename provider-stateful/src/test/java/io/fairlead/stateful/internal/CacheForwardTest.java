package io.fairlead.stateful.internal;

import static io.fairlead.stateful.internal.Beneath.ask;
import static io.fairlead.stateful.internal.Beneath.await;
import static io.fairlead.stateful.internal.Beneath.model;
import static io.fairlead.stateful.internal.Beneath.policy;
import static io.fairlead.stateful.internal.Beneath.source;
import static io.fairlead.stateful.internal.Beneath.told;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.CachingPolicy;
import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.RequestOptions;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.platform.Description;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.reconcile.ForwardingEndpointPlatform;
import io.fairlead.stateful.CacheAnswer.Source;
import io.fairlead.stateful.CacheStatistics;
import io.fairlead.stateful.CachingPlatform;
import io.fairlead.stateful.StatefulConfig;
import io.fairlead.stateful.StatefulRequest;
import io.fairlead.stateful.internal.cache.AnswerStore;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CacheForwardTest {
  private final Beneath beneath = new Beneath();
  private final ManualClock clock = new ManualClock();
  private final CachingPlatform platform = beneath.open(StatefulConfig.DEFAULT, clock);

  @AfterEach
  void close() {
    beneath.close();
  }

  private StatefulContainer deploy() {
    return await(platform.deploy(model("one"), policy(Eviction.LRU)));
  }

  @Test
  void anAnswerTellsWhereItComesFromHowOldItIsAndOfWhichVersion() {
    StatefulContainer echo = deploy();

    Response first = platform.cacheForward(echo, ask("a"));
    clock.pass(Duration.ofSeconds(3));
    Response second = platform.cacheForward(echo, ask("a"));

    assertThat(source(first)).isEqualTo(Source.MODEL);
    assertThat(told(first).age()).isZero();
    assertThat(source(second)).isEqualTo(Source.CACHE_EXACT);
    assertThat(told(second).age()).isEqualTo(Duration.ofSeconds(3));
    assertThat(told(second).modelDigest())
        .matches("[0-9a-f]{64}")
        .isEqualTo(told(first).modelDigest());
    assertThat(told(second).maxError()).isZero();
    assertThat(told(second).errorRate()).isZero();
    assertThat(second.variant()).isEqualTo(first.variant()).isPresent();
    assertThat(second.contentType()).isEqualTo("text/plain");
  }

  @Test
  void theSameBytesForAnotherPathOfTheContainerAreAnotherRequest() {
    StatefulContainer echo = deploy();

    for (int i = 0; i < 2; i++) {
      platform.cacheForward(echo, ask("a"));
      platform.cacheForward(echo, ask("a").withPath("/v1/embeddings"));
      platform.cacheForward(echo, ask("a").withPath("/v1/completions"));
    }

    assertThat(beneath.one.calls()).isEqualTo(3);
  }

  @Test
  void aRequestIsRetainedWithItsPath() {
    Request request = ask("a").withPath("/v1/embeddings");

    Request again = RequestKeys.request(RequestKeys.kind(request), request.bodyUnsafe());

    assertThat(again.path()).contains("/v1/embeddings");
    assertThat(again.contentType()).isEqualTo(request.contentType());
    assertThat(RequestKeys.request(RequestKeys.kind(ask("a")), new byte[0]).path())
        .isEmpty();
  }

  @ParameterizedTest
  @EnumSource(Eviction.class)
  void everyEvictionPolicyRemembers(Eviction eviction) {
    StatefulContainer echo = await(platform.deploy(model("one"), policy(eviction)));

    for (int i = 0; i < 3; i++) {
      assertThat(platform.cacheForward(echo, ask("a")).text()).isEqualTo("one says a");
    }

    assertThat(beneath.one.calls()).isEqualTo(1);
  }

  @Test
  void aModelThatIsNotSaidToBeDeterministicIsNotCached() {
    StatefulContainer echo = await(platform.deploy(
        ModelArtifact.of(URI.create("java:one")).named("echo"), policy(Eviction.LRU)));

    for (int i = 0; i < 3; i++) {
      assertThat(source(platform.cacheForward(echo, ask("a")))).isEqualTo(Source.MODEL);
    }

    assertThat(beneath.one.calls()).isEqualTo(3);
    assertThat(platform.statistics(echo).bypassed()).isEqualTo(3);
  }

  @Test
  void whereAllModelsAreDeterministicNoneHasToSayIt() {
    CachingPlatform all =
        beneath.open(StatefulConfig.DEFAULT.withDeterministicModels(), new ManualClock());
    StatefulContainer echo = await(
        all.deploy(ModelArtifact.of(URI.create("java:one")).named("other"), policy(Eviction.LRU)));

    all.cacheForward(echo, ask("a"));

    assertThat(source(all.cacheForward(echo, ask("a")))).isEqualTo(Source.CACHE_EXACT);
  }

  @Test
  void noCacheAsksTheModelAndReplacesTheAnswer() {
    StatefulContainer echo = deploy();
    platform.cacheForward(echo, ask("a"));
    clock.pass(Duration.ofSeconds(9));

    Response fresh =
        platform.cacheForward(echo, ask("a").with(StatefulRequest.DEFAULT.withNoCache()));
    Response after = platform.cacheForward(echo, ask("a"));

    assertThat(source(fresh)).isEqualTo(Source.MODEL);
    assertThat(beneath.one.calls()).isEqualTo(2);
    assertThat(source(after)).isEqualTo(Source.CACHE_EXACT);
    assertThat(told(after).age()).isZero();
  }

  @Test
  void noStoreKeepsNothingAndMayBeAnsweredByWhatIsThere() {
    StatefulContainer echo = deploy();
    Request secret = ask("a").with(StatefulRequest.DEFAULT.withNoStore());

    platform.cacheForward(echo, secret);
    platform.cacheForward(echo, secret);
    assertThat(beneath.one.calls()).isEqualTo(2);
    assertThat(platform.statistics(echo).entries()).isZero();

    platform.cacheForward(echo, ask("a"));
    assertThat(source(platform.cacheForward(echo, secret))).isEqualTo(Source.CACHE_EXACT);
  }

  @Test
  void scopesShareNoAnswers() {
    StatefulContainer echo = deploy();
    Request mine = ask("a").with(StatefulRequest.DEFAULT.withScope("mine"));
    Request yours = ask("a").with(StatefulRequest.DEFAULT.withScope("yours"));

    platform.cacheForward(echo, mine);

    assertThat(source(platform.cacheForward(echo, yours))).isEqualTo(Source.MODEL);
    assertThat(source(platform.cacheForward(echo, ask("a")))).isEqualTo(Source.MODEL);
    assertThat(source(platform.cacheForward(echo, mine))).isEqualTo(Source.CACHE_EXACT);
  }

  /** An option that may change the answer. */
  private record LocalOption() implements RequestOptions {
    @Override
    public String platform() {
      return "local";
    }
  }

  @Test
  void aRequestWithOptionsOfThePlatformBeneathPassesTheCacheBy() {
    StatefulContainer echo = deploy();
    platform.cacheForward(echo, ask("a"));

    // That platform knows no such option, and says so itself.
    assertThatThrownBy(() -> platform.cacheForward(echo, ask("a").with(new LocalOption())))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("LocalOption");
  }

  @Test
  void answersInPiecesPassTheCacheBy() {
    StatefulContainer echo = deploy();
    StringBuilder text = new StringBuilder();

    for (int i = 0; i < 2; i++) {
      platform.invokeStreaming(echo, ask("a"), piece -> text.append(UTF_8.decode(piece)));
    }

    assertThat(text).hasToString("one says aone says a");
    assertThat(beneath.one.calls()).isEqualTo(2);
  }

  @Test
  void manyWhoAskTheSameAskTheModelOnceAndOthersDoNotWaitForThem() throws Exception {
    StatefulContainer echo = deploy();
    CountDownLatch hold = beneath.one.hold();
    ExecutorService callers = Executors.newCachedThreadPool();
    try {
      List<Future<Response>> same = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        same.add(callers.submit(() -> platform.cacheForward(echo, ask("held"))));
      }
      beneath.one.awaitEntered();

      for (int i = 0; i < 1000; i++) {
        assertThat(platform.cacheForward(echo, ask("free" + i)).text())
            .isEqualTo("one says free" + i);
      }

      assertThat(same).noneMatch(Future::isDone);
      hold.countDown();
      for (Future<Response> call : same) {
        assertThat(call.get().text()).isEqualTo("one says held");
      }
      assertThat(beneath.one.calls()).isEqualTo(1001);
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void aCacheThatTakesTooMuchOfTheHeapIsRefused() {
    long heap = Runtime.getRuntime().maxMemory();
    StatePolicy large = new StatePolicy(
        new CachingPolicy(CachingPolicy.Strategy.EXACT, heap * 7 / 10, Eviction.LRU),
        policy(Eviction.LRU).update());

    assertThatThrownBy(() -> platform.deploy(model("one"), large))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("cacheBytes")
        .hasMessageContaining("60 %")
        .hasMessageContaining(String.valueOf(heap));
  }

  @Test
  void whatOthersRouteBeneathIsNoticed() {
    Endpoint blue = beneath.deploy("one", "blue");
    Endpoint green = beneath.deploy("two", "green");
    StatefulContainer echo = await(platform.attach(blue, policy(Eviction.LRU)));
    assertThat(platform.cacheForward(echo, ask("a")).text()).isEqualTo("one says a");

    await(beneath.local.route(blue.at(0), green.at(0), TrafficWeight.ALL));
    clock.pass(StatefulConfig.DEFAULT.refresh());

    assertThat(platform.cacheForward(echo, ask("a")).text()).isEqualTo("two says a");
    assertThat(source(platform.cacheForward(echo, ask("a")))).isEqualTo(Source.CACHE_EXACT);
  }

  @Test
  void anAnswerOfAnotherVariantThanExpectedIsNotKeptAndMakesTheNextRequestLook() {
    Endpoint blue = beneath.deploy("one", "blue");
    Endpoint green = beneath.deploy("two", "green");
    StatefulContainer echo = await(platform.attach(blue, policy(Eviction.LRU)));
    platform.cacheForward(echo, ask("a"));

    await(beneath.local.route(blue.at(0), green.at(0), TrafficWeight.ALL));

    assertThat(platform.cacheForward(echo, ask("b")).text()).isEqualTo("two says b");
    assertThat(platform.cacheForward(echo, ask("a")).text()).isEqualTo("two says a");
    assertThat(platform.cacheForward(echo, ask("b")).text()).isEqualTo("two says b");
  }

  @Test
  void afterALongPauseTheFirstRequestLooksBeforeItIsAnswered() {
    Endpoint blue = beneath.deploy("one", "blue");
    Endpoint green = beneath.deploy("two", "green");
    StatefulContainer echo = await(platform.attach(blue, policy(Eviction.LRU)));
    platform.cacheForward(echo, ask("a"));
    clock.pass(Duration.ofHours(1));
    await(beneath.local.route(blue.at(0), green.at(0), TrafficWeight.ALL));

    assertThat(platform.cacheForward(echo, ask("a")).text()).isEqualTo("two says a");
  }

  /** A platform that cannot be read any more, but still serves. */
  private static final class Unreadable extends ForwardingEndpointPlatform {
    private final AtomicBoolean unreadable = new AtomicBoolean();
    private final AtomicInteger looks = new AtomicInteger();

    Unreadable(EndpointPlatform platform) {
      super(platform);
    }

    @Override
    public Optional<Description<Endpoint>> describe(String name, String variant, Duration limit) {
      if (unreadable.get()) {
        looks.incrementAndGet();
        throw new ServingException(id(), ErrorKind.UNAVAILABLE, "the control plane is down");
      }
      return super.describe(name, variant, limit);
    }
  }

  @Test
  void whileItCannotBeReadWhatServesTheModelIsAskedAndNobodyWaits() {
    Unreadable unreadable = new Unreadable(beneath.local);
    CachingPlatform over = beneath.open(unreadable, StatefulConfig.DEFAULT, clock);
    StatefulContainer echo = await(over.deploy(model("one"), policy(Eviction.LRU)));
    over.cacheForward(echo, ask("a"));
    unreadable.unreadable.set(true);
    clock.pass(Duration.ofMinutes(1));
    int before = unreadable.looks.get();

    for (int i = 0; i < 100; i++) {
      Response answer = over.cacheForward(echo, ask("a"));
      assertThat(source(answer)).isEqualTo(Source.MODEL);
      assertThat(answer.text()).isEqualTo("one says a");
    }
    assertThat(unreadable.looks.get() - before).as("looks for 100 requests").isLessThan(2);

    unreadable.unreadable.set(false);
    clock.pass(StatefulConfig.DEFAULT.refresh());
    over.cacheForward(echo, ask("a"));
    assertThat(source(over.cacheForward(echo, ask("a")))).isEqualTo(Source.CACHE_EXACT);
  }

  @Test
  void aPinnedRequestIsAnsweredByItsVariantFromTheCacheToo() {
    Endpoint blue = beneath.deploy("one", "blue");
    beneath.deploy("two", "green");
    StatefulContainer echo = await(platform.attach(blue, policy(Eviction.LRU)));

    for (int i = 0; i < 2; i++) {
      assertThat(platform.cacheForward(echo, ask("a").pinnedTo("green")).text())
          .isEqualTo("two says a");
      assertThat(platform.cacheForward(echo, ask("a")).text()).isEqualTo("one says a");
    }

    assertThat(beneath.one.calls()).isEqualTo(1);
    assertThat(beneath.two.calls()).isEqualTo(1);
    assertThatThrownBy(() -> platform.cacheForward(echo, ask("a").pinnedTo("red")))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND));
  }

  /** A platform that cannot pin a request while requests are divided. */
  private static final class WithoutPins extends ForwardingEndpointPlatform {
    WithoutPins(EndpointPlatform platform) {
      super(platform);
    }

    @Override
    public Response invoke(Endpoint endpoint, Request request) {
      if (request.variant().isPresent()) {
        throw new ServingException(id(), ErrorKind.UNSUPPORTED, "requests cannot be pinned here");
      }
      return super.invoke(endpoint, request);
    }
  }

  @Test
  void whereRequestsCannotBePinnedDividedOnesPassTheCacheBy() {
    Endpoint blue = beneath.deploy("one", "blue");
    Endpoint green = beneath.deploy("two", "green");
    CachingPlatform over =
        beneath.open(new WithoutPins(beneath.local), StatefulConfig.DEFAULT, new ManualClock());
    await(beneath.local.route(blue.at(0), green.at(0), TrafficWeight.percent(50)));
    StatefulContainer echo = await(over.attach(blue, policy(Eviction.LRU)));

    int toTwo = 0;
    for (int i = 0; i < 200; i++) {
      Response answer = over.cacheForward(echo, ask("a"));
      assertThat(source(answer)).isEqualTo(Source.MODEL);
      toTwo += answer.text().startsWith("two") ? 1 : 0;
    }

    assertThat(toTwo).isBetween(50, 150);
    assertThat(beneath.one.calls() + beneath.two.calls()).isEqualTo(200);
  }

  @Test
  void whatTheCacheDidIsCounted() {
    StatefulContainer echo = deploy();
    for (int i = 0; i < 10; i++) {
      platform.cacheForward(echo, ask("a" + i % 4));
    }

    CacheStatistics statistics = platform.statistics(echo);

    assertThat(statistics.from(Source.MODEL)).isEqualTo(4);
    assertThat(statistics.from(Source.CACHE_EXACT)).isEqualTo(6);
    assertThat(statistics.modelCalls()).isEqualTo(4);
    assertThat(statistics.entries()).isEqualTo(4);
    assertThat(statistics.bytes()).isPositive().isLessThan(4096);
    assertThat(statistics.hitRatio()).isEqualTo(0.6);
    assertThat(statistics.failures()).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void twoRequestsWithOneKeyAreToldApartOnlyWhereKeysAreVerified(boolean verified) {
    StatefulConfig config =
        verified ? StatefulConfig.DEFAULT.withKeysVerified() : StatefulConfig.DEFAULT;
    CachingPlatform opened = beneath.open(config, new ManualClock());
    StatefulContainer echo = await(opened.deploy(model("one"), policy(Eviction.LRU)));
    opened.cacheForward(echo, ask("b"));
    LiveContainer live =
        ((DefaultCachingPlatform) opened).containers().require("echo", "look into");
    RequestKeys keys = requireNonNull(live.versions().main()).keys();
    AnswerStore store = requireNonNull(live.cache().store());
    // As if the hash of "a" were that of "b".
    store.put(keys.exact("", ask("a")), requireNonNull(store.get(keys.exact("", ask("b")))));

    assertThat(opened.cacheForward(echo, ask("a")).text())
        .isEqualTo(verified ? "one says a" : "one says b");
    assertThat(opened.cacheForward(echo, ask("b")).text()).isEqualTo("one says b");
  }

  @Test
  void aBodyThatItsOwnerReadsDoesNotChangeTheAnswer() {
    StatefulContainer echo = deploy();
    platform.cacheForward(echo, ask("a"));

    ByteBuffer buffer = platform.cacheForward(echo, ask("a")).bodyBuffer();

    assertThat(buffer.isReadOnly()).isTrue();
  }
}
