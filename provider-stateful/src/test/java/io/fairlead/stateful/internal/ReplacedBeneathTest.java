package io.fairlead.stateful.internal;

import static io.fairlead.stateful.internal.Beneath.LIMIT;
import static io.fairlead.stateful.internal.Beneath.ask;
import static io.fairlead.stateful.internal.Beneath.await;
import static io.fairlead.stateful.internal.Beneath.model;
import static io.fairlead.stateful.internal.Beneath.policy;
import static io.fairlead.stateful.internal.Beneath.predictive;
import static io.fairlead.stateful.internal.Beneath.source;
import static io.fairlead.stateful.internal.Beneath.told;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.reconcile.ForwardingEndpointPlatform;
import io.fairlead.reconcile.ForwardingFunctionPlatform;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessProvider;
import io.fairlead.stateful.CacheAnswer.Source;
import io.fairlead.stateful.CachingPlatform;
import io.fairlead.stateful.RedisLevel;
import io.fairlead.stateful.StatefulConfig;
import io.fairlead.stateful.internal.persistence.RedisProcess;
import io.fairlead.stateful.internal.persistence.Until;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What others replace beneath a container, between two looks: its answers are nobody else's. */
class ReplacedBeneathTest {
  private static final Duration REFRESH = StatefulConfig.DEFAULT.refresh();

  private final Beneath beneath = new Beneath();
  private final ManualClock clock = new ManualClock();

  @TempDir
  private Path folder;

  @AfterEach
  void close() {
    beneath.close();
  }

  private Endpoint replaceBlueBy(String model) {
    beneath.local.undeployAll("echo").await(LIMIT);
    return beneath.deploy(model, "blue");
  }

  @Test
  void anAnswerOfAModelThatReplacedAnotherUnnoticedIsNotTheOthersWhenThatIsBack() {
    Endpoint blue = beneath.deploy("one", "blue");
    CachingPlatform platform = beneath.open(StatefulConfig.DEFAULT, clock);
    StatefulContainer echo = await(platform.attach(blue, policy(Eviction.LRU)));
    platform.cacheForward(echo, ask("a"));
    clock.pass(REFRESH);
    replaceBlueBy("two");
    assertThat(platform.cacheForward(echo, ask("b")).text()).isEqualTo("two says b");
    clock.pass(REFRESH);
    platform.cacheForward(echo, ask("c"));
    replaceBlueBy("one");
    clock.pass(REFRESH);

    assertThat(platform.cacheForward(echo, ask("b")).text()).isEqualTo("one says b");
    assertThat(source(platform.cacheForward(echo, ask("a"))))
        .as("what was answered before a look that saw the same model")
        .isEqualTo(Source.CACHE_EXACT);
  }

  @Test
  void noSnapshotHasAnAnswerOfAModelThatReplacedAnotherUnnoticed() {
    Endpoint blue = beneath.deploy("one", "blue");
    CachingPlatform before =
        beneath.open(StatefulConfig.DEFAULT.withFolder(folder), new ManualClock());
    StatefulContainer echo = await(before.attach(blue, policy(Eviction.LRU)));
    replaceBlueBy("two");
    assertThat(before.cacheForward(echo, ask("b")).text()).isEqualTo("two says b");
    before.close();
    Endpoint again = replaceBlueBy("one");

    CachingPlatform after =
        beneath.open(StatefulConfig.DEFAULT.withFolder(folder), new ManualClock());
    StatefulContainer attached = await(after.attach(again, policy(Eviction.LRU)));

    assertThat(after.cacheForward(attached, ask("b")).text()).isEqualTo("one says b");
  }

