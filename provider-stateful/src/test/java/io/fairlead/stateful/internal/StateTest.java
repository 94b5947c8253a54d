package io.fairlead.stateful.internal;

import static io.fairlead.stateful.internal.Beneath.LIMIT;
import static io.fairlead.stateful.internal.Beneath.ask;
import static io.fairlead.stateful.internal.Beneath.await;
import static io.fairlead.stateful.internal.Beneath.model;
import static io.fairlead.stateful.internal.Beneath.policy;
import static io.fairlead.stateful.internal.Beneath.predictive;
import static io.fairlead.stateful.internal.Beneath.source;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.ModelState;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.grammar.Version;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.reconcile.ForwardingEndpointPlatform;
import io.fairlead.stateful.CacheAnswer.Source;
import io.fairlead.stateful.CacheEvent;
import io.fairlead.stateful.CachingPlatform;
import io.fairlead.stateful.StatefulConfig;
import io.fairlead.stateful.StatefulModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** State over time: versions that replace each other, and processes that end. */
class StateTest {
  @TempDir
  private Path folder;

  private final Beneath beneath = new Beneath();

  @AfterEach
  void close() {
    beneath.close();
  }

  private CachingPlatform stored(StateClock clock) {
    return beneath.open(StatefulConfig.DEFAULT.withFolder(folder), clock);
  }

  // ---- versions ----

  @Test
  void aNewVersionIsWarmBeforeItServes() {
    CachingPlatform platform = beneath.open();
    StatefulContainer first = await(platform.deploy(model("one"), predictive()));
    for (int i = 0; i < 100; i++) {
      platform.cacheForward(first, ask("a" + i));
    }

    StatefulContainer second = await(
        platform.updateState(first.withArtifact(model("two")), first.state().next()));

    assertThat(beneath.two.calls()).as("half of what was there").isEqualTo(50);
    for (int i = 50; i < 100; i++) {
      assertThat(platform.cacheForward(second, ask("a" + i)).text()).isEqualTo("two says a" + i);
    }
    assertThat(beneath.two.calls()).as("the half that was asked last").isEqualTo(50);
    assertThat(beneath.local.list()).extracting(Deployment::name).containsExactly("echo");
  }

