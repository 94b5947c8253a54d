package io.fairlead.stateful.internal;

import static io.fairlead.stateful.internal.Beneath.LIMIT;
import static io.fairlead.stateful.internal.Beneath.ask;
import static io.fairlead.stateful.internal.Beneath.await;
import static io.fairlead.stateful.internal.Beneath.model;
import static io.fairlead.stateful.internal.Beneath.policy;
import static io.fairlead.stateful.internal.Beneath.predictive;
import static io.fairlead.stateful.internal.Beneath.source;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.CachingPolicy;
import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelState;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Description;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.reconcile.ForwardingEndpointPlatform;
import io.fairlead.stateful.CacheAnswer.Source;
import io.fairlead.stateful.CacheEvent;
import io.fairlead.stateful.CachingPlatform;
import io.fairlead.stateful.StatefulConfig;
import io.fairlead.stateful.StatefulModel;
import io.fairlead.stateful.StatefulRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The trouble of a cache, of the platform beneath and of callers is nobody else's error. */
class TroubleTest {
  private final Beneath beneath = new Beneath();
  private final ManualClock clock = new ManualClock();

  @TempDir
  private Path folder;

  @AfterEach
  void close() {
    beneath.close();
  }

  /** A platform that cannot be looked at while it is broken, and whose calls can be made to fail. */
  private static final class Breaking extends ForwardingEndpointPlatform {
    private final AtomicBoolean broken = new AtomicBoolean();
    private final AtomicInteger looks = new AtomicInteger();
    private volatile Runnable beforeCall = () -> {};

    Breaking(EndpointPlatform platform) {
      super(platform);
    }

    @Override
    public Optional<Description<Endpoint>> describe(String name, String variant, Duration limit) {
      looks.incrementAndGet();
      if (broken.get()) {
        throw new IllegalStateException("it was not thought of");
      }
      return super.describe(name, variant, limit);
    }

    @Override
    public Response invoke(Endpoint endpoint, Request request) {
      beforeCall.run();
      return super.invoke(endpoint, request);
    }
  }

  @Test
  void aPlatformThatCannotBeLookedAtIsAskedWithoutACacheUntilItCan() {
    Breaking breaking = new Breaking(beneath.local);
    CachingPlatform platform = beneath.open(breaking, StatefulConfig.DEFAULT, clock);
    StatefulContainer echo = await(platform.deploy(model("one"), policy(Eviction.LRU)));
    breaking.broken.set(true);
    for (int i = 0; i < 10; i++) {
      clock.pass(StatefulConfig.DEFAULT.refresh());
      assertThat(platform.cacheForward(echo, ask("a")).text()).isEqualTo("one says a");
    }
    int looks = breaking.looks.get();
    for (int i = 0; i < 10; i++) {
      assertThat(source(platform.cacheForward(echo, ask("a")))).isEqualTo(Source.MODEL);
    }
    assertThat(breaking.looks.get()).as("not by every request").isEqualTo(looks);

    breaking.broken.set(false);
    clock.pass(StatefulConfig.DEFAULT.refresh());
    platform.cacheForward(echo, ask("a"));

    assertThat(source(platform.cacheForward(echo, ask("a")))).isEqualTo(Source.CACHE_EXACT);
  }

  @Test
  void whatRunsInIntervalsRunsAgainAfterItThrew() throws Exception {
    CountDownLatch again = new CountDownLatch(3);
    try (StateClock system = StateClock.system("test")) {
      system.every(Duration.ofMillis(1), () -> {
        again.countDown();
        throw new IllegalStateException("once");
      });
      system.every(Duration.ofMillis(1), () -> {
        again.countDown();
        throw new AssertionError("once");
      });

      again.await();
    }
  }

  @Test
  void whatFailsOneCallerByMistakeIsNotTheAnswerOfOthersWhoAskTheSame() throws Exception {
    Breaking breaking = new Breaking(beneath.local);
    CachingPlatform platform = beneath.open(breaking, StatefulConfig.DEFAULT, clock);
    StatefulContainer echo = await(platform.deploy(model("one"), policy(Eviction.LRU)));
    for (Throwable thrown : List.of(new IllegalStateException("x"), new StackOverflowError())) {
      CountDownLatch asked = new CountDownLatch(1);
      CountDownLatch go = new CountDownLatch(1);
      AtomicBoolean first = new AtomicBoolean(true);
      breaking.beforeCall = () -> {
        if (first.getAndSet(false)) {
          asked.countDown();
          awaiting(go);
          if (thrown instanceof Error error) {
            throw error;
          }
          throw (RuntimeException) thrown;
        }
      };
      ExecutorService callers = Executors.newCachedThreadPool();
      try {
        String key = "held by " + thrown.getClass().getSimpleName();
        Future<Response> leader = callers.submit(() -> platform.cacheForward(echo, ask(key)));
        asked.await();
        Future<Response> follower = callers.submit(() -> platform.cacheForward(echo, ask(key)));
        while (platform.statistics(echo).coalesced() == (thrown instanceof Error ? 1 : 0)) {
          Thread.onSpinWait();
        }
        go.countDown();

        assertThatThrownBy(leader::get).hasRootCause(thrown);
        assertThat(follower.get().text()).isEqualTo("one says " + key);
      } finally {
        callers.shutdownNow();
      }
    }
  }

