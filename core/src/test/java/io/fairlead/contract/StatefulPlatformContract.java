package io.fairlead.contract;

import static io.fairlead.contract.FunctionPlatformContract.LIMIT;
import static io.fairlead.contract.FunctionPlatformContract.assertClosed;
import static io.fairlead.contract.FunctionPlatformContract.assertNoThreads;
import static io.fairlead.contract.FunctionPlatformContract.assertNotFound;
import static io.fairlead.contract.FunctionPlatformContract.await;
import static io.fairlead.contract.FunctionPlatformContract.eventually;
import static io.fairlead.contract.FunctionPlatformContract.failure;
import static io.fairlead.contract.FunctionPlatformContract.hasEnded;
import static io.fairlead.contract.FunctionPlatformContract.letTimePass;
import static io.fairlead.contract.FunctionPlatformContract.newCallers;
import static io.fairlead.contract.FunctionPlatformContract.printer;
import static io.fairlead.contract.FunctionPlatformContract.result;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.Timeout.ThreadMode.SEPARATE_THREAD;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.CachingPolicy;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelState;
import io.fairlead.grammar.RequestOptions;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Served;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.grammar.UpdateStrategy;
import io.fairlead.operation.Operation;
import io.fairlead.operation.OperationStatus;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.platform.StatefulPlatform;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every stateful platform keeps, as far as its type says: what is remembered is the model's own answer, and never one
 * of a state that was replaced.
 *
 * <p>A provider extends it and says where containers are opened and how the models of this contract get there: {@link
 * Probe}s, which count how often they are asked.
 */
@Timeout(value = 2, unit = MINUTES, threadMode = SEPARATE_THREAD)
public abstract class StatefulPlatformContract {
  /** A cache that holds all that is asked here. */
  private static final long ROOM = 1L << 20;

  private static final String SECRET = "correct-horse-battery-staple";

  private final Probe one = new Probe("one");
  private final Probe two = new Probe("two");
  private ExecutorService callers;
  private Place place;
  private StatefulPlatform platform;

  /** For subclasses. */
  protected StatefulPlatformContract() {}

  /** A place that serves models with their state, or what stands in for one. */
  public interface Place extends AutoCloseable {
    /** {@return the platform, opened; called once} */
    StatefulPlatform open();

    /**
     * {@return an artifact, without a name, whose model is this one}
     *
     * <p>It can be asked by several callers at once. Where a platform remembers the answers only of models that are said
     * to give the same answer again, this one is.
     */
    ModelArtifact artifact(Probe model);

    /** {@return the state after a container's, in which the weights are those of the model as it is now} */
    default ModelState next(StatefulContainer container, Probe model) {
      ModelState before = container.state();
      return new ModelState(
          new ModelState.Cache(before.cache().snapshot(), before.epoch() + 1),
          new ModelState.WarmWeights(model.digest()),
          before.dynamicConfig());
    }

    /** {@return the shortest time that a request can be given here, in which a model that does nothing answers} */
    default Duration shortestTimeout() {
      return Duration.ofMillis(300);
    }

    /** {@return what lets time pass, with what is due in it done when it returns; empty if time passes by itself} */
    default Optional<Consumer<Duration>> clock() {
      return Optional.empty();
    }

    /** {@return whether containers run in this process, and so end with the platform} */
    default boolean isInThisProcess() {
      return true;
    }

    /**
     * {@return what serves a model beneath, under a name of its own and without state; empty if the platform wraps no
     * other}
     */
    default Optional<Served> served(Probe model) {
      return Optional.empty();
    }

    /**
     * {@return what serves two models beneath under one name, whose requests are divided between them; empty if the
     * platform wraps none that divides requests}
     *
     * @param percent the share of the second
     */
    default Optional<Served> divided(Probe first, Probe second, int percent) {
      return Optional.empty();
    }

