package io.fairlead.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.Timeout.ThreadMode.SEPARATE_THREAD;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.ColdStart;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.RequestOptions;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.operation.Operation;
import io.fairlead.operation.OperationStatus;
import io.fairlead.operation.Plan;
import io.fairlead.operation.Plan.Action;
import io.fairlead.operation.Plan.Change;
import io.fairlead.platform.Capabilities;
import io.fairlead.platform.Capability;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.Description;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.ManagedResource;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every function platform keeps, as far as its type says.
 *
 * <p>A provider extends it and says where functions are opened and how the models of this contract get there: {@link
 * Probe}s, into which the tests look. What a place cannot do, such as to let ten minutes pass at once, it says by an
 * empty ability, and the tests that need it are skipped with the reason.
 */
@Timeout(value = 2, unit = MINUTES, threadMode = SEPARATE_THREAD)
public abstract class FunctionPlatformContract {
  /** How long something may take that has to happen. */
  static final Duration LIMIT = Duration.ofSeconds(30);

  /** How long it is watched that something does not happen. */
  static final Duration WATCH = Duration.ofMillis(250);

  private static final Duration IDLE = Duration.ofMinutes(10);
  private static final String SECRET = "correct-horse-battery-staple";

  private final Probe one = new Probe("one");
  private final Probe two = new Probe("two");
  private ExecutorService callers;
  private Place place;
  private FunctionPlatform platform;

  /** For subclasses. */
  protected FunctionPlatformContract() {}

  /** A place that serves functions, or what stands in for one. */
  public interface Place extends AutoCloseable {
    /** {@return the platform, opened; called once} */
    FunctionPlatform open();

    /** {@return an artifact, without a name, whose model is this one} */
    ModelArtifact artifact(Probe model);

    /** {@return limits that a function can have here: not less than a minute to answer, and ten until it is idle} */
    default FunctionLimits limits() {
      return FunctionLimits.DEFAULT.withTimeout(Duration.ofMinutes(10)).withIdleTimeout(IDLE);
    }

    /** {@return the shortest time that a function can be given to answer here, in which a model that does nothing does} */
    default Duration shortestTimeout() {
      return Duration.ofMillis(300);
    }

    /** {@return limits that a function cannot have here, which is known at once; empty if it can have any} */
    default Optional<FunctionLimits> impossibleLimits() {
      return Optional.empty();
    }

    /** {@return what lets time pass, with what is due in it done when it returns; empty if time passes by itself} */
    default Optional<Consumer<Duration>> clock() {
      return Optional.empty();
    }

    /** {@return what asks a function at its URL as this place wants to be asked; empty if nothing answers there} */
    default Optional<BiFunction<URI, Request, Response>> http() {
      return Optional.empty();
    }

    /** {@return whether {@link Probe#load} and {@link Probe#unload} are called when a model comes and goes} */
    default boolean tellsOfLoads() {
      return true;
    }

    /** {@return whether functions run in this process, and so end with the platform} */
    default boolean isInThisProcess() {
      return true;
    }

    @Override
    void close();
  }

  /**
   * {@return an empty place}
   *
   * @param models the models that are going to be asked for
   */
  protected abstract Place newPlace(List<Probe> models);

  /** {@return what the provider says of the platform} */
  protected Capabilities capabilities() {
    return Platforms.capabilities(platform.id());
  }

  /** {@return whether these tests meet the condition of a capability that is there under one} */
  protected boolean meetsConditionOf(Capability capability) {
    return true;
  }

  private boolean has(Capability capability) {
    return switch (capabilities().support(capability).level()) {
      case YES -> true;
      case PARTLY -> meetsConditionOf(capability);
      case NO, ABSENT -> false;
    };
  }

  /** Where it is claimed, {@link Probe#answer(Request, Consumer)} is asked; else answers come as a whole. */
  private boolean answersInPieces() {
    return has(Capability.STREAMING);
  }

  @BeforeEach
  final void openPlatform() {
    callers = newCallers();
    place = newPlace(List.of(one, two));
    platform = place.open();
  }

  @AfterEach
  @Timeout(value = 2, unit = MINUTES, threadMode = SEPARATE_THREAD)
  final void closePlatform() {
    one.releaseAll();
    two.releaseAll();
    platform.close();
    place.close();
    callers.shutdownNow();
  }

  // ---- the way through ----

  @Test
  void aModelIsDeployedInvokedListedAndUndeployed() {
    ModelFunction function = await(platform.deploy(artifact(one), place.limits()));

    assertThat(function).isEqualTo(new ModelFunction(artifact(one), place.limits()));
    assertAnswer(platform.invoke(function, request(1)), one, request(1));
    assertThat(platform.list())
        .containsExactly(new Deployment(
            name(), Optional.empty(), Deployment.State.READY, TrafficWeight.ALL, ""));

    assertThat(await(platform.undeploy(function))).isEqualTo(function);
    assertThat(platform.list()).isEmpty();
    assertNotFound(() -> platform.invoke(function, request(2)));
    if (place.tellsOfLoads()) {
      one.awaitLoaded(0);
    }
  }

  @Test
  void aFunctionIsDescribedAsItWasDeployed() {
    ModelFunction function = deploy(one, place.limits());

    Description<ModelFunction> there = platform.describe(name(), LIMIT).orElseThrow();

    assertThat(there.value()).contains(function);
    assertThat(there.deployment())
        .isEqualTo(new Deployment(
            name(), Optional.empty(), Deployment.State.READY, TrafficWeight.ALL, ""));
    assertThat(there.location().id()).isNotEmpty();
    assertThat(platform.status(function, LIMIT)).contains(there.deployment());

    await(platform.undeploy(function));
    assertThat(platform.describe(name(), LIMIT)).isEmpty();
    assertThat(platform.status(function, LIMIT)).isEmpty();
  }

  @Test
  void whatIsDeployedIsCallableByAnEqualValueThatWasMadeElsewhere() {
    deploy(one, place.limits());

    ModelFunction same = new ModelFunction(artifact(one), place.limits());

    assertAnswer(platform.invoke(same, request(1)), one, request(1));
  }

  @Test
  void functionsOfDifferentNamesAreApart() {
    ModelFunction first =
        await(platform.deploy(place.artifact(one).named("b-contract"), place.limits()));
    ModelFunction second =
        await(platform.deploy(place.artifact(two).named("a-contract"), place.limits()));
    assertThat(platform.list())
        .extracting(Deployment::name)
        .containsExactly("a-contract", "b-contract");
    assertAnswer(platform.invoke(first, request(1)), one, request(1));
    assertAnswer(platform.invoke(second, request(1)), two, request(1));

    await(platform.undeploy(first));

    assertNotFound(() -> platform.invoke(first, request(2)));
    assertAnswer(platform.invoke(second, request(2)), two, request(2));
  }