  private static void awaiting(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void anInterruptEndsTheCallOfTheInterruptedThreadOnly() throws Exception {
    CachingPlatform platform = beneath.open(StatefulConfig.DEFAULT, clock);
    StatefulContainer echo = await(platform.deploy(model("one"), policy(Eviction.LRU)));
    CountDownLatch hold = beneath.one.hold();
    List<Thread> threads = new ArrayList<>();
    List<Object> outcomes = new CopyOnWriteArrayList<>();
    for (int i = 0; i < 3; i++) {
      Thread thread = new Thread(() -> {
        try {
          outcomes.add(platform.cacheForward(echo, ask("held")).text());
        } catch (ServingException e) {
          outcomes.add(e.kind() + " " + Thread.currentThread().isInterrupted());
        }
      });
      threads.add(thread);
      thread.start();
      if (i == 0) {
        beneath.one.awaitEntered();
      } else {
        while (platform.statistics(echo).coalesced() < i) {
          Thread.onSpinWait();
        }
      }
    }

    threads.get(1).interrupt();
    threads.get(1).join();
    assertThat(outcomes).containsExactly("CANCELLED true");
    threads.get(0).interrupt();
    threads.get(0).join();
    assertThat(outcomes).containsExactly("CANCELLED true", "CANCELLED true");
    hold.countDown();
    threads.get(2).join();

    assertThat(outcomes.get(2)).isEqualTo("one says held");
    assertThat(source(platform.cacheForward(echo, ask("held")))).isEqualTo(Source.CACHE_EXACT);
  }

  @Test
  void aSuccessorFunctionThatFailsIsNoErrorWhateverItThrows() {
    CachingPlatform platform = beneath.open(
        StatefulConfig.DEFAULT.withSuccessors(request -> {
          throw new StackOverflowError();
        }),
        clock);
    StatefulContainer echo = await(platform.deploy(model("one"), predictive()));

    assertThat(platform.cacheForward(echo, ask("a")).text()).isEqualTo("one says a");
    assertThat(platform.cacheForward(echo, ask("a")).text()).isEqualTo("one says a");
  }

  @Test
  void requestsWithoutBytesAndWithManyAreAnsweredAndKeptApart() {
    CachingPlatform platform = beneath.open(StatefulConfig.DEFAULT, clock);
    StatefulContainer echo = await(platform.deploy(model("one"), policy(Eviction.LRU)));
    String huge = "x".repeat(3 << 20);

    for (int i = 0; i < 2; i++) {
      assertThat(platform.cacheForward(echo, ask("")).text()).isEqualTo("one says ");
      assertThat(platform.cacheForward(echo, ask(huge)).text()).isEqualTo("one says " + huge);
      assertThat(source(platform.cacheForward(echo, Request.of("".getBytes(UTF_8), "text/other"))))
          .isEqualTo(i == 0 ? Source.MODEL : Source.CACHE_EXACT);
    }

    assertThat(platform.statistics(echo).bytes()).isLessThan(1 << 20);
  }

  @Test
  void aScopeAndAContentTypeAreNotTakenForAnother() {
    RequestKeys keys = new RequestKeys("0".repeat(64));
    byte[] body = {1};
    List<String> odd =
        List.of("a", "ab", "a\u0000", "\u0000a", "a\u0001", "\ud800", "é", "e\u0301");
    List<Object> all = new ArrayList<>();
    for (String scope : odd) {
      for (String type : List.of("b", "bb", "abb", "a/b", "/b")) {
        all.add(keys.exact(scope, type, body));
        all.add(keys.exact(scope + "a", type, body));
        all.add(keys.exact(scope, "a" + type, body));
      }
    }
    all.add(keys.cell("", body));
    all.add(keys.approximate("", body));

    assertThat(all.stream().distinct().count())
        .as("but for those that are the same scope and type")
        .isEqualTo(distinctPlaces(odd) + 2);
    assertThat(RequestKeys.session("ab", "c")).isNotEqualTo(RequestKeys.session("a", "bc"));
  }

  private static long distinctPlaces(List<String> odd) {
    return odd.stream()
        .flatMap(scope -> Stream.of("b", "bb", "abb", "a/b", "/b")
            .flatMap(type -> Stream.of(
                List.of(scope, type), List.of(scope + "a", type), List.of(scope, "a" + type))))
        .distinct()
        .count();
  }

  @Test
  void requestsThatAreNotRetainedAnyMoreAreForgotten() {
    Endpoint blue = beneath.deploy("one", "blue");
    CachingPlatform before = beneath.open(StatefulConfig.DEFAULT.withFolder(folder), clock);
    StatefulContainer first = await(before.attach(blue, policy(Eviction.LRU)));
    before.cacheForward(first, ask("a secret that is long enough to be seen"));
    long retained = before.statistics(first).bytes();
    before.close();
    assertThat(stored().split("a secret", -1))
        .as("in the request and the answer")
        .hasSize(3);

    CachingPlatform after =
        beneath.open(StatefulConfig.DEFAULT.withFolder(folder), new ManualClock());
    Endpoint silent = new Endpoint(
        new Container(
            blue.artifact().with(StatefulModel.DETERMINISTIC.withRequestsRetained(false)),
            blue.container().runtime(),
            blue.container().dependencies()),
        blue.scaling(),
        blue.routing());
    StatefulContainer again = await(after.attach(silent, policy(Eviction.LRU)));

    assertThat(after.statistics(again).entries()).isEqualTo(1);
    assertThat(after.statistics(again).bytes()).isLessThan(retained);
    after.close();
    assertThat(stored().split("a secret", -1)).as("in the answer").hasSize(2);
  }

  private String stored() {
    try (Stream<Path> files = Files.walk(folder)) {
      StringBuilder all = new StringBuilder();
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        all.append(Files.readString(file, ISO_8859_1));
      }
      return all.toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aStateFolderThatOthersDeleteIsWrittenAnew() throws Exception {
    CachingPlatform platform = beneath.open(StatefulConfig.DEFAULT.withFolder(folder), clock);
    List<CacheEvent> events = new CopyOnWriteArrayList<>();
    platform.onEvent(events::add);
    StatefulContainer echo = await(platform.deploy(model("one"), policy(Eviction.LRU)));
    platform.cacheForward(echo, ask("a"));
    clock.pass(Duration.ofMinutes(5));
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    platform.cacheForward(echo, ask("b"));
    clock.pass(Duration.ofMinutes(5));
    platform.close();

    CachingPlatform after =
        beneath.open(StatefulConfig.DEFAULT.withFolder(folder), new ManualClock());
    StatefulContainer again = await(after.deploy(model("one"), policy(Eviction.LRU)));

    assertThat(source(after.cacheForward(again, ask("a")))).isEqualTo(Source.CACHE_EXACT);
    assertThat(source(after.cacheForward(again, ask("b")))).isEqualTo(Source.CACHE_EXACT);
    assertThat(events).anyMatch(event -> event.message().contains("written anew"));
  }

  @Test
  void allCachesTogetherAreHeldToTheShareOfTheHeap() {
    CachingPlatform platform = beneath.open(StatefulConfig.DEFAULT, clock);
    long heap = Runtime.getRuntime().maxMemory();
    StatePolicy large = new StatePolicy(
        new CachingPolicy(CachingPolicy.Strategy.EXACT, heap * 4 / 10, Eviction.LRU),
        policy(Eviction.LRU).update());
    await(platform.deploy(model("one"), large));
    await(platform.deploy(model("one"), large));

    assertThatThrownBy(() -> platform.deploy(model("two").named("other"), large))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("60 %");
  }

  @Test
  void anUpdateThatIsCancelledWhileItWaitsForTheLastCallOfTheOldVersionIsDone() throws Exception {
    CachingPlatform platform = beneath.open();
    StatefulContainer first = await(platform.deploy(model("one"), policy(Eviction.LRU)));
    CountDownLatch hold = beneath.one.hold();
    ExecutorService callers = Executors.newCachedThreadPool();
    try {
      Future<Response> held = callers.submit(() -> platform.cacheForward(first, ask("held")));
      beneath.one.awaitEntered();
      CountDownLatch serves = new CountDownLatch(1);
      Operation<StatefulContainer> update =
          platform.updateState(first.withArtifact(model("two")), first.state().next());
      update.onProgress(event -> {
        if (event.message().equals("answers")) {
          serves.countDown();
        }
      });
      serves.await();

      assertThat(update.cancel()).isFalse();
      assertThat(platform.cacheForward(first, ask("held")).text()).isEqualTo("two says held");
      assertThat(held).isNotDone();
      hold.countDown();

      assertThat(held.get().text()).isEqualTo("one says held");
      assertThat(update.await(LIMIT).state().epoch()).isEqualTo(1);
      assertThat(beneath.local.list()).hasSize(1);
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void theTimeOfARequestThatWaitedForAnotherIsItsOwn() throws Exception {
    CachingPlatform platform = beneath.open();
    StatefulContainer echo = await(platform.deploy(model("one"), policy(Eviction.LRU)));
    CountDownLatch hold = beneath.one.hold();
    ExecutorService callers = Executors.newCachedThreadPool();
    try {
      Future<Response> patient = callers.submit(() -> platform.cacheForward(echo, ask("held")));
      beneath.one.awaitEntered();

      assertThatThrownBy(() -> platform.cacheForward(
              echo, ask("held").withTimeout(Duration.ofMillis(20)).with(StatefulRequest.DEFAULT)))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));

      hold.countDown();
      assertThat(patient.get().text()).isEqualTo("one says held");
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void twoPlatformsThatChangeOneNameAtOnceHarmNoAnswerAndLeaveNothing() throws Exception {
    ExecutorService threads = Executors.newCachedThreadPool();
    AtomicBoolean enough = new AtomicBoolean();
    List<String> unexpected = new CopyOnWriteArrayList<>();
    CachingPlatform[] platforms = {beneath.open(), beneath.open()};
    AtomicInteger done = new AtomicInteger();
    try {
      List<Future<?>> running = new ArrayList<>();
      for (CachingPlatform platform : platforms) {
        running.add(threads.submit(() -> {
          for (int i = 0; i < 12; i++) {
            try {
              StatefulContainer echo =
                  await(platform.deploy(model(i % 2 == 0 ? "one" : "two"), predictive()));
              StatefulContainer next = await(platform.updateState(
                  echo.withArtifact(model(i % 3 == 0 ? "one" : "two")),
                  echo.state().next()));
              if (i % 4 == 0) {
                await(platform.undeploy(next));
              }
              done.incrementAndGet();
            } catch (ServingException e) {
              if (e.kind() == ErrorKind.UNKNOWN) {
                unexpected.add(e.toString());
              }
            }
          }
        }));
        running.add(threads.submit(() -> {
          StatefulContainer echo =
              new StatefulContainer(model("one"), ModelState.COLD, RuntimeSpec.NONE);
          for (int i = 0; !enough.get(); i++) {
            try {
              String answer = platform.cacheForward(echo, ask("k" + i % 20)).text();
              if (!answer.matches("(one|two) says k" + i % 20)) {
                unexpected.add(answer);
              }
            } catch (ServingException e) {
              if (e.kind() == ErrorKind.UNKNOWN) {
                unexpected.add(e.toString());
              }
            }
          }
        }));
      }
      running.get(0).get();
      running.get(2).get();
      enough.set(true);
      for (Future<?> one : running) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }

    assertThat(unexpected).isEmpty();
    assertThat(done.get()).isPositive();
    for (CachingPlatform platform : platforms) {
      await(platform.undeployAll("echo"));
    }
    assertThat(beneath.local.list()).isEmpty();
    assertThat(beneath.local.inventory()).isEmpty();
  }

  @Test
  void closingInTheMiddleOfEverythingEndsEverything() throws Exception {
    int before = threads();
    for (int round = 0; round < 5; round++) {
      CachingPlatform platform = beneath.open(StatefulConfig.DEFAULT.withFolder(folder));
      StatefulContainer first = await(platform.deploy(model("one"), predictive()));
      ExecutorService callers = Executors.newCachedThreadPool();
      List<Future<?>> calls = new ArrayList<>();
      CountDownLatch begun = new CountDownLatch(4);
      for (int caller = 0; caller < 4; caller++) {
        calls.add(callers.submit(() -> {
          for (int i = 0; true; i++) {
            try {
              platform.cacheForward(first, ask("a" + i % 100));
            } catch (ServingException e) {
              return e.kind();
            }
            if (i == 100) {
              begun.countDown();
            }
          }
        }));
      }
      begun.await();
      Operation<StatefulContainer> update =
          platform.updateState(first.withArtifact(model("two")), first.state().next());

      platform.close();

      for (Future<?> call : calls) {
        assertThat(call.get()).isEqualTo(ErrorKind.CANCELLED);
      }
      callers.shutdown();
      assertThat(update.status().state().isFinal()).isTrue();
      await(beneath.local.undeployAll("echo"));
    }
    while (threads() > before) {
      Thread.onSpinWait();
    }
  }

  private static int threads() {
    return (int) Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("fairlead-stateful"))
        .count();
  }
}