    /** {@return what the platform beneath answers, asked directly; only for what {@link #served} returned} */
    default Response beneath(Served served, Request request) {
      throw new UnsupportedOperationException("there is no platform beneath");
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
  void aModelIsDeployedAskedUpdatedAndUndeployed() {
    StatefulContainer container = deploy(one);
    assertThat(platform.list())
        .containsExactly(new Deployment(
            name(), Optional.empty(), Deployment.State.READY, TrafficWeight.ALL, ""));
    assertAnswer(platform.invoke(container, request(1)), one, request(1));
    assertAnswer(platform.cacheForward(container, request(1)), one, request(1));

    StatefulContainer updated = update(container, one);
    assertAnswer(platform.cacheForward(updated, request(1)), one, request(1));

    assertThat(await(platform.undeploy(updated)).name()).isEqualTo(name());
    assertThat(platform.list()).isEmpty();
    assertThat(platform.describe(name(), LIMIT)).isEmpty();
    assertNotFound(() -> platform.cacheForward(updated, request(1)));
  }

  @Test
  void aDeployedContainerHasItsArtifactAndAStateThatWasNeverReplaced() {
    StatefulContainer container = deploy(one);

    assertThat(container.artifact()).isEqualTo(artifact(one));
    assertThat(container.name()).isEqualTo(name());
    assertThat(container.state().epoch()).isZero();
    assertThat(one.calls()).as("deploying asks the model nothing").isZero();
  }

  @Test
  void whatIsDeployedIsCallableByAnEqualValueThatWasMadeElsewhere() {
    StatefulContainer container = deploy(one);

    StatefulContainer same =
        new StatefulContainer(artifact(one), container.state(), container.runtime());

    assertAnswer(platform.cacheForward(same, request(1)), one, request(1));
    assertAnswer(platform.invoke(same, request(1)), one, request(1));
  }

  @Test
  void containersOfDifferentNamesAreApart() {
    StatefulContainer first =
        await(platform.deploy(place.artifact(one).named("b-contract"), policy(ROOM)));
    StatefulContainer second =
        await(platform.deploy(place.artifact(two).named("a-contract"), policy(ROOM)));
    assertThat(platform.list())
        .extracting(Deployment::name)
        .containsExactly("a-contract", "b-contract");
    for (int i = 0; i < 2; i++) {
      assertAnswer(platform.cacheForward(first, request(1)), one, request(1));
      assertAnswer(platform.cacheForward(second, request(1)), two, request(1));
    }

    await(platform.undeploy(first));

    assertNotFound(() -> platform.cacheForward(first, request(1)));
    assertAnswer(platform.cacheForward(second, request(1)), two, request(1));
  }

  @Test
  void anOperationKeepsItsResultAndEndsInAFinalState() {
    Operation<StatefulContainer> deploying = platform.deploy(artifact(one), policy(ROOM));
    List<String> lines = new ArrayList<>();
    StatefulContainer container = await(deploying);
    deploying.onProgress(event -> lines.add(event.toString()));

    assertThat(deploying.id().platform()).isEqualTo(platform.id());
    assertThat(deploying.status().state()).isEqualTo(OperationStatus.State.SUCCEEDED);
    assertThat(deploying.toFuture()).isCompletedWithValue(container);
    assertThat(deploying.cancel()).as("a cancel that comes too late").isFalse();
    assertThat(await(deploying)).isEqualTo(container);
    assertThat(lines).as("the events of the past").isNotEmpty();
  }

  // ---- remembering ----

  @Test
  void aRequestThatCameBeforeIsAnsweredWithoutAskingTheModel() {
    StatefulContainer container = deploy(one);
    Response first = platform.cacheForward(container, request(1));
    assertThat(one.calls()).isEqualTo(1);

    Response again = platform.cacheForward(container, request(1));

    assertThat(again.text()).isEqualTo(first.text());
    assertThat(again.contentType()).isEqualTo(first.contentType());
    assertAnswer(again, one, request(1));
    assertThat(one.calls()).isEqualTo(1);
  }

  @Test
  void invokeAlwaysAsksTheModel() {
    StatefulContainer container = deploy(one);
    platform.cacheForward(container, request(1));
    one.change();

    assertAnswer(platform.invoke(container, request(1)), one, request(1));
    assertAnswer(platform.invoke(container, request(1)), one, request(1));

    assertThat(one.calls()).isEqualTo(3);
  }

  @Test
  void whatIsRememberedIsWhatTheModelAnswersToExactlyThisRequest() {
    StatefulContainer container = deploy(one);
    List<Request> requests = List.of(
        Request.json("{\"a\":1}"),
        Request.json("{\"a\":2}"),
        Request.json("{\"a\":12}"),
        Request.json("{\"a\":1}1"),
        Request.json(""),
        Request.of(new byte[] {1, 2, 3}, "application/octet-stream"),
        Request.of(new byte[] {1, 2, 3}, "application/octet"),
        Request.of(new byte[] {1, 2}, "application/octet-stream"),
        Request.of(new byte[] {3, 2, 1}, "application/octet-stream"),
        Request.of(new byte[] {0}, "application/octet-stream"),
        Request.of(new byte[] {0, 0}, "application/octet-stream"),
        Request.of("{\"a\":1}".getBytes(UTF_8), "text/plain"));

    for (int pass = 0; pass < 3; pass++) {
      for (Request request : requests) {
        assertThat(platform.cacheForward(container, request).text())
            .isEqualTo(platform.invoke(container, request).text())
            .isEqualTo(one.expected(request).text());
      }
    }
  }

  @Test
  void withoutRoomNothingIsRemembered() {
    StatefulContainer container = await(platform.deploy(artifact(one), policy(0)));

    for (int i = 1; i <= 3; i++) {
      assertAnswer(platform.cacheForward(container, request(1)), one, request(1));
      assertThat(one.calls()).isEqualTo(i);
    }
  }

  @Test
  void noMoreIsRememberedThanThereIsRoomFor() {
    int room = 16 * 1024;
    int count = 100;
    StatefulContainer container = await(platform.deploy(artifact(one), policy(room)));
    List<Request> kilobytes = IntStream.range(0, count)
        .mapToObj(i -> Request.json("\"" + "%04d".formatted(i).repeat(256) + "\""))
        .toList();

    for (int pass = 0; pass < 2; pass++) {
      kilobytes.forEach(
          request -> assertAnswer(platform.cacheForward(container, request), one, request));
    }

    int answeredFromMemory = 2 * count - one.calls();
    assertThat(answeredFromMemory)
        .as("answers of more than 1 KiB out of a cache of 16 KiB")
        .isLessThanOrEqualTo(room / 1024);
  }

  @Test
  void aFailureIsNotRemembered() {
    StatefulContainer container = deploy(one);
    one.failNext(new IllegalStateException("the tokenizer is missing"));

    ServingException failure = failure(cacheForward(container, request(1)));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure.platform()).isEqualTo(platform.id());
    assertThat(failure).hasMessageContaining(name());
    assertThat(failure).hasStackTraceContaining("the tokenizer is missing");
    assertAnswer(platform.cacheForward(container, request(1)), one, request(1));
    assertAnswer(platform.cacheForward(container, request(1)), one, request(1));
    assertThat(one.calls()).isEqualTo(2);
  }