  @ParameterizedTest
  @EnumSource(Eviction.class)
  void theAnswersOfAReplacedVersionDoNotKeepThoseOfTheNewOneOut(Eviction eviction) {
    CachingPlatform platform = beneath.open();
    StatefulContainer first = await(platform.deploy(model("one"), policy(eviction)));
    for (int i = 0; i < 20_000; i++) {
      platform.cacheForward(first, ask("a" + i % 4000));
    }
    StatefulContainer second = await(
        platform.updateState(first.withArtifact(model("two")), first.state().next()));

    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 1000; i++) {
        platform.cacheForward(second, ask("b" + i));
      }
    }

    assertThat(beneath.two.calls())
        .as("1,000 answers fit, and are asked for twice")
        .isLessThan(1100);
  }

  @Test
  void goingBackFindsTheAnswersOfBefore() {
    CachingPlatform platform = beneath.open();
    StatefulContainer first = await(platform.deploy(model("one"), policy(Eviction.LRU)));
    platform.cacheForward(first, ask("a"));
    StatefulContainer second = await(
        platform.updateState(first.withArtifact(model("two")), first.state().next()));
    platform.cacheForward(second, ask("a"));

    StatefulContainer third = await(
        platform.updateState(second.withArtifact(model("one")), second.state().next()));

    assertThat(platform.cacheForward(third, ask("a")).text()).isEqualTo("one says a");
    assertThat(beneath.one.calls()).as("its answer was still there").isEqualTo(1);
  }

  @Test
  void anotherDynamicConfigKeepsWhatIsRemembered() {
    CachingPlatform platform = beneath.open();
    StatefulContainer first = await(platform.deploy(model("one"), policy(Eviction.LRU)));
    platform.cacheForward(first, ask("a"));
    ModelState tuned = first.state().next().with(new ModelState.DynamicConfig(false, true));

    StatefulContainer second = await(platform.updateState(first, tuned));

    assertThat(second.state().dynamicConfig().automaticCacheTuning()).isTrue();
    assertThat(source(platform.cacheForward(second, ask("a")))).isEqualTo(Source.CACHE_EXACT);
    assertThat(beneath.one.calls()).isEqualTo(1);
  }

  /** A platform on which no route succeeds. */
  private static final class WithoutRoutes extends ForwardingEndpointPlatform {
    WithoutRoutes(EndpointPlatform platform) {
      super(platform);
    }

    @Override
    public Operation<Version> route(Version stable, Version candidate, TrafficWeight weight) {
      throw new ServingException(id(), ErrorKind.QUOTA, "there are no more routes");
    }
  }

  @Test
  void aRolloutThatFailsLeavesNothingAndServesAsBefore() {
    CachingPlatform platform = beneath.open(
        new WithoutRoutes(beneath.local), StatefulConfig.DEFAULT, StateClock.system("stateful"));
    StatefulContainer first = await(platform.deploy(model("one"), policy(Eviction.LRU)));
    platform.cacheForward(first, ask("a"));
    List<Deployment> before = beneath.local.list();

    assertThatThrownBy(() -> await(
            platform.updateState(first.withArtifact(model("two")), first.state().next())))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.QUOTA))
        .hasMessageContaining("there are no more routes")
        .hasMessageContaining("Rolled back: local echo");

    assertThat(beneath.local.list()).isEqualTo(before);
    assertThat(platform.describe("echo", LIMIT).orElseThrow().value()).contains(first);
    assertThat(source(platform.cacheForward(first, ask("a")))).isEqualTo(Source.CACHE_EXACT);
  }

  /** A platform whose process dies when it routes. */
  private static final class DyingAtRoute extends ForwardingEndpointPlatform {
    private final AtomicReference<CachingPlatform> over;

    DyingAtRoute(EndpointPlatform platform, AtomicReference<CachingPlatform> over) {
      super(platform);
      this.over = over;
    }

    @Override
    public Operation<Version> route(Version stable, Version candidate, TrafficWeight weight) {
      over.get().close();
      throw new ServingException(id(), ErrorKind.UNAVAILABLE, "the process died");
    }
  }

  @Test
  void aRolloutWhoseProcessDiedIsTakenUpByAnother() {
    AtomicReference<CachingPlatform> dying = new AtomicReference<>();
    dying.set(beneath.open(
        new DyingAtRoute(beneath.local, dying),
        StatefulConfig.DEFAULT,
        StateClock.system("stateful")));
    StatefulContainer first = await(dying.get().deploy(model("one"), policy(Eviction.LRU)));
    assertThatThrownBy(() -> await(dying
            .get()
            .updateState(first.withArtifact(model("two")), first.state().next())))
        .isInstanceOf(ServingException.class);
    assertThat(beneath.local.list()).as("both variants").hasSize(2);

    CachingPlatform next = beneath.open();
    StatefulContainer again = await(next.deploy(model("one"), policy(Eviction.LRU)));
    assertThat(beneath.local.list())
        .as("the version that did not come to serve is gone")
        .hasSize(1);
    StatefulContainer second =
        await(next.updateState(again.withArtifact(model("two")), again.state().next()));

    assertThat(next.cacheForward(second, ask("a")).text()).isEqualTo("two says a");
    await(next.undeploy(second));
    assertThat(beneath.local.list()).isEmpty();
    assertThat(beneath.local.inventory()).isEmpty();
  }

  @Test
  void aNameThatServesWithoutStateIsNotTakenOver() {
    Endpoint blue = beneath.deploy("one", "blue");
    CachingPlatform platform = beneath.open();

    assertThatThrownBy(() -> await(platform.deploy(model("one"), policy(Eviction.LRU))))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT))
        .hasMessageContaining("attach");
    await(platform.undeployAll("echo"));

    assertThat(beneath.local.invoke(blue, ask("a")).text()).isEqualTo("one says a");
  }

  @Test
  void anotherProcessUndeploysWhatThisOneDeployedAndLeavesWhatItAttachedTo() {
    CachingPlatform platform = beneath.open();
    StatefulContainer first = await(platform.deploy(model("one"), policy(Eviction.LRU)));
    CachingPlatform other = beneath.open();

    await(other.undeploy(first));

    assertThat(beneath.local.list()).isEmpty();
  }

  @Test
  void noAnswerIsStaleWhileVersionsAreSwitched() throws Exception {
    CachingPlatform platform = beneath.open();
    AtomicReference<StatefulContainer> current =
        new AtomicReference<>(await(platform.deploy(model("one"), predictive())));
    AtomicInteger switching = new AtomicInteger();
    AtomicInteger switched = new AtomicInteger();
    AtomicBoolean enough = new AtomicBoolean();
    ExecutorService callers = Executors.newFixedThreadPool(4);
    try {
      List<Future<Integer>> calls = new ArrayList<>();
      for (int caller = 0; caller < 4; caller++) {
        calls.add(callers.submit(() -> {
          int count = 0;
          while (!enough.get()) {
            int before = switched.get();
            String key = "a" + count % 50;
            String answer = platform.cacheForward(current.get(), ask(key)).text();
            int after = switching.get();
            // Of each version that served between the two looks it may be, and of none before.
            List<String> possible = new ArrayList<>();
            for (int version = before; version <= Math.min(after, before + 1); version++) {
              possible.add((version % 2 == 0 ? "one" : "two") + " says " + key);
            }
            assertThat(answer).isIn(possible);
            count++;
          }
          return count;
        }));
      }
      for (int i = 1; i <= 40; i++) {
        String next = i % 2 == 0 ? "one" : "two";
        StatefulContainer before = current.get();
        switching.set(i);
        StatefulContainer after = await(platform.updateState(
            before.withArtifact(model(next)), before.state().next()));
        current.set(after);
        switched.set(i);
        for (int k = 0; k < 50; k++) {
          assertThat(platform.cacheForward(after, ask("a" + k)).text())
              .isEqualTo(next + " says a" + k);
        }
      }
      enough.set(true);
      for (Future<Integer> call : calls) {
        assertThat(call.get()).isPositive();
      }
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void aModelWhoseFileIsReplacedAndThatIsDeployedAgainBeneathIsAnother() throws Exception {
    Path file = folder.resolve("model.onnx");
    Files.copy(Path.of("src/test/resources/models/occupancy-gbm.onnx"), file);
    ModelArtifact artifact =
        ModelArtifact.of(file).named("model").with(StatefulModel.DETERMINISTIC);
    Request request = Request.json("{\"instances\": [[21, 25, 400, 700, 0.004, 600, 2]]}");
    ManualClock clock = new ManualClock();
    try (FunctionPlatform functions = Platforms.open("serverless", FunctionPlatform.class);
        CachingPlatform platform = Wrapping.over(functions, StatefulConfig.DEFAULT, false, clock)) {
      ModelFunction function = await(functions.deploy(artifact, FunctionLimits.DEFAULT));
      StatefulContainer model = await(platform.attach(function, policy(Eviction.LRU)));
      platform.cacheForward(model, request);
      assertThat(source(platform.cacheForward(model, request))).isEqualTo(Source.CACHE_EXACT);

      // That it was written is enough: what is in it is not read again to answer requests.
      Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
      await(functions.deploy(artifact, FunctionLimits.DEFAULT));
      clock.pass(StatefulConfig.DEFAULT.refresh());

      assertThat(source(platform.cacheForward(model, request))).isEqualTo(Source.MODEL);
    }
  }

  // ---- what outlives the process ----

  @Test
  void aRestartIsWarmAndGoesOnFromTheSameState() {
    ManualClock clock = new ManualClock();
    CachingPlatform before = stored(clock);
    StatefulContainer first = await(before.deploy(model("one"), policy(Eviction.LRU)));
    StatefulContainer second = await(before.updateState(first, first.state().next()));
    for (int i = 0; i < 20; i++) {
      before.cacheForward(second, ask("a" + i));
    }
    before.close();

    CachingPlatform after = stored(new ManualClock());
    StatefulContainer again = await(after.deploy(model("one"), policy(Eviction.LRU)));

    assertThat(again.state().epoch()).isEqualTo(1);
    assertThat(again.state().cache().snapshot()).isNotEmpty();
    for (int i = 0; i < 20; i++) {
      assertThat(source(after.cacheForward(again, ask("a" + i)))).isEqualTo(Source.CACHE_EXACT);
    }
    assertThat(beneath.one.calls()).isEqualTo(20);
  }

  @Test
  void whatWasThereAtTheLastCycleIsThereAfterAProcessThatDidNotCloseAnything() {
    ManualClock clock = new ManualClock();
    CachingPlatform before = stored(clock);
    StatefulContainer first = await(before.deploy(model("one"), policy(Eviction.LRU)));
    before.cacheForward(first, ask("a"));
    clock.pass(Duration.ofMinutes(5));
    before.cacheForward(first, ask("b"));
    Path copy = copyOfFolder();

    CachingPlatform after =
        beneath.open(StatefulConfig.DEFAULT.withFolder(copy), new ManualClock());
    StatefulContainer again = await(after.deploy(model("one"), policy(Eviction.LRU)));

    assertThat(source(after.cacheForward(again, ask("a")))).isEqualTo(Source.CACHE_EXACT);
    assertThat(source(after.cacheForward(again, ask("b")))).isEqualTo(Source.MODEL);
  }

  private Path copyOfFolder() {
    try (var files = Files.walk(folder)) {
      Path copy = folder.resolveSibling("copy-of-" + folder.getFileName());
      for (Path file : files.toList()) {
        Path to = copy.resolve(folder.relativize(file));
        if (Files.isDirectory(file)) {
          Files.createDirectories(to);
        } else {
          Files.copy(file, to);
        }
      }
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void theAnswersOfAnotherModelAreNotRestored() {
    CachingPlatform before = stored(new ManualClock());
    StatefulContainer first = await(before.deploy(model("one"), policy(Eviction.LRU)));
    before.cacheForward(first, ask("a"));
    before.close();
    beneath.local.undeployAll("echo").await(LIMIT);

    CachingPlatform after = stored(new ManualClock());
    StatefulContainer other = await(after.deploy(model("two"), policy(Eviction.LRU)));

    assertThat(other.state().epoch()).isZero();
    assertThat(after.cacheForward(other, ask("a")).text()).isEqualTo("two says a");
  }

  @Test
  void aFolderInUseByAnotherProcessIsToldAndTheContainerServes() {
    CachingPlatform before = stored(new ManualClock());
    await(before.deploy(model("one"), policy(Eviction.LRU)));
    CachingPlatform other = stored(new ManualClock());
    List<CacheEvent> events = new CopyOnWriteArrayList<>();
    other.onEvent(events::add);

    StatefulContainer echo = await(other.deploy(model("one"), policy(Eviction.LRU)));

    assertThat(other.cacheForward(echo, ask("a")).text()).isEqualTo("one says a");
    assertThat(events).anySatisfy(event -> {
      assertThat(event.kind()).isEqualTo(CacheEvent.Kind.SNAPSHOT);
      assertThat(event.message()).contains("in memory only").contains(folder.toString());
    });
  }

  @Test
  void undeployingForgetsWhatWasStored() throws Exception {
    CachingPlatform platform = stored(new ManualClock());
    StatefulContainer first = await(platform.deploy(model("one"), policy(Eviction.LRU)));
    platform.cacheForward(first, ask("a"));

    await(platform.undeploy(first));

    try (var files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
    StatefulContainer again = await(platform.deploy(model("one"), policy(Eviction.LRU)));
    assertThat(source(platform.cacheForward(again, ask("a")))).isEqualTo(Source.MODEL);
  }

  @Test
  void anAttachedContainerIsWarmAfterARestartToo() {
    Endpoint blue = beneath.deploy("one", "blue");
    CachingPlatform before = stored(new ManualClock());
    StatefulContainer first = await(before.attach(blue, policy(Eviction.LRU)));
    before.cacheForward(first, ask("a"));
    before.close();

    CachingPlatform after = stored(new ManualClock());
    StatefulContainer again = await(after.attach(blue, policy(Eviction.LRU)));

    assertThat(source(after.cacheForward(again, ask("a")))).isEqualTo(Source.CACHE_EXACT);
  }

  @Test
  void theSamePolicyAgainChangesNothingAndAnotherKeepsWhatFits() {
    CachingPlatform platform = beneath.open();
    StatefulContainer first = await(platform.deploy(model("one"), policy(Eviction.LRU)));
    platform.cacheForward(first, ask("a"));
    StatePolicy other = policy(Eviction.W_TINYLFU);

    StatefulContainer again = await(platform.deploy(model("one"), other));

    assertThat(again).isEqualTo(first);
    assertThat(source(platform.cacheForward(again, ask("a")))).isEqualTo(Source.CACHE_EXACT);
  }
}