  @Test
  void theSecondLevelGetsAnAnswerOnlyAfterALookThatSawItsModelServe() throws Exception {
    try (RedisProcess redis = RedisProcess.started()) {
      StatefulConfig config =
          StatefulConfig.DEFAULT.withSecondLevel(RedisLevel.at(URI.create(redis.uri())));
      Endpoint blue = beneath.deploy("one", "blue");
      CachingPlatform platform = beneath.open(config, clock);
      StatefulContainer echo = await(platform.attach(blue, policy(Eviction.LRU)));
      CachingPlatform other = beneath.open(config, new ManualClock());
      StatefulContainer others = await(other.attach(blue, policy(Eviction.LRU)));
      // Until the second level of both is reached.
      Until.holds(() -> {
        String key = "reached " + System.nanoTime();
        platform.cacheForward(echo, ask(key));
        clock.pass(REFRESH);
        return source(other.cacheForward(others, ask(key))) == Source.L2;
      });

      replaceBlueBy("two");
      assertThat(platform.cacheForward(echo, ask("b")).text()).isEqualTo("two says b");
      replaceBlueBy("one");
      assertThat(other.cacheForward(others, ask("b")).text()).isEqualTo("one says b");
      replaceBlueBy("two");
      clock.pass(REFRESH);
      replaceBlueBy("one");
      CachingPlatform later = beneath.open(config, new ManualClock());
      StatefulContainer again = await(later.attach(blue, policy(Eviction.LRU)));

      assertThat(later.cacheForward(again, ask("b")).text()).isEqualTo("one says b");
    }
  }

  /** A platform on which others route between the choice of a version and its answer. */
  private static final class RoutedMeanwhile extends ForwardingEndpointPlatform {
    private final AtomicReference<Runnable> meanwhile;

    RoutedMeanwhile(EndpointPlatform platform, AtomicReference<Runnable> meanwhile) {
      super(platform);
      this.meanwhile = meanwhile;
    }

    @Override
    public Response invoke(Endpoint endpoint, Request request) {
      meanwhile.getAndSet(() -> {}).run();
      return super.invoke(endpoint, request);
    }
  }

