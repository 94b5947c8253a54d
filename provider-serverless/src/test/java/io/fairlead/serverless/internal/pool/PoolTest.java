package io.fairlead.serverless.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.fairlead.serverless.internal.pool.Refusal.Reason;
import io.fairlead.serverless.internal.pool.Scene.Call;
import io.fairlead.serverless.internal.pool.Scene.Function;
import io.fairlead.serverless.internal.pool.Scene.Model;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PoolTest {
  private static final Duration SHORT = Duration.ofMillis(100);
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final Scene scene = new Scene(1000, 4);

  // ---- limits ----

  @Test
  void neverMoreRunThanMaxConcurrentNorMoreInAnInstanceThanItsSlots() {
    Function function = scene.new Function(with(2, 5));

    function.calls(200, SHORT);
    scene.clock.pass(Duration.ofMinutes(1));

    // How many run in an instance is watched in the scene.
    assertThat(function.mostRunning).isEqualTo(5);
    assertThat(scene.started).hasSize(200);
  }

  @Test
  void aFullLineRefusesAtOnceAndSaysWhenItMayBeWorthAnotherTry() {
    PoolSettings narrow = new PoolSettings(
        1, 1, 1, 3, Duration.ofMinutes(1), false, Duration.ofMinutes(10), SECOND, false);
    Function function = scene.new Function(narrow);
    function.call(SECOND);
    scene.clock.pass(Duration.ofSeconds(3));
    function.calls(4, SECOND);

    Call refused = function.call(SECOND);

    assertThat(refused.refusal).isNotNull();
    assertThat(refused.refusal.reason()).isEqualTo(Reason.QUEUE_FULL);
    assertThat(refused.refusal.retryAfter()).isEqualTo(Duration.ofSeconds(3));
    assertThat(refused.endedAt).isEqualTo(refused.arrivedAt);
    assertThat(function.pool.status().refused()).isEqualTo(1);
  }

  @Test
  void theFirstToComeIsTheFirstToRun() {
    Function function = scene.new Function(with(1, 1));

    List<Call> calls = function.calls(50, SHORT);
    scene.clock.pass(Duration.ofMinutes(1));

    assertThat(scene.started).containsExactlyElementsOf(calls);
  }

  @Test
  void aNewcomerDoesNotPassThoseWhoWait() {
    Function function = scene.new Function(with(1, 1));
    List<Call> calls = new ArrayList<>(function.calls(3, SHORT));
    // While the third runs, nobody waits; the fourth comes at the very moment at which a slot is
    // free.
    scene.clock.pass(Duration.ofMillis(2150));
    calls.add(function.call(SHORT));
    scene.clock.pass(Duration.ofMinutes(1));

    assertThat(scene.started).containsExactlyElementsOf(calls);
  }

  // ---- cold starts ----

  @Test
  void aThousandFirstCallsStartOneInstanceAsLongAsNothingIsKnown() {
    Function function = scene.new Function(with(4, 1000));

    function.calls(1000, Duration.ofMillis(10));
    scene.clock.pass(Duration.ofMillis(1999));

    assertThat(function.starts).isEqualTo(1);
    scene.clock.pass(Duration.ofMinutes(1));
    assertThat(scene.mostStarting()).isLessThanOrEqualTo(4);
    assertThat(scene.started).hasSize(1000);
  }

  @Test
  void nobodyWaitsForAnInstanceOfHisOwn() {
    Function function = scene.new Function(with(1, 100));
    function.call(Duration.ofMillis(500));
    scene.clock.pass(Duration.ofSeconds(3));
    function.call(Duration.ofMillis(500));

    // A further instance would take two seconds; the one that is there is free before.
    Call second = function.call(Duration.ofMillis(500));
    scene.clock.pass(Duration.ofSeconds(1));

    assertThat(second.waited()).isEqualTo(Duration.ofMillis(500));
  }

  @Test
  void moreTrafficThanOneInstanceTakesStartsMoreAndKeepsAsManyAsItNeeds() {
    Function function = scene.new Function(with(1, 100));

    // Twenty a second, each for 0.2 s: four at a time, in slots that are to be busy to 0.7.
    for (int i = 0; i < 20 * 180; i++) {
      function.call(Duration.ofMillis(200));
      scene.clock.pass(Duration.ofMillis(50));
    }

    assertThat(function.most).as("while a line of two seconds is worked off").isBetween(6, 20);
    assertThat(function.live).as("later").isBetween(5, 7);
    assertThat(function.pool.status().waiting()).isZero();
  }

  @Test
  void fullInstancesAreFilledFirstSoThatOthersFallIdle() {
    Function function = scene.new Function(with(4, 100));
    function.calls(40, SECOND);
    scene.clock.pass(Duration.ofSeconds(20));
    function.calls(40, SECOND);
    scene.clock.pass(Duration.ofSeconds(10));
    assertThat(function.live).isGreaterThan(2);

    List<Call> few = function.calls(4, Duration.ofMillis(10));

    assertThat(few.stream().map(call -> call.model).distinct()).hasSize(1);
  }

  @Test
  void aStartThatFailsIsTriedAgainLaterEachTimeAndThoseWhoWaitAreServed() {
    Function function = scene.new Function(with(1, 10));
    function.coldStart = Duration.ZERO;
    int[] failures = {3};
    function.startFailure = () -> failures[0]-- > 0 ? Optional.of(torn()) : Optional.empty();

    Call call = function.call(SHORT);
    scene.clock.pass(Duration.ofMillis(699));
    assertThat(call.ranAt).isNegative();
    scene.clock.pass(Duration.ofMillis(1));

    // After pauses of 0.1, 0.2 and 0.4 s.
    assertThat(call.waited()).isEqualTo(Duration.ofMillis(700));
    assertThat(function.starts).isEqualTo(4);
  }

  @Test
  void afterFiveFailuresInARowThoseWhoWaitAreTold() {
    Function function = scene.new Function(with(1, 10));
    function.coldStart = Duration.ZERO;
    function.startFailure = () -> Optional.of(torn());

    List<Call> calls = function.calls(3, SHORT);
    scene.clock.pass(Duration.ofMillis(1500));

    assertThat(function.starts).isEqualTo(5);
    for (Call call : calls) {
      assertThat(call.refusal).isNotNull();
      assertThat(call.refusal.reason()).isEqualTo(Reason.START_FAILED);
      assertThat(call.refusal.cause()).hasMessage("the weights are torn");
    }
    assertThat(function.call(SHORT).refusal)
        .as("one that comes during the pause")
        .isNotNull();
    assertThat(function.starts).isEqualTo(5);
  }

  @Test
  void afterThePauseOneCallTriesAgain() {
    Function function = scene.new Function(with(1, 10));
    function.coldStart = Duration.ZERO;
    function.startFailure = () -> Optional.of(torn());
    function.call(SHORT);
    scene.clock.pass(Duration.ofSeconds(12));
    function.startFailure = Optional::empty;

    Call call = function.call(SHORT);
    scene.clock.pass(SECOND);

    assertThat(call.isAnswered()).isTrue();
  }

  @Test
  void whatCannotPassIsTriedOnce() {
    Function function = scene.new Function(with(1, 10));
    function.failureMayPass = false;
    function.startFailure = () -> Optional.of(torn());

    Call call = function.call(SHORT);
    scene.clock.pass(Duration.ofSeconds(2));

    assertThat(call.refusal).isNotNull();
    assertThat(function.starts).isEqualTo(1);
    function.startFailure = Optional::empty;
    function.pool.retry();
    Call next = function.call(SHORT);
    scene.clock.pass(Duration.ofSeconds(3));
    assertThat(next.isAnswered()).isTrue();
  }

  @Test
  void whileInstancesAreReadyAFailedStartHarmsNobody() {
    Function function = scene.new Function(with(1, 10));
    function.call(SECOND);
    scene.clock.pass(Duration.ofSeconds(4));
    function.startFailure = () -> Optional.of(torn());

    List<Call> calls = function.calls(20, SECOND);
    scene.clock.pass(Duration.ofSeconds(30));

    assertThat(calls).allMatch(Call::isAnswered);
    assertThat(function.starts).isGreaterThan(1);
  }

  @Test
  void anInstanceThatDiesIsReplaced() {
    Function function = scene.new Function(with(1, 1));
    Call first = function.call(SECOND);
    scene.clock.pass(Duration.ofMillis(2500));
    Model dead = first.model;
    scene.die(dead);

    Call second = function.call(SECOND);
    scene.clock.pass(Duration.ofSeconds(10));

    assertThat(second.isAnswered()).isTrue();
    assertThat(second.model).isNotSameAs(dead);
  }

  @Test
  void anInstanceThatIsAboutToGoIsNotUsedAnyMore() {
    Function function = scene.new Function(with(2, 4));
    Call first = function.call(SECOND);
    scene.clock.pass(Duration.ofMillis(2500));
    first.model.start.ending();

    Call second = function.call(SECOND);
    scene.clock.pass(Duration.ofSeconds(10));

    assertThat(first.isAnswered()).isTrue();
    assertThat(second.isAnswered()).isTrue();
    assertThat(second.model).isNotSameAs(first.model);
    assertThat(first.model.gone)
        .as("it is stopped when what ran in it has ended")
        .isTrue();
  }

  // ---- idleness ----

  @ParameterizedTest
  @ValueSource(ints = {1, 60, 600, 3600})
  void theLastInstanceGoesAfterTheIdleTimeout(int seconds) {
    Duration idle = Duration.ofSeconds(seconds);
    Function function = scene.new Function(new PoolSettings(
        1, 1, 10, 10, Duration.ofMinutes(1), false, idle, Duration.ofMinutes(1), false));
    function.call(SECOND);
    scene.clock.pass(Duration.ofSeconds(3));

    scene.clock.pass(idle.minusMillis(1));
    assertThat(function.live).isEqualTo(1);
    scene.clock.pass(Duration.ofMillis(1));

    assertThat(function.live).isZero();
    assertThat(scene.clock.isQuiet()).as("a pool at rest has no alarm").isTrue();
  }

  @Test
  void withoutAnIdleTimeoutItGoesAtOnce() {
    Function function = scene.new Function(new PoolSettings(
        1, 1, 10, 10, Duration.ofMinutes(1), false, Duration.ZERO, Duration.ofMinutes(1), false));

    Call call = function.call(SECOND);
    scene.clock.pass(Duration.ofSeconds(3));

    assertThat(call.isAnswered()).isTrue();
    assertThat(function.live).isZero();
  }

  @Test
  void anInvocationBeginsTheIdleTimeAnew() {
    Function function = scene.new Function(with(1, 10));
    function.call(SECOND);
    for (int i = 0; i < 10; i++) {
      scene.clock.pass(Duration.ofMinutes(9));
      function.call(SECOND);
    }
    scene.clock.pass(Duration.ofMinutes(9));

    assertThat(function.starts).isEqualTo(1);
    assertThat(function.live).isEqualTo(1);
  }

  @Test
  void thoseBeyondTheLastGoAfterAMinute() {
    Function function = scene.new Function(with(1, 100));
    function.calls(30, SECOND);
    scene.clock.pass(Duration.ofSeconds(60));
    assertThat(function.live).isGreaterThan(1);

    scene.clock.pass(Duration.ofSeconds(61));

    assertThat(function.live).isEqualTo(1);
    scene.clock.pass(Duration.ofMinutes(10));
    assertThat(function.live).isZero();
  }

  @Test
  void anEagerFunctionIsNeverWithoutAnInstance() {
    Function function = scene.new Function(eager());
    CompletableFuture<Void> warm = function.pool.warm(1);
    scene.clock.pass(Duration.ofSeconds(2));
    assertThat(warm).isCompleted();

    scene.clock.pass(Duration.ofDays(1));

    assertThat(function.live).isEqualTo(1);
    assertThat(function.starts).isEqualTo(1);
  }

  @Test
  void aWarmPoolThatNobodyAsksFallsIdleToo() {
    Function function = scene.new Function(with(1, 10));
    function.warm(1);

    scene.clock.pass(Duration.ofSeconds(602));

    assertThat(function.starts).isEqualTo(1);
    assertThat(function.live).isZero();
  }

  @Test
  void whatCannotBeWarmedSaysWhy() {
    Function function = scene.new Function(eager());
    function.startFailure = () -> Optional.of(torn());

    CompletableFuture<Void> warm = function.pool.warm(1);
    scene.clock.pass(Duration.ofMinutes(1));

    assertThat(warm).isCompletedExceptionally();
    assertThat(warm.handle((nothing, thrown) -> thrown).join()).hasMessage("the weights are torn");
  }

  @Test
  void withAdaptiveStayAFunctionThatIsCalledOnTheHourIsThereOnTheHour() {
    PoolSettings adaptive = new PoolSettings(
        1, 1, 10, 10, Duration.ofMinutes(1), false, Duration.ofMinutes(10), SECOND, true);
    Function function = scene.new Function(adaptive);
    List<Call> calls = new ArrayList<>();
    long loadedNanos = 0;
    for (int hour = 0; hour < 24; hour++) {
      calls.add(function.call(SECOND));
      for (int minute = 0; minute < 60; minute++) {
        scene.clock.pass(Duration.ofMinutes(1));
        loadedNanos += hour < 4 ? 0 : function.live * Duration.ofMinutes(1).toNanos();
      }
    }

    assertThat(calls.subList(1, 24)).allMatch(call -> call.waited().isZero());
    assertThat(Duration.ofNanos(loadedNanos)).isLessThan(Duration.ofMinutes(20 * 10));
  }

  // ---- time ----

  @Test
  void whoHasWaitedTooLongIsToldOnTime() {
    Function function = scene.new Function(with(1, 1));
    function.call(Duration.ofSeconds(30));

    Call call = function.call(SECOND, Duration.ofSeconds(5));
    scene.clock.pass(Duration.ofSeconds(6));

    assertThat(call.refusal).isNotNull();
    assertThat(call.refusal.reason()).isEqualTo(Reason.TIMED_OUT_WAITING);
    assertThat(call.endedAt - call.arrivedAt).isEqualTo(Duration.ofSeconds(5).toNanos());
    assertThat(function.pool.status().waiting()).isZero();
  }

  @Test
  void whoRunsTooLongIsToldOnTimeAndItsSlotStaysTaken() {
    Function function = scene.new Function(with(1, 1));
    Call call = function.call(Duration.ofMillis(3900), Duration.ofSeconds(5));
    scene.clock.pass(Duration.ofMillis(5100));

    Call next = function.call(SECOND);
    scene.clock.pass(Duration.ofMillis(700));

    assertThat(call.refusal).isNotNull();
    assertThat(call.refusal.reason()).isEqualTo(Reason.TIMED_OUT_RUNNING);
    assertThat(function.mostRunning).isEqualTo(1);
    assertThat(next.ranAt).isNegative();
    scene.clock.pass(Duration.ofSeconds(10));
    assertThat(next.isAnswered()).isTrue();
    assertThat(function.mostRunning).isEqualTo(1);
  }

  @Test
  void aFunctionWhoseEverySlotIsStuckSaysSoAtOnce() {
    Function function = scene.new Function(with(2, 2));
    function.calls(2, Duration.ofHours(1));
    scene.clock.pass(Duration.ofSeconds(30));
    Call waiting = function.call(SECOND, Duration.ofMinutes(5));
    scene.clock.pass(Duration.ofSeconds(32));

    assertThat(function.pool.status().stuck()).isEqualTo(2);
    assertThat(waiting.refusal).isNotNull();
    assertThat(waiting.refusal.reason()).isEqualTo(Reason.STUCK);
    assertThat(function.call(SECOND).refusal).isEqualTo(waiting.refusal);
    scene.clock.pass(Duration.ofHours(1));
    assertThat(function.pool.status().stuck()).isZero();
    Call after = function.call(SECOND);
    scene.clock.pass(Duration.ofSeconds(5));
    assertThat(after.isAnswered()).isTrue();
  }

  @Test
  void anInstanceInWhichSomethingIsStuckIsNotUsedAnyMore() {
    Function function = scene.new Function(with(2, 4));
    Call stuck = function.call(Duration.ofHours(1));
    scene.clock.pass(Duration.ofMinutes(2).plusSeconds(3));

    Call call = function.call(SECOND);
    scene.clock.pass(Duration.ofSeconds(10));

    assertThat(call.isAnswered()).isTrue();
    assertThat(call.model).isNotSameAs(stuck.model);
    assertThat(scene.budget.freeBytes()).as("its memory is counted").isEqualTo(998);
    scene.clock.pass(Duration.ofHours(2));
    assertThat(scene.budget.freeBytes()).isEqualTo(1000);
  }

  @Test
  void aClockThatJumpsDoesNotStarveOrLoseAnything() {
    Function function = scene.new Function(with(1, 2));
    List<Call> calls = function.calls(10, SECOND);

    // As after a laptop was asleep: all that was due is done in one go, late.
    scene.clock.pass(Duration.ofDays(3));

    assertThat(calls).allMatch(call -> call.ends.size() == 1);
    assertThat(function.live).isZero();
    Call after = function.call(SECOND);
    scene.clock.pass(Duration.ofSeconds(4));
    assertThat(after.isAnswered()).isTrue();
  }

  @Test
  void whoIsCancelledLeavesTheLine() {
    Function function = scene.new Function(with(1, 1));
    Call first = function.call(SECOND);
    Call second = function.call(SECOND);
    Call third = function.call(SECOND);

    second.cancel();
    scene.clock.pass(Duration.ofMinutes(1));

    assertThat(second.refusal).isEqualTo(Refusal.of(Reason.CANCELLED));
    assertThat(scene.started).containsExactly(first, third);
    first.cancel();
    assertThat(first.ends).containsExactly("answered");
  }

  // ---- what pools share ----

  @Test
  void whatIsIdleForTheLongestGoesWhenAnotherNeedsItsMemory() {
    Scene small = new Scene(2, 4);
    Function oldest = small.new Function(with(1, 1));
    Function older = small.new Function(with(1, 1));
    Function newcomer = small.new Function(with(1, 1));
    oldest.call(SHORT);
    small.clock.pass(Duration.ofSeconds(3));
    older.call(SHORT);
    small.clock.pass(Duration.ofSeconds(3));

    Call call = newcomer.call(SHORT);
    small.clock.pass(Duration.ofSeconds(3));

    assertThat(call.isAnswered()).isTrue();
    assertThat(oldest.live).isZero();
    assertThat(older.live).isEqualTo(1);
  }

  @Test
  void anEagerInstanceKeepsItsMemory() {
    Scene small = new Scene(1, 4);
    Function eager = small.new Function(eager());
    eager.warm(1);
    small.clock.pass(Duration.ofSeconds(3));

    Call call = small.new Function(with(1, 1)).call(SHORT, Duration.ofSeconds(10));
    small.clock.pass(Duration.ofSeconds(11));

    assertThat(call.refusal).isEqualTo(Refusal.of(Reason.TIMED_OUT_WITHOUT_MEMORY));
    assertThat(eager.live).isEqualTo(1);
  }

  @Test
  void aFloodAtOneFunctionDoesNotStarveAnother() {
    Duration alone = longestWait(new Scene(6, 2), false);

    Duration beside = longestWait(new Scene(6, 2), true);

    assertThat(beside).isLessThanOrEqualTo(alone.multipliedBy(2));
  }

  /** The longest wait of a function that is called now and then, from its start on. */
  private static Duration longestWait(Scene scene, boolean flooded) {
    Function flood = scene.new Function(with(1, 100));
    Function quiet = scene.new Function(with(1, 10));
    List<Call> calls = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      if (flooded) {
        flood.calls(20, SHORT);
      }
      if (i >= 50 && i % 5 == 0) {
        calls.add(quiet.call(SHORT));
      }
      scene.clock.pass(SHORT);
    }
    scene.clock.pass(Duration.ofMinutes(2));
    assertThat(calls).allMatch(Call::isAnswered);
    return calls.stream().map(Call::waited).max(Duration::compareTo).orElseThrow();
  }

  @Test
  void startsGoRoundTheFunctions() {
    Scene narrow = new Scene(1000, 1);
    List<Call> calls = new ArrayList<>();
    Function first = narrow.new Function(with(1, 100));
    first.call(SECOND);
    narrow.clock.pass(Duration.ofSeconds(4));
    first.calls(50, Duration.ofSeconds(30));
    for (int i = 0; i < 3; i++) {
      calls.add(narrow.new Function(with(1, 1)).call(SHORT));
    }

    narrow.clock.pass(Duration.ofSeconds(9));

    assertThat(calls).allMatch(Call::isAnswered);
  }

  // ---- replacement and end ----

  @Test
  void whoWaitsIsTakenOverByTheSuccessorAndWhoRunsEndsWhereItRuns() {
    Function function = scene.new Function(with(1, 1));
    List<Call> calls = function.calls(3, SECOND);
    scene.clock.pass(Duration.ofMillis(2500));

    Pool<Model> before = function.replace();
    scene.clock.pass(Duration.ofSeconds(10));

    assertThat(calls).allMatch(Call::isAnswered);
    assertThat(calls.get(0).model.version).isZero();
    assertThat(calls.get(1).model.version).isEqualTo(1);
    assertThat(before.terminated()).isCompleted();
  }

  @Test
  void aTicketThatComesToARetiredPoolIsServedByItsSuccessor() {
    Function function = scene.new Function(with(1, 1));
    Pool<Model> before = function.replace();
    Pool<Model> between = function.replace();

    Call call = scene.new Call(function, SECOND, SECOND.multipliedBy(10));
    before.submit(call);
    scene.clock.pass(Duration.ofSeconds(4));

    assertThat(call.isAnswered()).isTrue();
    assertThat(between.terminated()).isCompleted();
  }

  @Test
  void aRetiredPoolWithoutASuccessorServesThoseWhoWait() {
    Function function = scene.new Function(with(1, 1));
    List<Call> calls = function.calls(3, SECOND);

    function.pool.retire(null);
    Call late = function.call(SECOND);
    scene.clock.pass(Duration.ofSeconds(10));

    assertThat(calls).allMatch(Call::isAnswered);
    assertThat(late.refusal).isEqualTo(Refusal.of(Reason.CLOSED));
    assertThat(function.pool.terminated()).isCompleted();
    assertThat(scene.budget.freeBytes()).isEqualTo(1000);
  }

  @Test
  void aClosedPoolRefusesAllThatWaitAndIsGoneWhenTheRestHasEnded() {
    Function function = scene.new Function(with(1, 1));
    List<Call> calls = function.calls(3, SECOND);
    scene.clock.pass(Duration.ofMillis(2500));

    function.pool.close();
    function.pool.close();

    assertThat(calls.get(1).refusal).isEqualTo(Refusal.of(Reason.CLOSED));
    assertThat(function.pool.terminated()).isNotDone();
    scene.clock.pass(SECOND);
    assertThat(calls.get(0).isAnswered()).isTrue();
    assertThat(function.pool.terminated()).isCompleted();
    assertThat(scene.clock.isQuiet()).isTrue();
  }

  @Test
  void aPoolThatIsClosedWhileItStartsIsGoneWhenTheStartHasEnded() {
    Function function = scene.new Function(eager());
    CompletableFuture<Void> warm = function.pool.warm(1);
    scene.clock.pass(SECOND);

    function.pool.close();

    assertThat(warm).isCompletedExceptionally();
    assertThat(function.pool.terminated()).isNotDone();
    scene.clock.pass(SECOND);
    assertThat(function.pool.terminated()).isCompleted();
    assertThat(function.live).isZero();
    assertThat(scene.budget.freeBytes()).isEqualTo(1000);
  }

  // ---- everything at once ----

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void nothingIsLostWhateverHappens(long seed) {
    Random random = new Random(seed);
    Scene wild = new Scene(1 + random.nextInt(8), 1 + random.nextInt(3));
    List<Function> functions = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      functions.add(wild.new Function(new PoolSettings(
          1,
          1 + random.nextInt(3),
          1 + random.nextInt(6),
          random.nextInt(30),
          Duration.ofSeconds(5),
          random.nextInt(4) == 0,
          Duration.ofSeconds(random.nextInt(90)),
          Duration.ofSeconds(random.nextInt(60)),
          random.nextBoolean())));
    }
    List<Call> calls = new ArrayList<>();
    List<Pool<Model>> replaced = new ArrayList<>();
    for (int i = 0; i < 4000; i++) {
      Function function = functions.get(random.nextInt(functions.size()));
      function.coldStart = Duration.ofMillis(random.nextInt(3000));
      switch (random.nextInt(40)) {
        case 0 -> replaced.add(function.replace());
        case 1 ->
          function.startFailure =
              random.nextBoolean() ? Optional::empty : () -> Optional.of(torn());
        case 2 -> function.warm(1 + random.nextInt(3));
        case 3 -> calls.stream().skip(calls.size() / 2).findFirst().ifPresent(Call::cancel);
        case 4 -> wild.clock.pass(Duration.ofSeconds(random.nextInt(200)));
        default ->
          calls.addAll(function.calls(
              1 + random.nextInt(4), Duration.ofMillis(random.nextInt(random.nextInt(8000) + 1))));
      }
      wild.clock.pass(Duration.ofMillis(random.nextInt(500)));
      if (functions.stream().allMatch(f -> f.mostRunning > 0) && random.nextInt(50) == 0) {
        calls.stream()
            .map(call -> call.model)
            .filter(model -> model != null && !model.gone && model.used == 0)
            .findAny()
            .ifPresent(wild::die);
      }
    }

    functions.forEach(function -> {
      function.startFailure = Optional::empty;
      function.pool.retire(null);
    });
    wild.clock.pass(Duration.ofHours(1));

    assertThat(calls).allSatisfy(call -> assertThat(call.ends).hasSize(1));
    assertThat(functions).allMatch(function -> function.live == 0);
    assertThat(functions)
        .extracting(function -> function.pool.terminated())
        .allMatch(CompletableFuture::isDone);
    assertThat(replaced).extracting(Pool::terminated).allMatch(CompletableFuture::isDone);
    assertThat(wild.budget.freeBytes()).isEqualTo(wild.budget.memoryBytes());
    assertThat(wild.clock.isQuiet()).isTrue();
    assertThat(calls.stream().filter(Call::isAnswered).count())
        .as("most are answered")
        .isGreaterThan(calls.size() / 10);
  }

  @Test
  void burstsAreAnsweredWithFewInstances() {
    PoolSettings settings = with(4, 1000);
    Replay replay = new Replay(settings, Duration.ofSeconds(2));
    Random random = new Random(7);
    double seconds = 0;
    while (seconds < 3600) {
      boolean burst = seconds % 300 < 20;
      seconds += -Math.log(1 - random.nextDouble()) / (burst ? 50 : 0.2);
      replay.arrive((long) (seconds * 1e9), (long) (-Math.log(1 - random.nextDouble()) * 0.1e9));
    }

    Replay.Result result = replay.end(Duration.ofHours(1).toNanos());

    assertThat(result.peakInstances()).isLessThanOrEqualTo(12);
    assertThat(result.waitPercent()).isCloseTo(16, within(3.0));
    assertThat(result.idleHours()).isLessThan(3);
  }

  private static PoolSettings with(int slots, int maxConcurrent) {
    PoolSettings settings = Scene.settings();
    return new PoolSettings(
        settings.memoryBytes(),
        slots,
        maxConcurrent,
        settings.maxQueue(),
        settings.timeout(),
        settings.eager(),
        settings.idleTimeout(),
        settings.extraIdleTimeout(),
        settings.adaptive());
  }

  private static PoolSettings eager() {
    return new PoolSettings(
        1, 1, 10, 10, Duration.ofMinutes(1), true, Duration.ofMinutes(10), SECOND, false);
  }

  private static RuntimeException torn() {
    return new IllegalStateException("the weights are torn");
  }
}