  // ---- requests that come together ----

  @Test
  void equalRequestsThatComeTogetherAskTheModelOnce() {
    StatefulContainer container = deploy(one);
    Probe.Hold hold = one.holdNext();
    List<CompletableFuture<Response>> calls =
        IntStream.range(0, 8).mapToObj(i -> cacheForward(container, request(1))).toList();
    hold.awaitEntered();

    assertThat(one.isAskedMoreThan(1)).isFalse();
    hold.release();

    calls.forEach(call -> assertAnswer(result(call), one, request(1)));
    assertThat(one.calls()).isEqualTo(1);
  }

  @Test
  void equalRequestsWhoseCallFailsAreNotLeftWaiting() {
    StatefulContainer container = deploy(one);
    Probe.Hold hold = one.holdNext();
    one.failNext(new IllegalStateException("the tokenizer is missing"));
    List<CompletableFuture<Response>> calls =
        IntStream.range(0, 4).mapToObj(i -> cacheForward(container, request(1))).toList();
    hold.awaitEntered();
    assertThat(one.isAskedMoreThan(1)).isFalse();
    hold.release();

    for (CompletableFuture<Response> call : calls) {
      Throwable thrown = catchThrowable(() -> assertAnswer(result(call), one, request(1)));
      if (thrown != null) {
        assertThat(thrown).isInstanceOf(ServingException.class);
        assertThat(((ServingException) thrown).kind()).isEqualTo(ErrorKind.MODEL_FAILED);
      }
    }
    assertAnswer(platform.cacheForward(container, request(1)), one, request(1));
  }