  @Test
  void anAnswerOfAnotherVersionThanWasAskedSaysWhich() {
    Endpoint blue = beneath.deploy("one", "blue");
    Endpoint green = beneath.deploy("two", "green");
    AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});
    CachingPlatform platform =
        beneath.open(new RoutedMeanwhile(beneath.local, meanwhile), StatefulConfig.DEFAULT, clock);
    StatefulContainer echo = await(platform.attach(blue, policy(Eviction.LRU)));
    String ofGreen =
        told(platform.cacheForward(echo, ask("x").pinnedTo("green"))).modelDigest();
    meanwhile.set(() -> await(beneath.local.route(blue.at(0), green.at(0), TrafficWeight.ALL)));

    Response answer = platform.cacheForward(echo, ask("a"));

    assertThat(answer.text()).isEqualTo("two says a");
    assertThat(answer.variant()).contains("green");
    assertThat(told(answer).modelDigest()).isEqualTo(ofGreen);
  }

  @Test
  void undeployingLeavesTheVariantsOfOthers() {
    CachingPlatform platform = beneath.open();
    StatefulContainer echo = await(platform.deploy(model("one"), policy(Eviction.LRU)));
    beneath.deploy("two", "green");

    assertThatThrownBy(() -> await(platform.undeploy(echo)))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT))
        .hasMessageContaining("green");

    assertThat(beneath.local.list()).extracting(Deployment::variant).hasSize(2);
    assertThat(platform.cacheForward(echo, ask("a")).text()).isEqualTo("one says a");
  }

  @Test
  void undeployingAFunctionThatOthersReplacedLeavesItAndForgetsTheContainer() {
    try (FunctionPlatform functions = functions();
        CachingPlatform platform = Wrapping.over(functions, StatefulConfig.DEFAULT, false)) {
      StatefulContainer echo = await(platform.deploy(model("one"), policy(Eviction.LRU)));
      ModelFunction others = await(functions.deploy(model("two"), FunctionLimits.DEFAULT));

      await(platform.undeploy(echo));

      assertThat(functions.invoke(others, ask("a")).text()).isEqualTo("two says a");
      assertThat(platform.list()).isEmpty();
    }
  }

  private FunctionPlatform functions() {
    return new ServerlessProvider()
        .open(ServerlessConfig.DEFAULT
            .withFunction("one", beneath.one)
            .withFunction("two", beneath.two));
  }

  @Test
  void aFunctionOfAnotherModelThatAnotherProcessDeployedIsNotReplaced() {
    try (FunctionPlatform functions = functions();
        CachingPlatform one = Wrapping.over(functions, StatefulConfig.DEFAULT, false);
        CachingPlatform other = Wrapping.over(functions, StatefulConfig.DEFAULT, false)) {
      StatefulContainer first = await(one.deploy(model("one"), policy(Eviction.LRU)));

      assertThatThrownBy(() -> await(other.deploy(model("two"), policy(Eviction.LRU))))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT))
          .hasMessageContaining("serves another model");
      StatefulContainer same = await(other.deploy(model("one"), policy(Eviction.LRU)));

      assertThat(one.cacheForward(first, ask("a")).text()).isEqualTo("one says a");
      assertThat(other.cacheForward(same, ask("a")).text()).isEqualTo("one says a");
    }
  }

  @Test
  void anAnswerOfAFunctionThatReplacedAnotherUnnoticedIsNotTheOthersWhenThatIsBack() {
    try (FunctionPlatform functions = functions();
        CachingPlatform platform = Wrapping.over(functions, StatefulConfig.DEFAULT, false, clock)) {
      ModelFunction function = await(functions.deploy(model("one"), FunctionLimits.DEFAULT));
      StatefulContainer echo = await(platform.attach(function, policy(Eviction.LRU)));
      await(functions.deploy(model("two"), FunctionLimits.DEFAULT));
      assertThat(platform.cacheForward(echo, ask("b")).text()).isEqualTo("two says b");
      clock.pass(REFRESH);
      platform.cacheForward(echo, ask("c"));
      await(functions.deploy(model("one"), FunctionLimits.DEFAULT));
      clock.pass(REFRESH);

      assertThat(platform.cacheForward(echo, ask("b")).text()).isEqualTo("one says b");
    }
  }

  /** Functions that do something of a test's when a model is asked to cancel. */
  private static final class Cancelling extends ForwardingFunctionPlatform {
    private volatile Runnable cancel = () -> {};

    Cancelling(FunctionPlatform platform) {
      super(platform);
    }

    @Override
    public Response invoke(ModelFunction function, Request request) {
      if (request.text().equals("cancel")) {
        cancel.run();
      }
      return super.invoke(function, request);
    }
  }

  @Test
  void aFunctionWhoseUpdateIsCancelledWhenTheNewOneServesAlreadyAnswersAsBefore() {
    try (Cancelling functions = new Cancelling(functions());
        CachingPlatform platform = Wrapping.over(functions, StatefulConfig.DEFAULT, false, clock)) {
      StatefulContainer first = await(platform.deploy(model("one"), predictive()));
      platform.cacheForward(first, ask("a"));
      platform.cacheForward(first, ask("cancel"));
      CompletableFuture<Operation<StatefulContainer>> update = new CompletableFuture<>();
      functions.cancel = () -> update.join().cancel();

      update.complete(
          platform.updateState(first.withArtifact(model("two")), first.state().next()));

      assertThatThrownBy(() -> await(update.join()))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED))
          .hasMessageContaining("Rolled back");
      functions.cancel = () -> {};
      for (String key : List.of("a", "b", "c", "b")) {
        Response answer = platform.cacheForward(first, ask(key));
        assertThat(answer.text()).isEqualTo("one says " + key);
      }
      assertThat(source(platform.cacheForward(first, ask("a")))).isEqualTo(Source.CACHE_EXACT);
      assertThat(told(platform.cacheForward(first, ask("b"))).modelDigest())
          .isEqualTo(told(platform.cacheForward(first, ask("a"))).modelDigest());
    }
  }
}
