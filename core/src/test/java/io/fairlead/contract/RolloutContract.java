package io.fairlead.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.EndpointPlatformContract.Place;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.grammar.Version;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.operation.Progress;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.rollout.Evidence;
import io.fairlead.rollout.Guard;
import io.fairlead.rollout.Observations;
import io.fairlead.rollout.Rollout;
import io.fairlead.rollout.Rollout.Undecided;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What a rollout keeps on every endpoint platform: a part of {@link EndpointPlatformContract}. */
abstract class RolloutContract extends OverlappingOperationsContract {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String NAME = "rollout";

  private static final Rollout ROLLOUT = Rollout.guardedBy(Guard.maxFailures(0.02))
      .step(5, Duration.ofMillis(3))
      .step(25, Duration.ofMillis(3))
      .step(100, Duration.ofMillis(3))
      .withLookInterval(Duration.ofMillis(1))
      .withPatience(Duration.ofMillis(20));

  private static final Evidence GOOD = seeing(step -> observed(200, 0));
  private static final Evidence BAD = seeing(step -> observed(200, 40));
  private static final Evidence NOTHING = seeing(step -> Observations.NONE);

  private static Observations observed(long requests, long failures) {
    return new Observations(requests, failures, Collections.emptySortedMap());
  }

  /** {@return evidence that sees as much at each look, by the number of its windows, from 1} */
  private static Evidence seeing(IntFunction<Observations> eachLook) {
    int[] windows = new int[1];
    return (variant, limits) -> {
      int window = ++windows[0];
      Observations[] sum = {Observations.NONE};
      return () -> sum[0] = sum[0].plus(eachLook.apply(window));
    };
  }

  /** A place with a stable version that gets all requests, and a candidate that gets none. */
  private Place placeWithBoth(Place place) {
    try (EndpointPlatform platform = place.open(Faults.none())) {
      deploy(platform, "blue", artifact());
      deploy(platform, "green", otherArtifact());
    }
    return place;
  }

  private Endpoint blue() {
    return endpoint("blue", artifact());
  }

  private Endpoint green() {
    return endpoint("green", otherArtifact());
  }

  private Operation<Version> rollOut(EndpointPlatform on, Rollout rollout, Evidence evidence) {
    return on.rollOut(blue(), green(), rollout, evidence);
  }

  private ServingException refusal(EndpointPlatform on, Rollout rollout, Evidence evidence) {
    Operation<Version> operation = rollOut(on, rollout, evidence);
    return catchThrowableOfType(ServingException.class, () -> operation.await(LIMIT));
  }

  // ---- how it ends ----

  @Test
  void aCandidateThatEachGuardPassesGetsTheWeightsOfTheSteps() {
    try (Place place = placeWithBoth(somePlace());
        EndpointPlatform platform = place.open(Faults.none())) {
      List<String> events = new CopyOnWriteArrayList<>();

      Operation<Version> operation =
          rollOut(platform, ROLLOUT, GOOD).onProgress(event -> events.add(event.toString()));

      assertThat(operation.await(LIMIT)).isEqualTo(green().at(100));
      assertThat(weights(platform)).isEqualTo(Map.of("blue", 0, "green", 100));
      assertThat(String.join("\n", events))
          .containsSubsequence(
              "roll out rollout/green on " + platform.id(),
              "at 5%: for 3 ms at least",
              "requests failed (0%), where at most 2% may: passed",
              "at 25%: for 3 ms at least",
              "at 100%: for 3 ms at least",
              "is done");
      assertThat(operation)
          .hasToString("roll out rollout/green on " + platform.id() + ": SUCCEEDED");
    }
  }