  @Test
  void anOperationKeepsItsResultAndEndsInAFinalState() {
    Operation<ModelFunction> deploying = platform.deploy(artifact(one), place.limits());
    List<String> lines = new ArrayList<>();
    ModelFunction function = await(deploying);
    deploying.onProgress(event -> lines.add(event.toString()));

    assertThat(deploying.id().platform()).isEqualTo(platform.id());
    assertThat(deploying.status().state()).isEqualTo(OperationStatus.State.SUCCEEDED);
    assertThat(deploying.toFuture()).isCompletedWithValue(function);
    assertThat(deploying.cancel()).as("a cancel that comes too late").isFalse();
    assertThat(await(deploying)).isEqualTo(function);
    assertThat(lines).as("the events of the past").isNotEmpty();
  }

  // ---- deploying again ----

  @Test
  void deployingTheSameAgainChangesNothing() {
    FunctionLimits eager = place.limits().withColdStart(ColdStart.EAGER);
    ModelFunction function = deploy(one, eager);
    List<Deployment> before = platform.list();
    int loads = one.loads();
    Probe.Hold hold = one.holdNext();
    CompletableFuture<Response> underWay = call(function, request(1));
    hold.awaitEntered();

    assertThat(deploy(one, eager)).isEqualTo(function);

    assertThat(platform.list()).isEqualTo(before);
    hold.release();
    assertAnswer(result(underWay), one, request(1));
    assertAnswer(platform.invoke(function, request(2)), one, request(2));
    assertThat(one.loads()).as("what is loaded stays loaded").isEqualTo(loads);
  }

  @Test
  void somethingElseUnderTheSameNameReplacesIt() {
    ModelFunction before = deploy(one, place.limits());
    assertAnswer(platform.invoke(before, request(1)), one, request(1));

    ModelFunction after = deploy(two, place.limits());

    assertThat(after.artifact()).isEqualTo(artifact(two));
    assertAnswer(platform.invoke(after, request(2)), two, request(2));
    assertAnswer(platform.invoke(before, request(3)), two, request(3));
    assertThat(platform.list()).hasSize(1);
    if (place.tellsOfLoads()) {
      one.awaitLoaded(0);
    }
  }

  @Test
  void newLimitsUnderTheSameNameReplaceTheOldOnes() {
    deploy(one, place.limits().withMaxConcurrent(50));

    ModelFunction function = deploy(one, place.limits().withMaxConcurrent(1));

    assertThat(function.limits().maxConcurrent()).isEqualTo(1);
    Probe.Hold hold = one.holdNext();
    CompletableFuture<Response> first = call(function, request(1));
    hold.awaitEntered();
    assertThat(failureWhenTimeIsUp(call(function, impatient(request(2)))).kind())
        .isIn(ErrorKind.TIMEOUT, ErrorKind.THROTTLED);
    hold.release();
    assertAnswer(result(first), one, request(1));
  }

  @Test
  void whileItsSuccessorIsLoadedAnEagerFunctionAnswers() {
    assumeTrue(place.tellsOfLoads(), "loads cannot be held here");
    FunctionLimits eager = place.limits().withColdStart(ColdStart.EAGER);
    ModelFunction function = deploy(one, eager);
    Probe.Hold load = two.holdLoads();

    CompletableFuture<ModelFunction> deploying = deployAside(two, eager);
    load.awaitEntered();

    assertAnswer(platform.invoke(function, request(1)), one, request(1));
    load.release();
    result(deploying);
    assertAnswer(platform.invoke(function, request(2)), two, request(2));
  }

  @Test
  void aCallThatIsUnderWayWhenItsFunctionIsReplacedIsAnswered() {
    ModelFunction function = deploy(one, place.limits());
    Probe.Hold hold = one.holdNext();
    CompletableFuture<Response> underWay = call(function, request(1));
    hold.awaitEntered();

    // A platform may end the deploy before or after the calls to what was there.
    CompletableFuture<ModelFunction> deploying = deployAside(two, place.limits());
    String expected = two.expected(request(2)).text();
    eventually("the new function answers", () -> endsSoon(function, expected));

    hold.release();
    assertAnswer(result(underWay), one, request(1));
    result(deploying);
  }

  @Test
  void noInvocationIsLostAndNoneIsAnsweredByWhatWasReplacedBefore() {
    int callerCount = 4;
    BlockingQueue<Seen> answers = new ArrayBlockingQueue<>(100);
    AtomicInteger begun = new AtomicInteger();
    AtomicInteger ended = new AtomicInteger();
    AtomicBoolean enough = new AtomicBoolean();
    ModelFunction function = deploy(one, place.limits());
    List<CompletableFuture<Void>> calling = new ArrayList<>();
    for (int i = 0; i < callerCount; i++) {
      int caller = i;
      calling.add(aside(() -> {
        while (!enough.get()) {
          int endedBefore = ended.get();
          String answer = textOrFailure(function, request(caller));
          put(answers, new Seen(caller, endedBefore, begun.get(), answer));
        }
        return null;
      }));
    }

    for (int number = 1; number <= 10; number++) {
      int deploy = number;
      begun.set(deploy);
      CompletableFuture<Void> deploying = deployAside(deploy % 2 == 0 ? one : two, place.limits())
          .thenAccept(deployed -> ended.set(deploy));
      Set<Integer> answered = new HashSet<>();
      while (!deploying.isDone() || answered.size() < callerCount) {
        Seen seen = take(answers);
        if (!isBySomethingThatMayHaveServed(seen)) {
          throw new AssertionError("lost, or answered by what was not deployed then: " + seen);
        }
        if (seen.endedBefore() >= deploy) {
          answered.add(seen.caller());
        }
        if (deploying.isCompletedExceptionally()) {
          result(deploying);
        }
      }
    }

    enough.set(true);
    answers.clear();
    calling.forEach(FunctionPlatformContract::result);
  }

  /** An answer, and which deploys had ended before it was asked for, and begun when it came. */
  private record Seen(int caller, int endedBefore, int begunAfter, String answer) {}

  private boolean isBySomethingThatMayHaveServed(Seen seen) {
    return IntStream.rangeClosed(seen.endedBefore(), seen.begunAfter())
        .mapToObj(deploy -> deploy % 2 == 0 ? one : two)
        .anyMatch(model -> model.expected(request(seen.caller())).text().equals(seen.answer()));
  }