  @Test
  void aCallerWhoseTimeIsUpIsFreedAndDoesNotTakeTheOthersWithIt() {
    StatefulContainer container = deploy(one);
    Probe.Hold hold = one.holdNext();
    CompletableFuture<Response> first = cacheForward(container, impatient(request(1)));
    hold.awaitEntered();
    CompletableFuture<Response> patient = cacheForward(container, request(1));
    CompletableFuture<Response> second = cacheForward(container, impatient(request(1)));

    for (CompletableFuture<Response> call : List.of(first, second)) {
      letTimePass(call, place.clock(), place.shortestTimeout());
    }
    assertThat(failure(first).kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(failure(first)).hasMessageContaining(name());
    // The second may have been asked anew when the first gave up.
    Throwable thrown = catchThrowable(() -> assertAnswer(result(second), one, request(1)));
    if (thrown != null) {
      assertThat(thrown).isInstanceOf(ServingException.class);
      assertThat(((ServingException) thrown).kind()).isEqualTo(ErrorKind.TIMEOUT);
    }

    hold.release();
    assertAnswer(result(patient), one, request(1));
  }

  @Test
  void differentRequestsDoNotWaitForEachOther() {
    StatefulContainer container = deploy(one);
    platform.cacheForward(container, request(0));
    Probe.Hold hold = one.holdNext();
    CompletableFuture<Response> held = cacheForward(container, request(1));
    hold.awaitEntered();

    assertAnswer(result(cacheForward(container, request(0))), one, request(0));
    for (int i = 2; i < 100; i++) {
      assertAnswer(result(cacheForward(container, request(i))), one, request(i));
    }

    assertThat(held).isNotDone();
    hold.release();
    assertAnswer(result(held), one, request(1));
  }

  // ---- replacing the state ----

  @Test
  void anUpdateReturnsTheContainerWithItsNewState() {
    StatefulContainer container = deploy(one);
    ModelState next = place.next(container, one);

    StatefulContainer updated = await(platform.updateState(container, next));

    assertThat(updated).isEqualTo(container.withState(next));
    assertThat(updated.state().epoch()).isEqualTo(1);
    assertThat(update(updated, one).state().epoch()).isEqualTo(2);
  }

  @Test
  void anUpdateOfAStateThatWasReplacedIsAConflictAndChangesNothing() {
    StatefulContainer container = deploy(one);
    StatefulContainer updated = update(container, one);
    assertAnswer(platform.cacheForward(updated, request(1)), one, request(1));
    int calls = one.calls();

    ServingException conflict =
        catchThrowableOfType(ServingException.class, () -> update(container, one));

    assertThat(conflict.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(conflict.retryable()).isFalse();
    assertThat(conflict).hasMessageContaining(name());
    assertThat(platform.describe(name(), LIMIT).orElseThrow().value()).contains(updated);
    assertAnswer(platform.cacheForward(updated, request(1)), one, request(1));
    assertThat(one.calls()).as("what is remembered stays").isEqualTo(calls);
    assertThat(update(updated, one).state().epoch()).isEqualTo(2);
  }

  @Test
  void ofUpdatesOfOneStateThatComeTogetherOneSucceeds() {
    StatefulContainer container = deploy(one);
    ModelState next = place.next(container, one);

    List<CompletableFuture<StatefulContainer>> updates = IntStream.range(0, 8)
        .mapToObj(i -> aside(() -> await(platform.updateState(container, next))))
        .toList();

    int succeeded = 0;
    for (CompletableFuture<StatefulContainer> update : updates) {
      Throwable thrown = catchThrowable(() -> result(update));
      if (thrown == null) {
        succeeded++;
      } else {
        assertThat(thrown).isInstanceOf(ServingException.class);
        assertThat(((ServingException) thrown).kind()).isEqualTo(ErrorKind.CONFLICT);
      }
    }
    assertThat(succeeded).isEqualTo(1);
  }

  @Test
  void aStateWhoseEpochIsNotTheNextIsRefusedBeforeAnything() {
    StatefulContainer container = update(deploy(one), one);
    ModelState next = place.next(container, one);
    for (long epoch : new long[] {0, 1, 3}) {
      ModelState wrong = new ModelState(
          new ModelState.Cache(next.cache().snapshot(), epoch),
          next.warmWeights(),
          next.dynamicConfig());

      assertThatThrownBy(() -> await(platform.updateState(container, wrong)))
          .isInstanceOf(InvalidValueException.class)
          .hasMessageContaining("epoch")
          .hasMessageContaining(String.valueOf(epoch));
    }

    assertThat(await(platform.updateState(container, next)).state().epoch()).isEqualTo(2);
  }

  @Test
  void afterAnUpdateNothingIsAnsweredFromTheStateBefore() {
    StatefulContainer container = deploy(one);
    for (int i = 0; i < 10; i++) {
      platform.cacheForward(container, request(i));
    }
    one.change();

    StatefulContainer updated = update(container, one);

    for (int i = 0; i < 10; i++) {
      assertAnswer(platform.cacheForward(updated, request(i)), one, request(i));
    }
    int calls = one.calls();
    for (int i = 0; i < 10; i++) {
      assertAnswer(platform.cacheForward(updated, request(i)), one, request(i));
    }
    assertThat(one.calls()).as("the new state remembers too").isEqualTo(calls);
    // Whoever holds the container of before may be refused, but is never answered from its state.
    Throwable refusal = catchThrowable(
        () -> assertAnswer(platform.cacheForward(container, request(1)), one, request(1)));
    if (refusal != null) {
      assertThat(refusal).isInstanceOf(ServingException.class);
      assertThat(((ServingException) refusal).kind()).isEqualTo(ErrorKind.CONFLICT);
    }
  }

  @Test
  void aCallThatIsUnderWayWhenTheStateIsReplacedIsAnsweredAndNotRememberedInTheNewState() {
    StatefulContainer container = deploy(one);
    String before = one.expected(request(1)).text();
    Probe.Hold hold = one.holdNext();
    CompletableFuture<Response> underWay = cacheForward(container, request(1));
    hold.awaitEntered();
    one.change();

    // A platform may end the update before or after the calls that are under way.
    CompletableFuture<StatefulContainer> updating = aside(() -> update(container, one));
    boolean endedBefore = hasEnded(updating, Duration.ofMillis(500));
    hold.release();

    assertThat(result(underWay).text()).isEqualTo(before);
    StatefulContainer updated = result(updating);
    assertAnswer(platform.cacheForward(updated, request(1)), one, request(1));
    assertThat(one.calls())
        .as("asked once in each state, ended %s", endedBefore)
        .isEqualTo(2);
  }

  @Test
  void aRequestAfterAnUpdateDoesNotJoinAnEqualOneFromBefore() {
    StatefulContainer container = deploy(one);
    Probe.Hold hold = one.holdNext();
    CompletableFuture<Response> underWay = cacheForward(container, request(1));
    hold.awaitEntered();
    one.change();
    CompletableFuture<StatefulContainer> updating = aside(() -> update(container, one));
    assumeTrue(
        hasEnded(updating, Duration.ofMillis(500)), "an update waits for the calls from before");

    CompletableFuture<Response> after = cacheForward(result(updating), request(1));

    assertAnswer(result(after), one, request(1));
    assertThat(underWay).isNotDone();
    hold.release();
    assertThat(hasEnded(underWay, LIMIT)).isTrue();
  }

  @Test
  void howeverManyAskNoneIsAnsweredFromAStateThatWasReplacedBeforeItAsked() {
    int callerCount = 4;
    AtomicInteger replaced = new AtomicInteger();
    AtomicBoolean enough = new AtomicBoolean();
    AtomicReference<StatefulContainer> current = new AtomicReference<>(deploy(one));
    List<AtomicInteger> latest = new ArrayList<>();
    List<CompletableFuture<Void>> calling = new ArrayList<>();
    for (int caller = 0; caller < callerCount; caller++) {
      AtomicInteger seen = new AtomicInteger();
      latest.add(seen);
      calling.add(aside(() -> {
        while (!enough.get()) {
          int before = replaced.get();
          int version = versionOfAnswer(current.get());
          if (version <= before) {
            throw new AssertionError("version " + version + " answered after update " + before);
          }
          seen.set(before);
        }
        return null;
      }));
    }

    for (int number = 1; number <= 50; number++) {
      one.change();
      current.set(update(current.get(), one));
      int update = number;
      replaced.set(update);
      eventually(
          "all have asked after update " + update,
          () -> latest.stream().allMatch(seen -> seen.get() == update)
              || calling.stream().anyMatch(CompletableFuture::isDone));
    }

    enough.set(true);
    calling.forEach(FunctionPlatformContract::result);
  }

  /** {@return which change of its model gave the answer, from 1; one that is ahead of all if it is refused} */
  private int versionOfAnswer(StatefulContainer container) {
    try {
      String text = platform.cacheForward(container, request(1)).text();
      int begin = text.indexOf("\"version\":") + "\"version\":".length();
      return Integer.parseInt(text.substring(begin, text.indexOf(',', begin)));
    } catch (ServingException e) {
      // Whoever holds the container of before may be refused.
      assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT);
      return Integer.MAX_VALUE;
    }
  }

  @Test
  void anUpdateWithAnotherModelRollsItOut() {
    StatefulContainer container = deploy(one);
    platform.cacheForward(container, request(1));
    StatefulContainer changed = container.withArtifact(artifact(two));
    ModelState next = place.next(container, two);

    StatefulContainer updated = await(platform.updateState(changed, next));

    assertThat(updated).isEqualTo(changed.withState(next));
    for (int i = 0; i < 2; i++) {
      assertAnswer(platform.cacheForward(updated, request(1)), two, request(1));
    }
    assertAnswer(platform.invoke(updated, request(1)), two, request(1));
    assertThat(platform.list()).hasSize(1);
    assertThat(one.calls()).isEqualTo(1);
    await(platform.undeploy(updated));
    assertThat(platform.list()).isEmpty();
    assertThat(platform.inventory()).isEmpty();
  }

  @Test
  void anUpdateBackToAModelOfBeforeIsAnsweredByThatModel() {
    StatefulContainer first = deploy(one);
    platform.cacheForward(first, request(1));
    StatefulContainer second =
        await(platform.updateState(first.withArtifact(artifact(two)), place.next(first, two)));
    assertAnswer(platform.cacheForward(second, request(1)), two, request(1));

    StatefulContainer back =
        await(platform.updateState(second.withArtifact(artifact(one)), place.next(second, one)));

    assertAnswer(platform.cacheForward(back, request(1)), one, request(1));
    assertAnswer(platform.cacheForward(back, request(2)), one, request(2));
    assertThat(back.state().epoch()).isEqualTo(2);
  }

  @Test
  void whileAModelIsRolledOutTheOneBeforeAnswers() {
    StatefulContainer container = deploy(one);
    Probe.Hold hold = two.holdLoads();
    CompletableFuture<StatefulContainer> updating = aside(() -> await(
        platform.updateState(container.withArtifact(artifact(two)), place.next(container, two))));
    // Where models are loaded at once, there is nothing to hold.
    if (!hasEnded(updating, Duration.ofMillis(200))) {
      for (int i = 0; i < 10; i++) {
        assertAnswer(platform.cacheForward(container, request(i)), one, request(i));
      }
    }
    hold.release();

    assertAnswer(platform.cacheForward(result(updating), request(1)), two, request(1));
  }

  @Test
  void aModelThatCannotBeRolledOutLeavesTheOneBeforeServing() {
    StatefulContainer container = deploy(one);
    platform.cacheForward(container, request(1));
    two.failLoads(new IllegalStateException("the weights are torn"));

    Throwable failure = catchThrowable(() -> await(
        platform.updateState(container.withArtifact(artifact(two)), place.next(container, two))));

    // Where a model is loaded by its first request, its rollout has nothing to fail at.
    if (failure != null) {
      assertThat(failure)
          .isInstanceOf(ServingException.class)
          .hasMessageContaining(name())
          .hasStackTraceContaining("the weights are torn");
      assertAnswer(platform.cacheForward(container, request(1)), one, request(1));
      assertAnswer(platform.cacheForward(container, request(2)), one, request(2));
      assertThat(one.calls()).as("what is remembered stays").isEqualTo(2);
      two.failLoads(null);
      StatefulContainer updated = await(
          platform.updateState(container.withArtifact(artifact(two)), place.next(container, two)));
      assertThat(updated.state().epoch()).isEqualTo(1);
      assertAnswer(platform.cacheForward(updated, request(1)), two, request(1));
    }
  }

  // ---- attaching to what serves already ----

  @Test
  void whatServesAlreadyGetsAStateAndServesOnWithoutIt() {
    Optional<Served> serving = place.served(one);
    assumeTrue(serving.isPresent(), "the platform wraps no other");
    Served served = serving.get();
    int before = one.calls();

    StatefulContainer attached = await(platform.attach(served, policy(ROOM)));
    for (int i = 0; i < 3; i++) {
      assertAnswer(platform.cacheForward(attached, request(1)), one, request(1));
    }

    assertThat(attached.name()).isEqualTo(served.name());
    assertThat(one.calls()).isEqualTo(before + 1);
    assertThat(platform.list()).extracting(Deployment::name).containsExactly(served.name());
    await(platform.undeploy(attached));
    assertThat(platform.list()).isEmpty();
    assertNotFound(() -> platform.cacheForward(attached, request(1)));
    assertAnswer(place.beneath(served, request(1)), one, request(1));
  }

  @Test
  void aCacheDoesNotChangeHowRequestsAreDivided() {
    Optional<Served> divided = place.divided(one, two, 10);
    assumeTrue(divided.isPresent(), "the platform wraps none that divides requests");
    StatefulContainer attached = await(platform.attach(divided.get(), policy(ROOM)));
    int toTwo = 0;

    for (int i = 0; i < 10_000; i++) {
      Request request = request(i % 10);
      String answer = platform.cacheForward(attached, request).text();
      if (answer.equals(two.expected(request).text())) {
        toTwo++;
      } else {
        assertThat(answer).isEqualTo(one.expected(request).text());
      }
    }

    assertThat(toTwo).isBetween(995, 1005);
    assertThat(one.calls() + two.calls()).as("all but the first are cached").isLessThan(100);
  }

  // ---- deploying again ----

  @Test
  void deployingTheSameAgainKeepsTheStateAndWhatIsRemembered() {
    StatefulContainer updated = update(deploy(one), one);
    platform.cacheForward(updated, request(1));

    StatefulContainer again = deploy(one);

    assertThat(again).isEqualTo(updated);
    assertAnswer(platform.cacheForward(again, request(1)), one, request(1));
    assertThat(one.calls()).isEqualTo(1);
    assertThat(platform.list()).hasSize(1);
  }

  @Test
  void anotherModelUnderTheSameNameIsNeverAnsweredWithWhatTheFirstOneSaid() {
    StatefulContainer first = deploy(one);
    platform.cacheForward(first, request(1));

    Throwable refusal = catchThrowable(() -> deploy(two));

    if (refusal == null) {
      assertAnswer(platform.cacheForward(deploy(two), request(1)), two, request(1));
    } else {
      assertThat(refusal).isInstanceOf(ServingException.class);
      assertThat(((ServingException) refusal).kind())
          .isIn(ErrorKind.CONFLICT, ErrorKind.ALREADY_EXISTS);
      assertAnswer(platform.cacheForward(first, request(1)), one, request(1));
    }
    assertThat(platform.list()).hasSize(1);
  }

  @Test
  void whatIsDeployedAgainAfterItWasUndeployedBeginsAnew() {
    StatefulContainer updated = update(deploy(one), one);
    platform.cacheForward(updated, request(1));
    await(platform.undeploy(updated));
    one.change();

    StatefulContainer again = deploy(one);

    assertThat(again.state().epoch()).isZero();
    assertAnswer(platform.cacheForward(again, request(1)), one, request(1));
    ServingException conflict =
        catchThrowableOfType(ServingException.class, () -> update(updated, one));
    assertThat(conflict.kind()).isEqualTo(ErrorKind.CONFLICT);
  }

  // ---- errors ----

  @Test
  void whatIsNotDeployedIsNotFound() {
    StatefulContainer container =
        new StatefulContainer(artifact(one), ModelState.COLD, RuntimeSpec.NONE);

    assertThat(assertNotFound(() -> platform.invoke(container, request(1))))
        .hasMessageContaining(name());
    assertThat(assertNotFound(() -> platform.cacheForward(container, request(1))))
        .hasMessageContaining(name());
    assertThat(assertNotFound(() -> update(container, one))).hasMessageContaining(name());
    assertThat(platform.list()).isEmpty();
    assertThat(one.calls()).isZero();
  }

  @Test
  void undeployingWhatIsNotThereIsNoError() {
    StatefulContainer container = deploy(one);

    await(platform.undeploy(container));

    assertThat(await(platform.undeploy(container)).name()).isEqualTo(name());
    assertThat(platform.list()).isEmpty();
  }

  @Test
  void aContainerWithoutANameIsRefusedBeforeAnything() {
    assertThatThrownBy(() -> platform.deploy(place.artifact(one), policy(ROOM)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("artifact.metadata.name");

    assertThat(platform.list()).isEmpty();
  }

  @Test
  void aNameThatIsNoneIsRefusedBeforeAnything() {
    StatefulContainer container = deploy(one);

    for (String name : List.of("", "no name!", "..", "../" + name(), "a/b")) {
      assertThatThrownBy(() -> platform.undeployAll(name))
          .isInstanceOf(InvalidValueException.class)
          .hasMessageContaining("name");
      assertThatThrownBy(() -> platform.describe(name, LIMIT))
          .isInstanceOf(InvalidValueException.class)
          .hasMessageContaining("name");
    }

    assertAnswer(platform.cacheForward(container, request(1)), one, request(1));
  }

  @Test
  void aLimitThatIsNoneIsRefused() {
    StatefulContainer container = deploy(one);

    for (Duration limit : List.of(Duration.ZERO, Duration.ofSeconds(-1))) {
      assertThatThrownBy(() -> platform.list(limit)).hasMessageContaining("limit");
      assertThatThrownBy(() -> platform.inventory(limit)).hasMessageContaining("limit");
      assertThatThrownBy(() -> platform.status(container, limit)).hasMessageContaining("limit");
      assertThatThrownBy(() -> platform.describe("absent", limit)).hasMessageContaining("limit");
    }
  }

  @Test
  void anOptionForThisPlatformThatItDoesNotKnowIsRefusedAndOthersAreLeftAlone() {
    ModelArtifact artifact = artifact(one);
    ModelArtifact unknown =
        artifact.withMetadata(artifact.metadata().with(new UnknownOption(platform.id())));
    ModelArtifact foreign =
        artifact.withMetadata(artifact.metadata().with(new UnknownOption("another-platform")));

    assertThatThrownBy(() -> platform.deploy(unknown, policy(ROOM)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("UnknownOption");
    assertThat(platform.list()).isEmpty();

    StatefulContainer container = await(platform.deploy(foreign, policy(ROOM)));
    Request wrong = request(1).with(new UnknownOption(platform.id()));
    assertThatThrownBy(() -> platform.cacheForward(container, wrong))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("UnknownOption");
    assertThatThrownBy(() -> platform.invoke(container, wrong))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("UnknownOption");
    assertThat(one.calls()).isZero();
    Request other = request(2).with(new UnknownOption("another-platform"));
    assertAnswer(platform.cacheForward(container, other), one, request(2));
  }

  /** An option that no platform knows. */
  private record UnknownOption(String platform) implements ArtifactOptions, RequestOptions {}

  @Test
  void noSecretIsInAnythingThatIsPrinted() {
    List<String> printed = new ArrayList<>();
    Consumer<Object> print = printer(printed);
    Request secretive = Request.json("{\"token\":\"" + SECRET + "\"}");
    Operation<StatefulContainer> deploying =
        platform.deploy(artifact(one), policy(ROOM)).onProgress(print);
    StatefulContainer container = await(deploying);
    print.accept(container);
    print.accept(deploying.status());
    print.accept(platform.cacheForward(container, secretive));
    print.accept(platform.cacheForward(container, secretive));
    one.failNext(new IllegalStateException("the tokenizer is missing"));
    print.accept(catchThrowable(() -> platform.invoke(container, secretive)));
    print.accept(catchThrowable(() ->
        await(platform.updateState(container, place.next(container, one)).onProgress(print))));
    print.accept(catchThrowable(() -> update(container, one)));
    ModelArtifact nowhere = ModelArtifact.of(
            URI.create("nowhere://models/one.onnx?signature=" + SECRET))
        .named("nowhere");
    print.accept(catchThrowable(() -> {
      StatefulContainer there = await(platform.deploy(nowhere, policy(ROOM)).onProgress(print));
      print.accept(there);
      platform.cacheForward(there, secretive);
    }));
    print.accept(platform.list());
    print.accept(platform);
    await(platform.undeploy(container).onProgress(print));
    print.accept(catchThrowable(() -> platform.cacheForward(container, secretive)));

    assertThat(printed).isNotEmpty().noneMatch(text -> text.contains(SECRET));
  }

  // ---- closing ----

  @Test
  void aClosedPlatformDoesNothingMoreAndHasNoThreads() {
    StatefulContainer container = deploy(one);
    platform.cacheForward(container, request(1));

    platform.close();
    platform.close();

    assertClosed(() -> platform.cacheForward(container, request(1)));
    assertClosed(() -> platform.invoke(container, request(1)));
    assertClosed(() -> platform.deploy(artifact(two), policy(ROOM)));
    assertClosed(() -> platform.updateState(container, place.next(container, one)));
    assertClosed(() -> platform.undeploy(container));
    assertThat(one.calls()).isEqualTo(1);
    assertNoThreads(platform.id());
  }

  @Test
  void noCallerHangsWhenThePlatformIsClosed() {
    assumeTrue(place.isInThisProcess(), "calls go on in another process");
    StatefulContainer container = deploy(one);
    Probe.Hold hold = one.holdNext();
    CompletableFuture<Response> underWay = cacheForward(container, request(1));
    hold.awaitEntered();
    CompletableFuture<Response> waiting = cacheForward(container, request(1));
    assertThat(one.isAskedMoreThan(1)).isFalse();

    CompletableFuture<Void> closing = CompletableFuture.runAsync(platform::close, callers);
    eventually(
        "the platform is closed",
        () -> String.valueOf(catchThrowable(() -> platform.cacheForward(container, request(2))))
            .contains("closed"));
    hold.release();

    for (CompletableFuture<Response> call : List.of(underWay, waiting)) {
      letTimePass(call, place.clock(), Duration.ofSeconds(1));
      Throwable thrown = catchThrowable(() -> result(call));
      if (thrown != null) {
        assertThat(thrown).isInstanceOf(ServingException.class);
        assertThat(((ServingException) thrown).kind()).isEqualTo(ErrorKind.CANCELLED);
      }
    }
    letTimePass(closing, place.clock(), Duration.ofSeconds(1));
    result(closing);
    assertNoThreads(platform.id());
  }

  // ---- words ----

  private static String name() {
    return "contract";
  }

  /** What came is remembered, nothing is done ahead of requests, and nothing by itself while a test lasts. */
  private static StatePolicy policy(long cacheBytes) {
    return new StatePolicy(
        new CachingPolicy(CachingPolicy.Strategy.EXACT, cacheBytes, CachingPolicy.Eviction.LRU),
        new UpdateStrategy(UpdateStrategy.Type.INCREMENTAL, Duration.ofHours(1), false));
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

  private StatefulContainer deploy(Probe model) {
    return await(platform.deploy(artifact(model), policy(ROOM)));
  }

  private StatefulContainer update(StatefulContainer container, Probe model) {
    return await(platform.updateState(container, place.next(container, model)));
  }

  private CompletableFuture<Response> cacheForward(StatefulContainer container, Request request) {
    return aside(() -> platform.cacheForward(container, request));
  }

  private <T> CompletableFuture<T> aside(Supplier<T> action) {
    return CompletableFuture.supplyAsync(action, callers);
  }

  private static void assertAnswer(Response answer, Probe by, Request request) {
    assertThat(answer.text()).isEqualTo(by.expected(request).text());
  }
}
