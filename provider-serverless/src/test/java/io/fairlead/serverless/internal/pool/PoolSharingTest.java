package io.fairlead.serverless.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.serverless.internal.pool.Refusal.Reason;
import io.fairlead.serverless.internal.pool.Scene.Call;
import io.fairlead.serverless.internal.pool.Scene.Function;
import io.fairlead.serverless.internal.pool.Scene.Model;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Pools that have less memory and fewer starts than they would like. */
final class PoolSharingTest {
  private static final Duration SHORT = Duration.ofMillis(100);
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration MINUTE = Duration.ofMinutes(1);

  // ---- memory ----

  @Test
  void whoWaitsForMemoryGetsItWhenAnInstanceOfAnotherFallsIdle() {
    Scene scene = new Scene(1, 4);
    Function busy = scene.new Function(settings(1, 1, false));
    Function newcomer = scene.new Function(settings(1, 1, false));
    busy.call(Duration.ofSeconds(5));
    scene.clock.pass(Duration.ofSeconds(3));

    Call call = newcomer.call(SHORT);
    scene.clock.pass(MINUTE);

    // The other is idle after four seconds, and a start takes two.
    assertThat(call.waited()).isEqualTo(Duration.ofSeconds(6));
  }

  @Test
  void whoWaitsForMemoryGetsItWhenAnotherHasASecondInstance() {
    Scene scene = new Scene(2, 4);
    Function large = scene.new Function(settings(1, 10, false));
    Function newcomer = scene.new Function(settings(1, 1, false));
    large.warm(2);
    large.calls(10, Duration.ofSeconds(30));
    scene.clock.pass(Duration.ofSeconds(3));

    Call call = newcomer.call(SHORT);
    scene.clock.pass(Duration.ofSeconds(40));

    assertThat(call.isAnswered()).isTrue();
  }

  @Test
  void aWishThatIsTakenBackMakesWayForTheNext() {
    Scene scene = new Scene(4, 4);
    Function eager = scene.new Function(settings(1, 1, true));
    Function idle = scene.new Function(settings(1, 1, false));
    Function large = scene.new Function(settings(4, 1, false));
    Function small = scene.new Function(settings(3, 1, false));
    eager.warm(1);
    idle.call(SHORT);
    scene.clock.pass(Duration.ofSeconds(3));
    Call hopeless = large.call(SHORT);
    Call hopeful = small.call(SHORT);

    hopeless.cancel();
    scene.clock.pass(Duration.ofSeconds(3));

    assertThat(hopeful.isAnswered()).isTrue();
    assertThat(eager.live).isEqualTo(1);
  }

  @Test
  void aWishThatCannotBeFulfilledNeitherTakesMemoryFromOthersNorStandsInTheirWay() {
    Scene scene = new Scene(4, 4);
    Function eager = scene.new Function(settings(1, 1, true));
    Function idle = scene.new Function(settings(1, 1, false));
    Function large = scene.new Function(settings(4, 1, false));
    eager.warm(1);
    idle.call(SHORT);
    scene.clock.pass(Duration.ofSeconds(3));

    large.call(SHORT);
    scene.clock.pass(Duration.ofSeconds(3));

    assertThat(idle.live).isEqualTo(1);
    Call hopeful = scene.new Function(settings(3, 1, false)).call(SHORT);
    scene.clock.pass(Duration.ofSeconds(3));
    assertThat(hopeful.isAnswered()).isTrue();
  }

  @Test
  void aPoolThatIsClosedWhileItsMemoryIsGivenToAnotherIsGone() {
    Scene scene = new Scene(1, 4);
    Function first = scene.new Function(settings(1, 1, false));
    Function second = scene.new Function(settings(1, 1, false));
    Call dying = first.call(MINUTE);
    scene.clock.pass(Duration.ofSeconds(3));
    first.call(MINUTE);
    second.call(MINUTE);
    second.onStart = first.pool::close;

    // Its memory goes to the second before the first has asked for memory again.
    scene.die(dying.model);
    scene.clock.pass(Duration.ofSeconds(61));

    assertThat(first.pool.terminated()).isCompleted();
  }

  @Test
  void whoWaitsGetsTheMemoryOfOneThatIsAlwaysBusyAfterATimeAndItComesBack() {
    Scene scene = new Scene(1, 4);
    Function busy = scene.new Function(settings(1, 1, false));
    Function newcomer = scene.new Function(settings(1, 1, false));
    busy.calls(50, SECOND);
    scene.clock.pass(Duration.ofSeconds(3));

    Call call = newcomer.call(SHORT);
    scene.clock.pass(MINUTE);

    // The first has started for two seconds and keeps its instance for eight; a run may be under
    // way then.
    assertThat(call.waited()).isBetween(Duration.ofSeconds(9), Duration.ofSeconds(10));
    assertThat(busy.live).isEqualTo(1);
    assertThat(busy.starts).isEqualTo(2);
  }