  @Test
  void aReplacementThatCannotBeLoadedLeavesWhatServedServing() {
    assumeTrue(place.tellsOfLoads(), "loads cannot be made to fail here");
    FunctionLimits eager = place.limits().withColdStart(ColdStart.EAGER);
    ModelFunction function = deploy(one, eager);
    two.failLoads(new IllegalStateException("the weights are torn"));

    ServingException failure = failureWhenTimePasses(deployAside(two, eager));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure.platform()).isEqualTo(platform.id());
    assertThat(failure).hasMessageContaining(name());
    assertThat(failure).hasStackTraceContaining("the weights are torn");
    assertAnswer(platform.invoke(function, request(1)), one, request(1));
    assertThat(platform.list())
        .extracting(Deployment::state)
        .containsExactly(Deployment.State.READY);
    assertThat(deploy(one, eager)).isEqualTo(function);
    assertThat(one.loads()).as("what served was not touched").isEqualTo(1);
  }

  @Test
  void aReplacementThatWasCancelledInTimeLeavesWhatServedServing() {
    assumeTrue(place.tellsOfLoads(), "loads cannot be held here");
    FunctionLimits eager = place.limits().withColdStart(ColdStart.EAGER);
    ModelFunction function = deploy(one, eager);
    Probe.Hold load = two.holdLoads();
    Operation<ModelFunction> deploying = result(aside(() -> platform.deploy(artifact(two), eager)));
    load.awaitEntered();

    boolean inTime = deploying.cancel();
    CompletableFuture<ModelFunction> ending = aside(() -> await(deploying));
    assertAnswer(platform.invoke(function, request(1)), one, request(1));
    load.release();
    two.awaitEndOfLoads();

    Throwable thrown = catchThrowable(() -> result(ending));
    if (inTime) {
      assertThat(thrown).isInstanceOf(ServingException.class);
      assertThat(((ServingException) thrown).kind()).isEqualTo(ErrorKind.CANCELLED);
    } else {
      assertThat(thrown).isNull();
    }
    Probe left = inTime ? one : two;
    (inTime ? two : one).awaitLoaded(0);
    assertAnswer(platform.invoke(function, request(2)), left, request(2));
    assertThat(platform.list())
        .extracting(Deployment::state)
        .containsExactly(Deployment.State.READY);
  }

  @Test
  void aFirstDeployThatCannotBeLoadedLeavesNothing() {
    assumeTrue(place.tellsOfLoads(), "loads cannot be made to fail here");
    FunctionLimits eager = place.limits().withColdStart(ColdStart.EAGER);
    one.failLoads(new IllegalStateException("the weights are torn"));

    ServingException failure = failureWhenTimePasses(deployAside(one, eager));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure).hasStackTraceContaining("the weights are torn");
    assertThat(platform.list()).isEmpty();
    assertNotFound(() -> platform.invoke(new ModelFunction(artifact(one), eager), request(1)));
    one.failLoads(null);
    assertAnswer(platform.invoke(deploy(one, eager), request(2)), one, request(2));
  }

  @RepeatedTest(10)
  void twoDeploysToOneNameAtOnceEndInOneOfTheTwo() {
    FunctionLimits eager = place.limits().withColdStart(ColdStart.EAGER);
    List<CompletableFuture<ModelFunction>> deploying =
        List.of(deployAside(one, eager), deployAside(two, eager));
    deploying.forEach(deploy -> {
      Throwable thrown = catchThrowable(() -> result(deploy));
      assertThat(thrown == null
              || (thrown instanceof ServingException e && e.kind() == ErrorKind.CONFLICT))
          .as("one of two deploys fails at most as a conflict: %s", thrown)
          .isTrue();
    });

    ModelFunction function = new ModelFunction(artifact(one), eager);
    Set<String> answers = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      answers.add(platform.invoke(function, request(1)).text());
    }

    assertThat(answers)
        .hasSize(1)
        .isSubsetOf(one.expected(request(1)).text(), two.expected(request(1)).text());
    assertThat(platform.list()).hasSize(1);
    if (place.tellsOfLoads()) {
      boolean first = answers.contains(one.expected(request(1)).text());
      (first ? two : one).awaitLoaded(0);
    }
  }

  // ---- cold start ----

  @Test
  void anEagerFunctionIsLoadedWhenItsDeployEnds() {
    assumeTrue(place.tellsOfLoads(), "loads cannot be counted here");

    ModelFunction function = deploy(one, place.limits().withColdStart(ColdStart.EAGER));

    assertThat(one.loaded()).isPositive();
    int loads = one.loads();
    assertAnswer(platform.invoke(function, request(1)), one, request(1));
    assertThat(one.loads()).as("the first call finds it loaded").isEqualTo(loads);
  }

  @Test
  void aLazyFunctionIsNotLoadedBeforeItsFirstInvocation() {
    assumeTrue(place.tellsOfLoads(), "loads cannot be counted here");

    ModelFunction function = deploy(one, place.limits().withColdStart(ColdStart.LAZY));

    assertThat(one.comesToLoaded(1, WATCH)).isFalse();
    assertThat(one.loads()).isZero();
    assertAnswer(platform.invoke(function, request(1)), one, request(1));
    assertThat(one.loads()).isEqualTo(1);
  }

  @Test
  void aFunctionIsNotLoadedForEachInvocation() {
    assumeTrue(place.tellsOfLoads(), "loads cannot be counted here");
    ModelFunction function = deploy(one, place.limits());

    for (int i = 0; i < 20; i++) {
      platform.invoke(function, request(i));
    }

    assertThat(one.loads()).isEqualTo(1);
  }

  @Test
  void firstCallersThatComeTogetherAreAllAnswered() {
    ModelFunction function = deploy(one, place.limits().withMaxConcurrent(5));

    List<CompletableFuture<Response>> calls =
        IntStream.range(0, 20).mapToObj(i -> call(function, request(i))).toList();

    for (int i = 0; i < calls.size(); i++) {
      assertAnswer(result(calls.get(i)), one, request(i));
    }
    assertThat(one.mostRunning()).isLessThanOrEqualTo(5);
  }

  @Test
  void aDeployThatTakesLongIsBegunAtOnceAndCanBeAwaitedAgain() {
    assumeTrue(place.tellsOfLoads(), "loads cannot be held here");
    Probe.Hold load = one.holdLoads();
    CompletableFuture<Operation<ModelFunction>> begun =
        aside(() -> platform.deploy(artifact(one), place.limits().withColdStart(ColdStart.EAGER)));
    load.awaitEntered();

    Operation<ModelFunction> deploying = result(begun);
    ServingException tooSoon =
        catchThrowableOfType(ServingException.class, () -> deploying.await(Duration.ofMillis(1)));
    assertThat(tooSoon.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(deploying.status().state().isFinal()).isFalse();

    load.release();
    assertAnswer(platform.invoke(await(deploying), request(1)), one, request(1));
  }

  @Test
  void aDeployThatWasCancelledInTimeLeavesNothing() {
    assumeTrue(place.tellsOfLoads(), "loads cannot be held here");
    Probe.Hold load = one.holdLoads();
    FunctionLimits eager = place.limits().withColdStart(ColdStart.EAGER);
    Operation<ModelFunction> deploying = result(aside(() -> platform.deploy(artifact(one), eager)));
    load.awaitEntered();

    boolean inTime = deploying.cancel();
    CompletableFuture<ModelFunction> ending = aside(() -> await(deploying));
    // A platform that cannot stop a load first ends it.
    boolean stopped = hasEnded(ending, WATCH);
    load.release();
    one.awaitEndOfLoads();

    Throwable thrown = catchThrowable(() -> result(ending));
    ModelFunction function = new ModelFunction(artifact(one), eager);
    if (inTime) {
      assertThat(thrown).isInstanceOf(ServingException.class);
      assertThat(((ServingException) thrown).kind()).isEqualTo(ErrorKind.CANCELLED);
      one.awaitLoaded(0);
      assertThat(platform.list())
          .as("stopped before the load ended: %s", stopped)
          .isEmpty();
      assertNotFound(() -> platform.invoke(function, request(1)));
    } else {
      assertThat(thrown).isNull();
      assertAnswer(platform.invoke(function, request(1)), one, request(1));
    }
  }

  @Test
  void aLazyFunctionThatCannotBeLoadedFailsAsModelFailedUntilItIsDeployedAgain() {
    assumeTrue(place.tellsOfLoads(), "loads cannot be made to fail here");
    ModelFunction function = deploy(one, place.limits().withColdStart(ColdStart.LAZY));
    one.failLoads(new IllegalStateException("the weights are torn"));

    ServingException failure = failureWhenTimePasses(call(function, request(1)));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure).hasMessageContaining(name());
    assertThat(failure).hasStackTraceContaining("the weights are torn");
    one.failLoads(null);
    deploy(one, place.limits().withColdStart(ColdStart.LAZY));
    assertAnswer(resultWhenTimePasses(call(function, request(2))), one, request(2));
  }

  // ---- limits ----

  @Test
  void noMoreThanMaxConcurrentRunAtOnceHoweverManyCall() {
    int most = 3;
    int count = 12;
    ModelFunction function = deploy(one, place.limits().withMaxConcurrent(most));
    List<Probe.Hold> holds = Stream.generate(one::holdNext).limit(count).toList();
    List<CompletableFuture<Response>> calls =
        IntStream.range(0, count).mapToObj(i -> call(function, request(i))).toList();
    holds.get(0).awaitEntered();

    assertThat(one.isEverRunningMoreThan(most)).isFalse();
    holds.forEach(Probe.Hold::release);

    for (int i = 0; i < count; i++) {
      assertAnswer(result(calls.get(i)), one, request(i));
    }
    assertThat(one.mostRunning()).isLessThanOrEqualTo(most);
    assertThat(one.calls()).as("each was asked once").isEqualTo(count);
  }

  @Test
  void aRequestThatWaitsTooLongForItsTurnFailsAsTimeoutOrThrottled() {
    ModelFunction function = deploy(one, place.limits().withMaxConcurrent(1));
    Probe.Hold hold = one.holdNext();
    CompletableFuture<Response> first = call(function, request(1));
    hold.awaitEntered();

    ServingException failure = failureWhenTimeIsUp(call(function, impatient(request(2))));

    assertThat(failure.kind()).isIn(ErrorKind.TIMEOUT, ErrorKind.THROTTLED);
    assertThat(failure.retryable()).isTrue();
    assertThat(failure).hasMessageContaining(name());
    hold.release();
    assertAnswer(result(first), one, request(1));
    assertAnswer(platform.invoke(function, request(3)), one, request(3));
    assertThat(one.mostRunning()).isEqualTo(1);
  }

  @Test
  void aCallThatTakesLongerThanItsRequestAllowsFreesItsCaller() {
    ModelFunction function = deploy(one, place.limits());
    Probe.Hold hold = one.holdNext();
    CompletableFuture<Response> call = call(function, impatient(request(1)));
    hold.awaitEntered();

    ServingException failure = failureWhenTimeIsUp(call);

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(failure.platform()).isEqualTo(platform.id());
    assertThat(failure).hasMessageContaining(name());
    hold.release();
    assertAnswer(result(call(function, request(2))), one, request(2));
  }

  @Test
  void aCallThatTakesLongerThanItsFunctionAllowsFreesItsCaller() {
    ModelFunction function = deploy(one, place.limits().withTimeout(place.shortestTimeout()));
    Probe.Hold hold = one.holdNext();
    CompletableFuture<Response> call = call(function, request(1));
    hold.awaitEntered();

    ServingException failure = failureWhenTimeIsUp(call);

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    hold.release();
    deploy(one, place.limits());
    assertAnswer(result(call(function, request(2))), one, request(2));
  }

  @Test
  void theTimeThatAFirstCallWaitsForTheLoadCountsToo() {
    assumeTrue(place.tellsOfLoads(), "loads cannot be held here");
    ModelFunction function = deploy(one, place.limits().withColdStart(ColdStart.LAZY));
    Probe.Hold load = one.holdLoads();
    CompletableFuture<Response> call = call(function, impatient(request(1)));
    load.awaitEntered();

    ServingException failure = failureWhenTimeIsUp(call);

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    load.release();
    assertAnswer(result(call(function, request(2))), one, request(2));
  }

  @Test
  void limitsThatThePlatformCannotGiveAreRefusedBeforeAnything() {
    assumeTrue(place.impossibleLimits().isPresent(), "every function can have all limits here");
    FunctionLimits impossible = place.impossibleLimits().orElseThrow();

    Throwable refusal = catchThrowable(() -> await(platform.deploy(artifact(one), impossible)));

    assertThat(refusal).isInstanceOfAny(InvalidValueException.class, ServingException.class);
    if (refusal instanceof ServingException e) {
      assertThat(e.kind()).isIn(ErrorKind.INVALID, ErrorKind.UNSUPPORTED, ErrorKind.QUOTA);
    }
    assertThat(platform.list()).isEmpty();
    assertThat(one.loads()).isZero();
  }

  // ---- idling ----

  @Test
  void aLazyFunctionIsUnloadedWhenItWasIdleAndLoadedAgainWhenItIsCalled() {
    assumeTrue(has(Capability.SCALE_TO_ZERO), "it is not claimed that functions scale to zero");
    ModelFunction function = deploy(one, idling(ColdStart.LAZY, IDLE));
    platform.invoke(function, request(1));

    pass(IDLE.multipliedBy(8).dividedBy(10));
    assertThat(one.loaded()).as("before its time is up").isEqualTo(1);
    platform.invoke(function, request(2));
    pass(IDLE.multipliedBy(8).dividedBy(10));
    assertThat(one.loaded()).as("each call begins its idle time anew").isEqualTo(1);
    assertThat(one.loads()).isEqualTo(1);

    Duration more = Duration.ZERO;
    while (!one.comesToLoaded(0, Duration.ofMillis(20)) && more.compareTo(IDLE) < 0) {
      more = more.plus(IDLE.dividedBy(10));
      pass(IDLE.dividedBy(10));
    }
    assertThat(more).as("beyond 0.8 of the idle time").isBetween(Duration.ZERO, IDLE.dividedBy(2));
    assertThat(one.loaded()).isZero();
    assertThat(platform.list())
        .extracting(Deployment::state)
        .as("it is there without being loaded")
        .containsExactly(Deployment.State.READY);

    assertAnswer(resultWhenTimePasses(call(function, request(3))), one, request(3));
    assertThat(one.loads()).isEqualTo(2);
  }

  @Test
  void anEagerFunctionStaysLoadedHoweverLongItIsIdle() {
    ModelFunction function = deploy(one, idling(ColdStart.EAGER, Duration.ofMinutes(1)));
    platform.invoke(function, request(1));

    for (int i = 0; i < 10; i++) {
      pass(Duration.ofMinutes(10));
    }

    assertThat(one.comesToLoaded(0, WATCH)).isFalse();
    int loads = one.loads();
    assertAnswer(platform.invoke(function, request(2)), one, request(2));
    assertThat(one.loads()).isEqualTo(loads);
  }

  @Test
  void aFunctionThatIsAtWorkIsNotIdle() {
    ModelFunction function = deploy(one, idling(ColdStart.LAZY, Duration.ofMinutes(1)));
    Probe.Hold hold = one.holdNext();
    CompletableFuture<Response> call =
        call(function, request(1).withTimeout(Duration.ofMinutes(10)));
    hold.awaitEntered();

    pass(Duration.ofMinutes(2));
    pass(Duration.ofMinutes(2));

    assertThat(one.comesToLoaded(0, WATCH)).isFalse();
    hold.release();
    assertAnswer(result(call), one, request(1));
  }

  private FunctionLimits idling(ColdStart coldStart, Duration idleTimeout) {
    assumeTrue(place.clock().isPresent(), "time passes by itself here, and idling takes minutes");
    assumeTrue(place.tellsOfLoads(), "loads cannot be counted here");
    return place.limits().withColdStart(coldStart).withIdleTimeout(idleTimeout);
  }

  // ---- errors ----

  @Test
  void aModelThatThrowsFailsAsModelFailedWithItsReasonAndLaterCallsAreAnswered() {
    ModelFunction function = deploy(one, place.limits().withMaxConcurrent(1));
    one.failNext(new IllegalStateException("the tokenizer is missing"));

    ServingException failure = failure(call(function, request(1)));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure.platform()).isEqualTo(platform.id());
    assertThat(failure).hasMessageContaining(name());
    assertThat(failure).hasStackTraceContaining("the tokenizer is missing");
    for (int i = 2; i < 5; i++) {
      assertAnswer(result(call(function, request(i))), one, request(i));
    }
  }

  @Test
  void invokingWhatIsNotDeployedFailsAsNotFound() {
    ModelFunction function = new ModelFunction(artifact(one), place.limits());

    ServingException missing = assertNotFound(() -> platform.invoke(function, request(1)));

    assertThat(missing).hasMessageContaining(name());
    assertThat(one.calls()).isZero();
  }

  @Test
  void aFunctionWithoutANameIsRefusedBeforeAnything() {
    assertThatThrownBy(() ->
            platform.deploy(place.artifact(one), place.limits().withColdStart(ColdStart.EAGER)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("artifact.metadata.name");

    assertThat(one.loads()).isZero();
    assertThat(platform.list()).isEmpty();
  }

  @Test
  void aRequestThatIsPinnedToAVariantIsRefusedBecauseAFunctionHasNone() {
    ModelFunction function = deploy(one, place.limits());

    Throwable refusal =
        catchThrowable(() -> platform.invoke(function, request(1).pinnedTo("green")));

    assertThat(refusal)
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("a function has no variants")
        .hasMessageContaining("green");
    assertThat(one.calls()).isZero();
  }

  @Test
  void anOptionForThisPlatformThatItDoesNotKnowIsRefusedAndOthersAreLeftAlone() {
    ModelArtifact artifact = artifact(one);
    ModelArtifact unknown =
        artifact.withMetadata(artifact.metadata().with(new UnknownOption(platform.id())));
    ModelArtifact foreign =
        artifact.withMetadata(artifact.metadata().with(new UnknownOption("another-platform")));

    assertThatThrownBy(() -> platform.deploy(unknown, place.limits()))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("UnknownOption");
    assertThat(platform.list()).isEmpty();

    ModelFunction function = await(platform.deploy(foreign, place.limits()));
    assertThatThrownBy(
            () -> platform.invoke(function, request(1).with(new UnknownOption(platform.id()))))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("UnknownOption");
    assertThat(one.calls()).isZero();
    Request other = request(2).with(new UnknownOption("another-platform"));
    assertAnswer(platform.invoke(function, other), one, request(2));
  }

  /** An option that no platform knows. */
  private record UnknownOption(String platform) implements ArtifactOptions, RequestOptions {}

  @Test
  void noSecretIsInAnythingThatIsPrinted() {
    List<String> printed = new ArrayList<>();
    Consumer<Object> print = printer(printed);
    Request secretive = Request.json("{\"token\":\"" + SECRET + "\"}");
    Operation<ModelFunction> deploying =
        platform.deploy(artifact(one), place.limits()).onProgress(print);
    ModelFunction function = await(deploying);
    print.accept(deploying.status());
    print.accept(platform.invoke(function, secretive));
    one.failNext(new IllegalStateException("the tokenizer is missing"));
    print.accept(catchThrowable(() -> platform.invoke(function, secretive)));
    ModelArtifact nowhere = ModelArtifact.of(
            URI.create("nowhere://models/one.onnx?signature=" + SECRET))
        .named("nowhere");
    print.accept(catchThrowable(() -> {
      ModelFunction there = await(platform.deploy(nowhere, place.limits()).onProgress(print));
      print.accept(there);
      platform.invoke(there, secretive);
    }));
    print.accept(platform.list());
    print.accept(platform.inventory());
    print.accept(platform.preview(p -> p.deploy(artifact(two), place.limits())));
    print.accept(platform);
    Operation<ModelFunction> undeploying = platform.undeploy(function).onProgress(print);
    print.accept(await(undeploying));
    print.accept(undeploying.status());
    print.accept(catchThrowable(() -> platform.invoke(function, secretive)));
    print.accept(catchThrowable(() -> platform.url(function)));

    assertThat(printed).isNotEmpty().noneMatch(text -> text.contains(SECRET));
  }

  // ---- undeploying ----

  @Test
  void undeployingWhatIsNotThereIsNoError() {
    ModelFunction function = new ModelFunction(artifact(one), place.limits());

    assertThat(await(platform.undeploy(function))).isEqualTo(function);
    assertThat(await(platform.undeploy(deploy(one, place.limits())))).isEqualTo(function);
    assertThat(await(platform.undeploy(function))).isEqualTo(function);
    assertThat(platform.list()).isEmpty();
  }

  @Test
  void undeployingLetsTheCallsThatAreUnderWayEndAndRefusesNewOnes() {
    ModelFunction function = deploy(one, place.limits());
    Probe.Hold hold = one.holdNext();
    CompletableFuture<Response> underWay = call(function, request(1));
    hold.awaitEntered();

    // A platform may end the undeploy before or after the calls that are under way.
    CompletableFuture<ModelFunction> undeploying = aside(() -> await(platform.undeploy(function)));
    eventually("the function is gone", () -> endsSoon(function, "NOT_FOUND"));

    assertThat(underWay).isNotDone();
    hold.release();
    assertAnswer(result(underWay), one, request(1));
    result(undeploying);
    assertNotFound(() -> platform.invoke(function, request(3)));
    assertThat(platform.list()).isEmpty();
    if (place.tellsOfLoads()) {
      one.awaitLoaded(0);
    }
  }

  @Test
  void whatWasUndeployedCanBeDeployedAgain() {
    await(platform.undeploy(deploy(one, place.limits())));

    ModelFunction again = deploy(two, place.limits());

    assertAnswer(platform.invoke(again, request(1)), two, request(1));
  }

  @Test
  void everythingUnderANameIsUndeployedWithoutAnyValue() {
    ModelFunction function = deploy(one, place.limits());
    ModelFunction other =
        await(platform.deploy(place.artifact(two).named("contract-other"), place.limits()));

    assertThat(await(platform.undeployAll(name()))).isNotEmpty();

    assertNotFound(() -> platform.invoke(function, request(1)));
    assertThat(platform.list()).extracting(Deployment::name).containsExactly("contract-other");
    assertAnswer(platform.invoke(other, request(2)), two, request(2));
    assertThat(platform.orphans()).isEmpty();
    assertThat(await(platform.undeployAll(name()))).as("what is gone already").isEmpty();
    await(platform.undeployAll("contract-other"));
    assertThat(platform.inventory()).isEmpty();
    if (place.tellsOfLoads()) {
      one.awaitLoaded(0);
    }
  }

  @Test
  void undeployingEverythingUnderWhatIsNoNameIsRefused() {
    deploy(one, place.limits());

    assertThatThrownBy(() -> platform.undeployAll(""))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("name");
    assertThat(platform.list()).hasSize(1);
  }

  // ---- what belongs to it ----

  @Test
  void theInventoryHasWhatADeployMadeAndNothingAfterTheUndeploy() {
    assertThat(platform.inventory()).isEmpty();
    ModelFunction function = deploy(one, place.limits());

    assertThat(platform.inventory())
        .isNotEmpty()
        .noneMatch(ManagedResource::orphan)
        .extracting(ManagedResource::deployment)
        .contains(Optional.of(name()))
        .isSubsetOf(Optional.of(name()), Optional.empty());

    await(platform.undeploy(function));
    assertThat(platform.inventory()).isEmpty();
  }

  @Test
  void sweepingTakesAwayWhatReplacedModelsLeftAndNothingThatServes() {
    deploy(one, place.limits());
    ModelFunction function = deploy(two, place.limits());

    await(platform.sweep(Duration.ZERO));

    assertThat(platform.orphans()).isEmpty();
    assertAnswer(platform.invoke(function, request(1)), two, request(1));
    assertThat(await(platform.sweep(Duration.ZERO))).isEmpty();
    await(platform.undeploy(function));
    assertThat(platform.inventory()).isEmpty();
    assertThatThrownBy(() -> platform.sweep(Duration.ofSeconds(-1)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("minimumAge");
  }

  // ---- previewing ----

  @Test
  void aPreviewTellsWhatAnOperationWillDoAndDoesNothing() {
    FunctionLimits eager = place.limits().withColdStart(ColdStart.EAGER);
    Plan first = platform.preview(p -> p.deploy(artifact(one), eager));

    assertThat(first.changes()).extracting(Change::action).contains(Action.CREATE);
    assertThat(platform.list()).isEmpty();
    assertThat(platform.inventory()).isEmpty();
    assertThat(one.loads()).isZero();

    ModelFunction function = deploy(one, eager);
    int loads = one.loads();
    Plan same = platform.preview(p -> p.deploy(artifact(one), eager));
    Plan otherModel = platform.preview(p -> p.deploy(artifact(two), eager));
    Plan otherLimits = platform.preview(p -> p.deploy(artifact(one), eager.withMaxConcurrent(7)));
    Plan removal = platform.preview(p -> p.undeploy(function));
    Plan removalByName = platform.preview(p -> p.undeployAll(name()));

    assertThat(same.isEmpty()).as("of what is there already: %s", same).isTrue();
    for (Plan replacement : List.of(otherModel, otherLimits)) {
      assertThat(replacement.isEmpty()).isFalse();
      assertThat(replacement.changes())
          .extracting(Change::action)
          .as("in place")
          .doesNotContain(Action.DELETE, Action.REPLACE, Action.REFUSE, Action.UNKNOWN);
    }
    assertThat(removal.changes()).extracting(Change::action).contains(Action.DELETE);
    assertThat(removalByName.changes()).extracting(Change::action).contains(Action.DELETE);
    assertAnswer(platform.invoke(function, request(1)), one, request(1));
    assertThat(one.loads()).isEqualTo(loads);
    assertThat(two.loads()).isZero();
  }

  @Test
  void operationsOfOnePreviewArePlannedOnEachOther() {
    ModelFunction[] planned = new ModelFunction[1];

    Plan plan = platform.preview(p -> {
      planned[0] = await(p.deploy(artifact(one), place.limits()));
      return p.undeploy(planned[0]);
    });

    assertThat(planned[0]).isEqualTo(new ModelFunction(artifact(one), place.limits()));
    assertThat(plan.changes()).extracting(Change::action).contains(Action.CREATE, Action.DELETE);
    assertThat(platform.inventory()).isEmpty();
  }

  @Test
  void aPreviewAsksNoModel() {
    ModelFunction function = deploy(one, place.limits());

    for (Consumer<FunctionPlatform> invoking : List.<Consumer<FunctionPlatform>>of(
        p -> p.invoke(function, request(1)),
        p -> p.invokeStreaming(function, request(1), piece -> {}))) {
      Throwable refusal = catchThrowable(() -> platform.preview(p -> {
        invoking.accept(p);
        return p.undeploy(function);
      }));
      assertThat(refusal).isInstanceOf(UnsupportedOperationException.class);
    }

    assertThat(one.calls()).isZero();
  }

  @Test
  void whatADeployWouldRefuseItsPreviewRefusesToo() {
    ModelArtifact unknown =
        artifact(one).withMetadata(artifact(one).metadata().with(new UnknownOption(platform.id())));

    assertThatThrownBy(() -> platform.preview(p -> p.deploy(unknown, place.limits())))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("UnknownOption");
  }

  // ---- answers in pieces ----

  @Test
  void anAnswerInPiecesIsHandedOnInOrderOnItsCallersThread() {
    ModelFunction function = deploy(one, place.limits());
    Thread caller = Thread.currentThread();
    List<String> pieces = new ArrayList<>();

    Response rest = platform.invokeStreaming(function, request(1), piece -> {
      assertThat(Thread.currentThread()).isSameAs(caller);
      assertThat(piece.isReadOnly()).isTrue();
      pieces.add(text(piece));
    });

    assertThat(String.join("", pieces)).isEqualTo(one.expected(request(1)).text());
    assertThat(pieces).hasSize(answersInPieces() ? 3 : 1);
    assertThat(rest.body()).isEmpty();
    assertThat(rest.contentType()).startsWith("application/json");
    assertThat(rest.variant()).as("functions have no variants").isEmpty();
    assertAnswer(platform.invoke(function, request(1)), one, request(1));
  }

  @Test
  void aSlowConsumerOfPiecesSlowsItsModelDown() {
    assumeTrue(answersInPieces(), "every answer comes as a whole here");
    ModelFunction function = deploy(one, place.limits());
    List<Boolean> idle = new ArrayList<>();

    platform.invokeStreaming(function, request(1), piece -> {
      if (idle.isEmpty()) {
        idle.add(one.isEverIdle());
      }
    });

    assertThat(idle)
        .as("whether the model was done while its first piece was read")
        .containsExactly(false);
  }

  @Test
  void whatAConsumerThrowsEndsAnAnswerInPiecesAndReachesTheCallerAsItIs() {
    ModelFunction function = deploy(one, place.limits().withMaxConcurrent(1));
    for (RuntimeException enough : List.of(
        new IllegalStateException("enough"),
        new ServingException("elsewhere", ErrorKind.UNAVAILABLE, "what a retry would be for"))) {
      int calls = one.calls();
      List<String> pieces = new ArrayList<>();

      assertThatThrownBy(() -> platform.invokeStreaming(function, request(1), piece -> {
            pieces.add(text(piece));
            throw enough;
          }))
          .isSameAs(enough);

      assertThat(pieces).hasSize(1);
      assertAnswer(result(call(function, request(2))), one, request(2));
      assertThat(one.calls()).as("asked once, and once more here").isEqualTo(calls + 2);
    }
  }

  @Test
  void aModelThatFailsAfterItsFirstPieceFailsAsModelFailedAndIsNotAskedAgain() {
    assumeTrue(answersInPieces(), "every answer comes as a whole here");
    ModelFunction function = deploy(one, place.limits());
    one.failNext(new IllegalStateException("the worker is lost"));
    List<String> pieces = new ArrayList<>();

    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> platform.invokeStreaming(function, request(1), piece -> pieces.add(text(piece))));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure).hasMessageContaining(name());
    assertThat(failure).hasStackTraceContaining("the worker is lost");
    assertThat(pieces).hasSize(1);
    assertThat(one.calls()).isEqualTo(1);
    assertAnswer(platform.invoke(function, request(2)), one, request(2));
  }

  @Test
  void theTimeForAnAnswerInPiecesIsForTheWholeOfIt() {
    ModelFunction function = deploy(one, place.limits());
    Probe.Hold hold = one.holdNext();
    CompletableFuture<Response> call =
        aside(() -> platform.invokeStreaming(function, impatient(request(1)), piece -> {}));
    hold.awaitEntered();

    ServingException failure = failureWhenTimeIsUp(call);

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(failure).hasMessageContaining(name());
    hold.release();
    assertAnswer(result(call(function, request(2))), one, request(2));
  }

  @Test
  void anAnswerInPiecesFromWhatIsNotDeployedFailsAsNotFoundAndFromAVariantIsRefused() {
    ModelFunction function = new ModelFunction(artifact(one), place.limits());

    assertNotFound(() -> platform.invokeStreaming(function, request(1), piece -> {}));
    assertThatThrownBy(
            () -> platform.invokeStreaming(function, request(1).pinnedTo("blue"), piece -> {}))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("variant");
    assertThat(one.calls()).isZero();
  }

  @Test
  void closingThePlatformEndsAnAnswerInPieces() {
    assumeTrue(place.isInThisProcess(), "calls go on in another process");
    assumeTrue(answersInPieces(), "every answer comes as a whole here");
    ModelFunction function = deploy(one, place.limits());
    Probe.Hold hold = one.holdNext();
    List<String> pieces = new CopyOnWriteArrayList<>();
    CompletableFuture<Response> underWay = aside(
        () -> platform.invokeStreaming(function, request(1), piece -> pieces.add(text(piece))));
    hold.awaitEntered();

    CompletableFuture<Void> closing = CompletableFuture.runAsync(platform::close, callers);
    eventually("the platform is closed", () -> endsSoon(function, "CANCELLED"));
    hold.release();

    Throwable thrown = catchThrowable(() -> resultWhenTimePasses(underWay));
    assertThat(thrown)
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED));
    assertThat(pieces).as("none after the platform was closed").hasSizeLessThan(2);
    resultWhenTimePasses(closing);
    assertNoThreads(platform.id());
  }

  private static String text(ByteBuffer piece) {
    return UTF_8.decode(piece).toString();
  }

  // ---- the URL ----

  @Test
  void aFunctionHasAUrlOfItsOwnAsLongAsItIsDeployed() {
    ModelFunction function = deploy(one, place.limits());
    ModelFunction other =
        await(platform.deploy(place.artifact(two).named("other"), place.limits()));

    URI url = platform.url(function);
    assertThat(url.isAbsolute()).isTrue();
    assertThat(url.getScheme()).isIn("http", "https");
    assertThat(url.getRawUserInfo()).as("a URL carries no credentials").isNull();
    assertThat(url).isNotEqualTo(platform.url(other));
    deploy(one, place.limits().withMaxConcurrent(7));
    assertThat(platform.url(function)).as("after a change of limits").isEqualTo(url);

    await(platform.undeploy(function));
    ServingException missing = assertNotFound(() -> platform.url(function));
    assertThat(missing).hasMessageContaining(name());
    assertThat(platform.url(other)).isNotNull();
  }

  @Test
  void aFunctionAnswersAtItsUrlAsItDoesWhenItIsInvoked() {
    assumeTrue(place.http().isPresent(), "nothing answers at the URLs of this place");
    ModelFunction function = deploy(one, place.limits());
    BiFunction<URI, Request, Response> http = place.http().orElseThrow();

    Response answer = http.apply(platform.url(function), request(1));

    assertAnswer(answer, one, request(1));
  }

  // ---- closing ----

  @Test
  void aClosedPlatformDoesNothingMoreAndHasNoThreads() {
    ModelFunction function = deploy(one, place.limits().withColdStart(ColdStart.EAGER));
    platform.invoke(function, request(1));
    int calls = one.calls();

    platform.close();
    platform.close();

    assertClosed(() -> platform.deploy(artifact(two), place.limits()));
    assertClosed(() -> platform.invoke(function, request(2)));
    assertClosed(() -> platform.invokeStreaming(function, request(2), piece -> {}));
    assertClosed(() -> platform.undeploy(function));
    assertClosed(() -> platform.undeployAll(name()));
    assertClosed(() -> platform.sweep(Duration.ZERO));
    assertClosed(() -> platform.preview(p -> p.undeploy(function)));
    assertClosed(() -> platform.url(function));
    assertClosed(platform::list);
    assertClosed(platform::inventory);
    assertThat(one.calls()).isEqualTo(calls);
    assertThat(two.loads()).isZero();
    assertNoThreads(platform.id());
    if (place.isInThisProcess() && place.tellsOfLoads()) {
      assertThat(one.loaded()).as("models of a closed platform").isZero();
    }
  }

  @Test
  void noCallerHangsWhenThePlatformIsClosed() {
    assumeTrue(place.isInThisProcess(), "calls go on in another process");
    ModelFunction function = deploy(one, place.limits().withMaxConcurrent(1));
    Probe.Hold hold = one.holdNext();
    CompletableFuture<Response> underWay = call(function, request(1));
    hold.awaitEntered();
    CompletableFuture<Response> waiting = call(function, request(2));
    assertThat(one.isEverRunningMoreThan(1)).isFalse();

    CompletableFuture<Void> closing = CompletableFuture.runAsync(platform::close, callers);
    eventually("the platform is closed", () -> endsSoon(function, "CANCELLED"));
    hold.release();

    for (CompletableFuture<Response> call : List.of(underWay, waiting)) {
      Throwable thrown = catchThrowable(() -> resultWhenTimePasses(call));
      if (thrown != null) {
        assertThat(thrown).isInstanceOf(ServingException.class);
        assertThat(((ServingException) thrown).kind()).isEqualTo(ErrorKind.CANCELLED);
      }
    }
    resultWhenTimePasses(closing);
    assertNoThreads(platform.id());
    if (place.tellsOfLoads()) {
      assertThat(one.loaded()).isZero();
    }
  }

  static void assertClosed(Runnable action) {
    ServingException closed = catchThrowableOfType(ServingException.class, action::run);
    assertThat(closed.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(closed).hasMessageContaining("closed");
  }

  /** A pool says that it has ended a moment before its last thread has. */
  static void assertNoThreads(String platform) {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("fairlead-" + platform)) {
        assertThat(ends(thread))
            .as("thread %s of a closed platform ends", thread)
            .isTrue();
      }
    }
  }

  static boolean ends(Thread thread) {
    try {
      thread.join(1_000);
      return !thread.isAlive();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("the test was interrupted", e);
    }
  }

  // ---- words ----

  /** {@return what notes how something prints, and every message of an exception} */
  static Consumer<Object> printer(List<String> printed) {
    return thing -> {
      printed.add(String.valueOf(thing));
      Throwable next = thing instanceof Throwable thrown ? thrown : null;
      for (; next != null; next = next.getCause()) {
        printed.add(String.valueOf(next.getMessage()));
      }
    };
  }

  static ExecutorService newCallers() {
    return Executors.newCachedThreadPool(task -> {
      Thread thread = new Thread(task, "contract-caller");
      thread.setDaemon(true);
      return thread;
    });
  }

  private static String name() {
    return "contract";
  }

  private ModelArtifact artifact(Probe model) {
    return place.artifact(model).named(name());
  }

  /** With ten minutes to be answered in, so that only those requests run out of time that are to. */
  private static Request request(int number) {
    return Request.json("{\"number\":" + number + "}").withTimeout(Duration.ofMinutes(10));
  }

  private Request impatient(Request request) {
    return request.withTimeout(place.shortestTimeout());
  }

  private ModelFunction deploy(Probe model, FunctionLimits limits) {
    return await(platform.deploy(artifact(model), limits));
  }

  private CompletableFuture<ModelFunction> deployAside(Probe model, FunctionLimits limits) {
    return aside(() -> deploy(model, limits));
  }

  private CompletableFuture<Response> call(ModelFunction function, Request request) {
    return aside(() -> platform.invoke(function, request));
  }

  private <T> CompletableFuture<T> aside(Supplier<T> action) {
    return CompletableFuture.supplyAsync(action, callers);
  }

  private String textOrFailure(ModelFunction function, Request request) {
    try {
      return platform.invoke(function, request).text();
    } catch (ServingException e) {
      return e.kind() + ": " + e.getMessage();
    } catch (RuntimeException e) {
      return String.valueOf(e);
    }
  }

  /** {@return whether a new call ends so; one that waits behind what is held does not, and is left to wait} */
  private boolean endsSoon(ModelFunction function, String beginning) {
    CompletableFuture<String> call = aside(() -> textOrFailure(function, request(2)));
    return hasEnded(call, Duration.ofMillis(50)) && result(call).startsWith(beginning);
  }

  private void assertAnswer(Response answer, Probe by, Request request) {
    assertThat(answer.text()).isEqualTo(by.expected(request).text());
    assertThat(answer.contentType()).startsWith("application/json");
    assertThat(answer.variant()).as("functions have no variants").isEmpty();
  }

  static ServingException assertNotFound(Runnable action) {
    ServingException missing = catchThrowableOfType(ServingException.class, action::run);
    assertThat(missing.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    return missing;
  }

  private void pass(Duration duration) {
    place.clock().orElseThrow().accept(duration);
  }

  /** {@return how a call fails whose time is up, by the place's clock or by itself} */
  private ServingException failureWhenTimeIsUp(CompletableFuture<?> call) {
    return failureWhenTimePasses(call, place.shortestTimeout());
  }

  private ServingException failureWhenTimePasses(CompletableFuture<?> call) {
    return failureWhenTimePasses(call, Duration.ofSeconds(1));
  }

  private ServingException failureWhenTimePasses(CompletableFuture<?> call, Duration step) {
    letTimePass(call, place.clock(), step);
    return failure(call);
  }

  private <T> T resultWhenTimePasses(CompletableFuture<T> call) {
    letTimePass(call, place.clock(), Duration.ofSeconds(1));
    return result(call);
  }

  /** Lets time pass in steps until a call has ended, and leaves it the time of this machine to get on. */
  static void letTimePass(
      CompletableFuture<?> call, Optional<Consumer<Duration>> clock, Duration step) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!hasEnded(call, clock.isPresent() ? Duration.ofMillis(20) : LIMIT)
        && System.nanoTime() - end < 0) {
      clock.ifPresent(pass -> pass.accept(step));
    }
    assertThat(call).as("a call that has to end within " + LIMIT).isDone();
  }

  static boolean hasEnded(CompletableFuture<?> call, Duration within) {
    try {
      call.get(within.toNanos(), NANOSECONDS);
      return true;
    } catch (ExecutionException e) {
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("the test was interrupted", e);
    }
  }

  static ServingException failure(CompletableFuture<?> call) {
    return catchThrowableOfType(ServingException.class, () -> result(call));
  }

  static <T> T result(CompletableFuture<T> call) {
    assertThat(hasEnded(call, LIMIT)).as("a call ends within " + LIMIT).isTrue();
    try {
      return call.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  static <T> T await(Operation<T> operation) {
    return operation.await(LIMIT);
  }

  private static <T> void put(BlockingQueue<T> queue, T next) {
    try {
      queue.put(next);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("the test was interrupted", e);
    }
  }

  private static <T> T take(BlockingQueue<T> queue) {
    try {
      T next = queue.poll(LIMIT.toMillis(), MILLISECONDS);
      assertThat(next).as("something comes within " + LIMIT).isNotNull();
      return next;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("the test was interrupted", e);
    }
  }

  static void eventually(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - end)
          .as("it did not come within " + LIMIT + " that " + what)
          .isNegative();
      Thread.onSpinWait();
    }
  }
}