  @Test
  void aCandidateThatAGuardRefusesGetsNoMoreRequestsUntilItIsRolledOutOnceMore() {
    try (Place place = placeWithBoth(somePlace());
        EndpointPlatform platform = place.open(Faults.none())) {
      ServingException refused =
          refusal(platform, ROLLOUT, seeing(step -> observed(200, step == 2 ? 40 : 0)));

      assertThat(refused.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
      assertThat(refused.retryable()).isFalse();
      assertThat(refused)
          .hasMessageContaining("at 25%, 40 of 200 requests failed (20%), where at most 2% may")
          .hasMessageEndingWith(
              " may. Rolled back: rollout/green to 0%, its mark on the platform.");
      assertThat(weights(platform)).isEqualTo(Map.of("blue", 100, "green", 0));
      try (EndpointPlatform elsewhere = place.open(Faults.none())) {
        ServingException again = refusal(elsewhere, ROLLOUT, GOOD);
        assertThat(again.kind()).isEqualTo(ErrorKind.CONFLICT);
        assertThat(again).hasMessageContaining("rollout/green was rolled back before");
        assertThat(weights(elsewhere)).isEqualTo(Map.of("blue", 100, "green", 0));

        assertThat(rollOut(elsewhere, ROLLOUT.onceMore(), GOOD).await(LIMIT).weight())
            .isEqualTo(TrafficWeight.ALL);
        assertThat(rollOut(elsewhere, ROLLOUT, GOOD).await(LIMIT).weight())
            .as("what was promoted is not as if it had been rolled back")
            .isEqualTo(TrafficWeight.ALL);
      }
    }
  }

  @Test
  void aCandidateThatIsDeployedAnewWasNotRolledBack() {
    try (Place place = placeWithBoth(somePlace());
        EndpointPlatform platform = place.open(Faults.none())) {
      assertThat(refusal(platform, ROLLOUT, BAD).kind()).isEqualTo(ErrorKind.MODEL_FAILED);
      await(platform.undeploy(green()));
      deploy(platform, "green", otherArtifact());

      assertThat(rollOut(platform, ROLLOUT, GOOD).await(LIMIT))
          .isEqualTo(green().at(100));
    }
  }

  @Test
  void aCandidateOfWhichNothingIsSeenIsNotPromoted() {
    try (Place place = placeWithBoth(somePlace());
        EndpointPlatform platform = place.open(Faults.none())) {
      ServingException undecided = refusal(platform, ROLLOUT, NOTHING);

      assertThat(undecided.kind()).isEqualTo(ErrorKind.TIMEOUT);
      assertThat(undecided)
          .hasMessageContaining("too little was seen at 5% within 23 ms: 0 of 0 requests failed");
      assertThat(weights(platform)).isEqualTo(Map.of("blue", 100, "green", 0));

      ServingException held = refusal(
          platform,
          ROLLOUT.withUndecided(Undecided.HOLD),
          seeing(step -> step == 1 ? observed(200, 0) : Observations.NONE));
      assertThat(held).hasMessageContaining("It keeps its weight");
      assertThat(weights(platform)).isEqualTo(Map.of("blue", 75, "green", 25));
    }
  }

  @Test
  void evidenceThatCannotBeReadPromotesNothing() {
    Evidence broken = (variant, limits) -> () -> {
      throw new IllegalStateException("no metrics today");
    };
    try (Place place = placeWithBoth(somePlace());
        EndpointPlatform platform = place.open(Faults.none())) {
      List<String> events = new CopyOnWriteArrayList<>();
      Operation<Version> operation =
          rollOut(platform, ROLLOUT, broken).onProgress(event -> events.add(event.message()));

      assertThat(catchThrowableOfType(ServingException.class, () -> operation.await(LIMIT))
              .kind())
          .isEqualTo(ErrorKind.TIMEOUT);

      assertThat(events).anyMatch(event -> event.contains("no metrics today"));
      assertThat(weights(platform)).isEqualTo(Map.of("blue", 100, "green", 0));
    }
  }

  // ---- others ----

  @Test
  void whatSomebodyElseDoesToTheTrafficMeanwhileStays() {
    try (Place place = placeWithBoth(somePlace());
        EndpointPlatform platform = place.open(Faults.none());
        EndpointPlatform elsewhere = place.open(Faults.none())) {
      Evidence meddling = seeing(step -> {
        if (step == 2 && weights(elsewhere).get("green") == 25) {
          await(elsewhere.route(blue().at(100), green().at(0), TrafficWeight.percent(40)));
        }
        return observed(200, 0);
      });

      ServingException conflict = refusal(platform, ROLLOUT, meddling);

      assertThat(conflict.kind()).isEqualTo(ErrorKind.CONFLICT);
      assertThat(conflict).hasMessageContaining("somebody else");
      assertThat(weights(platform)).isEqualTo(Map.of("blue", 60, "green", 40));
    }
  }

  @Test
  void twoProcessesWithOneRolloutEndAsOne() {
    try (Place place = placeWithBoth(somePlace());
        EndpointPlatform platform = place.open(Faults.none());
        EndpointPlatform other = place.open(Faults.none())) {
      Operation<Version> one = rollOut(platform, ROLLOUT, seeing(step -> observed(200, 0)));
      Operation<Version> two = rollOut(other, ROLLOUT, seeing(step -> observed(200, 0)));

      for (Operation<Version> each : List.of(one, two)) {
        Throwable thrown = catchThrowable(() -> each.await(LIMIT));
        assertThat(thrown == null || ((ServingException) thrown).kind() == ErrorKind.CONFLICT)
            .as("%s", thrown)
            .isTrue();
      }
      rollOut(platform, ROLLOUT, GOOD).await(LIMIT);
      assertThat(weights(platform)).isEqualTo(Map.of("blue", 0, "green", 100));
    }
  }

  @Test
  void whatOthersHaveIsNotTakenAndWhatIsNotThereIsSaid() {
    try (Place place = placeWithBoth(somePlace());
        EndpointPlatform platform = place.open(Faults.none())) {
      Endpoint red = endpoint("red", artifact());
      assertThatThrownBy(() -> platform.rollOut(blue(), red, ROLLOUT, GOOD).await(LIMIT))
          .isInstanceOf(ServingException.class)
          .hasMessageContaining("rollout/red is not deployed");

      await(platform.route(blue().at(100), green().at(0), TrafficWeight.percent(30)));
      deploy(platform, "red", artifact());
      ServingException noRoom = catchThrowableOfType(
          ServingException.class,
          () -> platform.rollOut(blue(), red, ROLLOUT, GOOD).await(LIMIT));
      assertThat(noRoom.kind()).isEqualTo(ErrorKind.CONFLICT);
      assertThat(noRoom).hasMessageContaining("other variants have 30%");
      assertThat(weights(platform)).isEqualTo(Map.of("blue", 70, "green", 30, "red", 0));
    }
  }

  @Test
  void whatCannotBeARolloutIsRefusedBeforeItBegins() {
    try (Place place = placeWithBoth(somePlace());
        EndpointPlatform platform = place.open(Faults.none())) {
      Rollout noSteps = Rollout.guardedBy(Guard.maxFailures(0.1));

      assertThatThrownBy(() -> platform.rollOut(blue(), blue(), noSteps, GOOD))
          .isInstanceOf(InvalidValueException.class)
          .hasMessageContaining("rollout.steps must be one or more")
          .hasMessageContaining("candidate.routing.variant must not be the stable version's");
    }
  }

  // ---- ending early ----

  @Test
  void aCancelledRolloutLeavesTheWeightThatTheCandidateHadBefore() throws Exception {
    try (Place place = placeWithBoth(somePlace());
        EndpointPlatform platform = place.open(Faults.none())) {
      await(platform.route(blue().at(100), green().at(0), TrafficWeight.percent(10)));
      CompletableFuture<Operation<Version>> begun = new CompletableFuture<>();
      Evidence cancelling = seeing(step -> {
        begun.join().cancel();
        return observed(200, 0);
      });
      Operation<Version> operation = rollOut(platform, ROLLOUT, cancelling);
      begun.complete(operation);

      ServingException cancelled =
          catchThrowableOfType(ServingException.class, () -> operation.await(LIMIT));

      assertThat(cancelled.kind()).isEqualTo(ErrorKind.CANCELLED);
      assertThat(cancelled).hasMessageContaining("Rolled back: rollout/green to 10%");
      assertThat(weights(platform)).isEqualTo(Map.of("blue", 90, "green", 10));
    }
  }

  @Test
  void aRolloutGoesOnWhereTheOneBeforeHasDied() {
    try (Place place = placeWithBoth(somePlace())) {
      EndpointPlatform dying = place.open(Faults.none());
      Operation<Version> closed = rollOut(
          dying,
          ROLLOUT,
          seeing(step -> {
                if (step == 2) {
                  // Not here, because it waits for this thread.
                  Thread closer = new Thread(dying::close);
                  closer.start();
                  throw new IllegalStateException("the process ends");
                }
                return observed(200, 0);
              })
              .and(NOTHING));
      assertThat(catchThrowableOfType(ServingException.class, () -> closed.await(LIMIT)))
          .extracting(ServingException::kind)
          .isEqualTo(ErrorKind.CANCELLED);

      try (EndpointPlatform platform = place.open(Faults.none())) {
        assertThat(weights(platform)).isEqualTo(Map.of("blue", 75, "green", 25));
        List<Progress> events = new CopyOnWriteArrayList<>();
        rollOut(platform, ROLLOUT, GOOD).onProgress(events::add).await(LIMIT);

        assertThat(weights(platform)).isEqualTo(Map.of("blue", 0, "green", 100));
        assertThat(events).noneMatch(event -> event.message().startsWith("at 5%"));
        assertThat(events).anyMatch(event -> event.message().startsWith("at 25%"));
      }
    }
  }

  @TestFactory
  @Tag("sweep")
  final Stream<DynamicTest> aRolloutThatDiesAtAnyCallEndsAsItWouldHaveWhenItIsRunAgain() {
    return Stream.of(Fault.KILLED_BEFORE, Fault.KILLED_AFTER)
        .flatMap(fault -> Stream.of(
            DynamicTest.dynamicTest("promoted, with " + fault, () -> dieAndRunAgain(fault, true)),
            DynamicTest.dynamicTest(
                "rolled back, with " + fault, () -> dieAndRunAgain(fault, false))));
  }

  private void dieAndRunAgain(Fault fault, boolean good) {
    Rollout rollout = ROLLOUT.withPatience(Duration.ZERO);
    Evidence evidence = good ? GOOD : BAD;
    try (Place before = placeWithBoth(somePlaceOfOneCaller())) {
      String id = idOf(before);
      new Sweep<>(
              id,
              () -> before.copy().orElseGet(() -> placeWithBoth(somePlaceOfOneCaller())),
              whole -> ended(rollOut(whole, rollout, evidence)))
          .with(fault, place -> {
            try (EndpointPlatform again = place.open(Faults.none())) {
              ended(rollOut(again, rollout, evidence));
              assertThat(weights(again))
                  .isEqualTo(
                      good ? Map.of("blue", 0, "green", 100) : Map.of("blue", 100, "green", 0));
              if (!good) {
                ended(rollOut(again, rollout, GOOD));
                assertThat(weights(again)).isEqualTo(Map.of("blue", 100, "green", 0));
              }
              await(again.undeployAll(NAME));
            }
            assertThat(place.remains()).isEmpty();
          });
    }
  }

  /** Waits for the end of a rollout, in success or as it is refused. */
  private static void ended(Operation<Version> operation) {
    try {
      operation.await(LIMIT);
    } catch (ServingException e) {
      if (e.kind() != ErrorKind.MODEL_FAILED && e.kind() != ErrorKind.CONFLICT) {
        throw e;
      }
    }
  }

  private static String idOf(Place place) {
    try (EndpointPlatform platform = place.open(Faults.none())) {
      return platform.id();
    }
  }

  // ---- looking before ----

  @Test
  void aPreviewOfARolloutPlansItsSteps() {
    try (Place place = placeWithBoth(somePlace());
        EndpointPlatform platform = place.open(Faults.none())) {
      Plan plan = platform.preview(p -> p.rollOut(blue(), green(), ROLLOUT, NOTHING));

      assertThat(plan.changes().stream().map(Object::toString))
          .filteredOn(change -> change.startsWith("update traffic"))
          .hasSize(3);
      assertThat(plan.toString()).contains("green=5").contains("green=25").contains("green=100");
      assertThat(weights(platform)).isEqualTo(Map.of("blue", 100, "green", 0));
    }
  }

  // ---- words ----

  private Endpoint endpoint(String variant, ModelArtifact model) {
    return new Endpoint(
        new Container(model, runtime(), Dependencies.NONE), scaling(1), new Routing(NAME, variant));
  }

  private Endpoint deploy(EndpointPlatform on, String variant, ModelArtifact model) {
    Container container = await(on.packageModel(model, runtime(), Dependencies.NONE));
    return await(on.deploy(container, scaling(1), new Routing(NAME, variant)));
  }

  /** {@return the weight of each variant, in percent, as it is listed} */
  static Map<String, Integer> weights(EndpointPlatform on) {
    Map<String, Integer> weights = new TreeMap<>();
    on.list()
        .forEach(deployment ->
            weights.put(deployment.variant().orElseThrow(), deployment.weight().percent()));
    return weights;
  }

  private static <T> T await(Operation<T> operation) {
    return operation.await(LIMIT);
  }
}