  @Test
  void twoThatAreAlwaysBusyHaveTheMemoryInTurnsAndStartForAFifthOfTheTimeAtMost() {
    Scene scene = new Scene(1, 4);
    Function one = scene.new Function(settings(1, 1, false));
    Function two = scene.new Function(settings(1, 1, false));
    for (int i = 0; i < 600; i++) {
      one.call(SECOND);
      two.call(SECOND);
      scene.clock.pass(SECOND);
    }

    assertThat(one.starts + two.starts).isBetween(40, 61);
    assertThat(scene.started.stream().filter(call -> call.function == one))
        .hasSizeBetween(200, 300);
    assertThat(scene.started.stream().filter(call -> call.function == two))
        .hasSizeBetween(200, 300);
  }

  @Test
  void aLongStartDoesNotKeepOthersWaitingForLongerThanAQuarterOfTheirTimeout() {
    Scene scene = new Scene(1, 4);
    Function slow = scene.new Function(settings(1, 1, false));
    slow.coldStart = Duration.ofSeconds(50);
    Function newcomer = scene.new Function(settings(1, 1, false));
    slow.calls(100, SECOND).forEach(call -> {});
    scene.clock.pass(Duration.ofSeconds(51));

    Call call = newcomer.call(SHORT);
    scene.clock.pass(MINUTE);

    assertThat(call.waited()).isLessThanOrEqualTo(Duration.ofSeconds(15 + 1 + 2));
  }

  @Test
  void anEagerFunctionKeepsItsInstanceWhoeverWaits() {
    Scene scene = new Scene(1, 4);
    Function eager = scene.new Function(settings(1, 1, true));
    eager.warm(1);
    scene.clock.pass(Duration.ofSeconds(3));
    eager.calls(50, SECOND);

    Call call = scene.new Function(settings(1, 1, false)).call(SHORT);
    scene.clock.pass(MINUTE);

    assertThat(call.refusal.reason()).isEqualTo(Reason.TIMED_OUT_WITHOUT_MEMORY);
    assertThat(eager.starts).isEqualTo(1);
  }

  @Test
  void whatIsPredictedTakesNoMemoryFromThoseWhoWait() {
    Scene scene = new Scene(1, 4);
    Function predicted = scene.new Function(new PoolSettings(
        1, 1, 1, 100, MINUTE, false, Duration.ofMinutes(10), MINUTE, true));
    for (int hour = 0; hour < 12; hour++) {
      predicted.call(SHORT);
      scene.clock.pass(Duration.ofMinutes(60));
    }
    predicted.call(SHORT);
    scene.clock.pass(Duration.ofSeconds(3));
    assertThat(predicted.live).as("it is stopped, and is to be started in time").isZero();
    int starts = predicted.starts;
    Function busy = scene.new Function(settings(1, 1, false));

    for (int i = 0; i < 70 * 60; i++) {
      busy.call(SECOND);
      scene.clock.pass(SECOND);
    }

    assertThat(busy.starts).isEqualTo(1);
    assertThat(predicted.starts).isEqualTo(starts);
    Call call = predicted.call(SHORT);
    scene.clock.pass(MINUTE);
    assertThat(call.isAnswered()).isTrue();
  }

  // ---- replacement ----

  @Test
  void whereMemoryIsForOneInstanceTheOldOneGoesSoThatTheNewOneCanCome() {
    Scene scene = new Scene(1, 4);
    Function function = scene.new Function(settings(1, 1, true));
    function.warm(1);
    scene.clock.pass(Duration.ofSeconds(3));
    Pool<Model> next = function.successor();

    CompletableFuture<Void> warm = next.warm(1, function.pool);
    scene.clock.pass(Duration.ofSeconds(3));

    assertThat(warm).isCompleted();
    function.pool.retire(next);
    assertThat(next.status().ready()).isEqualTo(1);
    assertThat(function.pool.terminated()).isCompleted();
  }

  @Test
  void whoComesWhileTheOldOneHasGoneForTheNewOneIsAnsweredByTheNewOne() {
    Scene scene = new Scene(1, 4);
    Function function = scene.new Function(settings(1, 1, false));
    Call before = function.call(Duration.ofSeconds(10));
    scene.clock.pass(Duration.ofSeconds(5));
    Pool<Model> next = function.successor();
    CompletableFuture<Void> replaced =
        next.warm(1, function.pool).thenRun(() -> function.pool.retire(next));

    List<Call> calls = function.calls(3, SECOND);
    scene.clock.pass(Duration.ofSeconds(30));

    assertThat(replaced).isCompleted();
    assertThat(before.isAnswered()).isTrue();
    assertThat(calls)
        .allSatisfy(call -> assertThat(call.model.version).isEqualTo(1))
        .allMatch(Call::isAnswered);
  }

  @Test
  void ifTheNewOneCannotBeStartedTheOldOneComesBack() {
    Scene scene = new Scene(1, 4);
    Function function = scene.new Function(settings(1, 1, true));
    function.warm(1);
    scene.clock.pass(Duration.ofSeconds(3));
    Pool<Model> next = function.successor();
    function.startFailure = () -> Optional.of(new IllegalStateException("torn"));
    function.failureMayPass = false;

    CompletableFuture<Void> warm = next.warm(1, function.pool);
    scene.clock.pass(Duration.ofSeconds(2));
    function.startFailure = Optional::empty;
    next.close();
    function.version = 0;
    Call call = function.call(SHORT);
    scene.clock.pass(Duration.ofSeconds(3));

    assertThat(warm).isCompletedExceptionally();
    assertThat(call.isAnswered()).isTrue();
  }

  @Test
  void whereMemoryIsShortOneInstanceIsEnoughToReplaceSeveral() {
    Scene scene = new Scene(3, 4);
    Function function = scene.new Function(settings(1, 10, false));
    function.warm(2);
    function.calls(20, Duration.ofSeconds(30));
    scene.clock.pass(Duration.ofSeconds(5));
    Pool<Model> next = function.successor();

    CompletableFuture<Void> warm = next.warm(2, function.pool);
    scene.clock.pass(Duration.ofSeconds(5));

    assertThat(warm).isCompleted();
    assertThat(next.status().ready()).isEqualTo(1);
  }

  @Test
  void oneInstanceIsEnoughToReplaceSeveralIfTheOthersCannotBeStarted() {
    Scene scene = new Scene(10, 4);
    Function function = scene.new Function(settings(1, 10, false));
    CompletableFuture<Void> warm = function.pool.warm(2);
    scene.clock.pass(Duration.ofSeconds(2));
    function.startFailure = () -> Optional.of(new IllegalStateException("no process"));

    scene.clock.pass(MINUTE);

    assertThat(warm).isCompleted();
  }

  // ---- starts ----

  @Test
  void startsThatDoNotEndKeepNobodyElseFromStarting() {
    Scene scene = new Scene(10, 1);
    Function hanging = scene.new Function(settings(1, 1, false));
    Function other = scene.new Function(settings(1, 1, false));
    hanging.coldStart = Duration.ofHours(1);
    hanging.call(SHORT);

    Call call = other.call(SHORT, Duration.ofMinutes(2));
    scene.mostStarts++;
    scene.clock.pass(Duration.ofMinutes(2));

    assertThat(call.isAnswered()).isTrue();
    scene.clock.pass(Duration.ofHours(2));
    assertThat(scene.budget.freeBytes()).isEqualTo(10);
    // The start that was late is not given back twice.
    List<Call> calls = new ArrayList<>();
    scene.mostStarts = 1;
    for (int i = 0; i < 3; i++) {
      calls.add(scene.new Function(settings(1, 1, false)).call(SHORT));
    }
    scene.clock.pass(Duration.ofSeconds(7));
    assertThat(calls).allMatch(Call::isAnswered);
  }

  @Test
  void whereNobodyMayWaitAColdStartIsWaitedForAllTheSame() {
    Scene scene = new Scene(10, 1);
    Function function =
        scene.new Function(new PoolSettings(1, 2, 2, 0, MINUTE, false, MINUTE, MINUTE, false));

    List<Call> calls = function.calls(3, SHORT);
    scene.clock.pass(Duration.ofSeconds(3));
    List<Call> warm = function.calls(3, SHORT);

    assertThat(calls.subList(0, 2)).allMatch(Call::isAnswered);
    assertThat(calls.get(2).refusal.reason()).isEqualTo(Reason.QUEUE_FULL);
    assertThat(warm.get(1).refusal).isNull();
    assertThat(warm.get(2).refusal.reason()).isEqualTo(Reason.QUEUE_FULL);
  }

  // ---- threads ----

  @Test
  void whoIsCancelledWhileHeIsTakenOverEndsOnce() throws Exception {
    ExecutorService canceller = Executors.newSingleThreadExecutor();
    try {
      for (int i = 0; i < 3000; i++) {
        Scene scene = new Scene(1, 1);
        Function function = scene.new Function(settings(1, 1, false));
        List<Call> calls = function.calls(4, SHORT);
        CountDownLatch begin = new CountDownLatch(1);
        Future<?> cancelled = canceller.submit(() -> {
          begin.await();
          calls.forEach(Call::cancel);
          return null;
        });

        begin.countDown();
        Pool<Model> before = function.replace();
        cancelled.get();

        assertThat(calls).allSatisfy(call -> assertThat(call.ends).containsExactly("CANCELLED"));
        assertThat(before.status().waiting()).isZero();
        assertThat(function.pool.status().waiting()).isZero();
      }
    } finally {
      canceller.shutdownNow();
    }
  }

  private static PoolSettings settings(long memoryBytes, int maxConcurrent, boolean eager) {
    return new PoolSettings(
        memoryBytes, 1, maxConcurrent, 100, MINUTE, eager, Duration.ofMinutes(10), MINUTE, false);
  }
}
