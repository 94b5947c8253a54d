package io.fairlead.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.InstanceOfAssertFactories.THROWABLE;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fairlead.contract.Faults.Fault;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeOptions;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.operation.Plan.Action;
import io.fairlead.platform.Capability;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.Description;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.ManagedResource;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * What every endpoint platform keeps: the guarantees, each as tests.
 *
 * <p>A provider extends it and says where platforms are opened and what is served there.
 */
public abstract class EndpointPlatformContract extends RolloutContract {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String SECRET = "correct-horse-battery-staple";

  private Place place;
  private EndpointPlatform platform;
  private Set<Thread> threadsBefore;

  /** For subclasses. */
  protected EndpointPlatformContract() {}

  /** A cloud, or what stands in for one: it outlives the processes that use it. */
  public interface Place extends AutoCloseable {
    /** {@return the platform as a new process opens it, with every remote call through {@code faults}} */
    EndpointPlatform open(Faults faults);

    /** {@return all that is there, as the cloud itself sees it} */
    Set<String> remains();

    /**
     * {@return another place in which all is as it is here now, its clock too, and which shares nothing with this one;
     * absent if there can be none, so that what was done here has to be done there}
     *
     * <p>It has one caller at a time, who waits for each operation: they may run on the caller's thread.
     */
    default Optional<Place> copy() {
      return Optional.empty();
    }

    /**
     * {@return all on which it depends what becomes of operations from now on that ask nothing for its age; in two places
     * of one kind that are in equal states, a new process does the same and is answered alike. Absent if that cannot be
     * told}
     */
    default Optional<Object> state() {
      return Optional.empty();
    }

    /** Lets time pass, so that what was begun ends; does nothing where everything ends at once. */
    default void pass(Duration time) {}

    /** {@return what decides how models answer in pieces here; empty if every answer comes as a whole} */
    default Optional<Streams> streams() {
      return Optional.empty();
    }

    @Override
    void close();
  }

  /** What decides how the models of a place answer in pieces. */
  public interface Streams {
    /** Says what every answer in pieces consists of from now on. */
    void answerWith(List<String> pieces);

    /** Breaks the next answer off after its pieces: the model fails. */
    void breakNext();

    /** {@return what holds the next answer, before or after its first piece} */
    Held holdNext();

    /** {@return how often models were asked for pieces} */
    int asked();

    /** {@return what lets time pass; empty if it passes by itself} */
    default Optional<Consumer<Duration>> clock() {
      return Optional.empty();
    }
  }

  /** {@return an empty place} */
  protected abstract Place newPlace();

  /**
   * {@return an empty place in which every operation is awaited before the next is begun, but for one that is run within a
   * call of another: they may run on the caller's thread}
   */
  protected Place newPlaceOfOneCaller() {
    return newPlace();
  }

  @Override
  final Place somePlace() {
    return newPlace();
  }

  @Override
  final Place somePlaceOfOneCaller() {
    return newPlaceOfOneCaller();
  }

  @Override
  protected RuntimeSpec runtime() {
    return RuntimeSpec.NONE;
  }

  /** {@return how far from exact a weight may be over 100 requests; 0 where the stand-in divides evenly} */
  protected int tolerance() {
    return 0;
  }

  private boolean canPin() {
    return has(Capability.PINNED_REQUESTS);
  }

  @BeforeEach
  final void openPlatform() {
    threadsBefore = Thread.getAllStackTraces().keySet();
    place = newPlace();
    platform = place.open(Faults.none());
  }

  @AfterEach
  final void closePlatform() {
    platform.close();
    place.close();
  }

  // ---- the way through ----

  @Test
  void aModelIsPackagedDeployedScaledRoutedInvokedAndUndeployed() {
    Endpoint blue = deploy(platform, "blue", artifact());
    Endpoint green = deploy(platform, "green", otherArtifact());
    await(platform.route(blue.at(100), green.at(0), TrafficWeight.percent(10)));
    Endpoint scaled = await(platform.scale(blue, scaling(2)));

    assertThat(scaled.scaling()).isEqualTo(scaling(2));
    assertThat(platform.invoke(scaled, request()).body()).isNotEmpty();

    await(platform.undeploy(green));
    await(platform.undeploy(scaled));
    assertThat(place.remains()).isEmpty();
  }

  @Test
  void whatDoesNotLieOnThisMachineIsPackagedWhereItIs() {
    Container container = container(artifact());

    assertThat(await(platform.packageModel(
            container.artifact(), container.runtime(), container.dependencies())))
        .isEqualTo(container);
  }

  // ---- reading back ----

  @Test
  void whatIsDescribedElsewhereDeployedAgainChangesNothing() {
    Endpoint blue = deploy(platform, "blue", artifact());
    deploy(platform, "green", otherArtifact());

    try (EndpointPlatform elsewhere = place.open(Faults.none())) {
      for (String variant : List.of("blue", "green")) {
        Endpoint there = described(elsewhere, variant).value().orElseThrow();

        assertThat(there.routing().path()).isEqualTo(name() + "/" + variant);
        assertThat(elsewhere
                .preview(p -> p.deploy(there.container(), there.scaling(), there.routing()))
                .changes())
            .allSatisfy(
                change -> assertThat(change.action()).as(change.toString()).isEqualTo(Action.KEEP));
      }
      assertThat(described(elsewhere, "blue").deployment().toString())
          .isEqualTo(name() + "/blue READY 100%");
      assertThat(described(elsewhere, "blue").location().id()).isNotEmpty();
      assertThat(elsewhere.status(blue, LIMIT))
          .contains(described(elsewhere, "blue").deployment());
    }
  }

  @Test
  void whatIsDescribedElsewhereIsScaledRoutedAndUndeployedThere() {
    deploy(platform, "blue", artifact());
    deploy(platform, "green", otherArtifact());

    try (EndpointPlatform elsewhere = place.open(Faults.none())) {
      Endpoint blue = described(elsewhere, "blue").value().orElseThrow();
      Endpoint green = described(elsewhere, "green").value().orElseThrow();
      await(elsewhere.scale(blue, scaling(2)));
      await(elsewhere.route(blue.at(100), green.at(0), TrafficWeight.percent(10)));

      assertThat(described(elsewhere, "blue").value().orElseThrow().scaling().count())
          .isEqualTo(2);
      assertThat(described(elsewhere, "green").deployment().weight())
          .isEqualTo(TrafficWeight.percent(10));
      await(elsewhere.undeploy(green));
      await(elsewhere.undeploy(blue));
    }
    assertThat(place.remains()).isEmpty();
  }

  @Test
  void whatIsNotDeployedIsNotDescribed() {
    Endpoint blue = deploy(platform, "blue", artifact());

    assertThat(platform.describe(name(), "green", LIMIT)).isEmpty();
    assertThat(platform.describe("other", "blue", LIMIT)).isEmpty();
    await(platform.undeploy(blue));
    assertThat(platform.describe(name(), "blue", LIMIT)).isEmpty();
    assertThat(platform.status(blue, LIMIT)).isEmpty();
  }

  @Test
  void noTimeToReadIsRefused() {
    Endpoint blue = endpoint("blue", artifact(), scaling(1));

    assertThatThrownBy(() -> platform.status(blue, Duration.ZERO))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("limit must be more than 0");
  }

  private Description<Endpoint> described(EndpointPlatform platform, String variant) {
    return platform.describe(name(), variant, LIMIT).orElseThrow();
  }

  // ---- G1: nothing is left behind ----

  @TestFactory
  @Tag("sweep")
  final Stream<DynamicTest>
      anOperationBrokenAtAnyCallIsFinishedByRunningItAgainAndUndeployLeavesNothing() {
    return broken().stream().flatMap(deed -> {
      Consumer<Place> finishing = new OncePerState<>(place -> runAgainAndUndeploy(deed, place));
      return faults(deed)
          .map(fault -> DynamicTest.dynamicTest(
              deed + " with " + fault, () -> breakAt(deed, fault, finishing)));
    });
  }

  /** An operation of the life cycle, on a place where all before it was done. */
  protected enum Deed {
    /** The first variant of a name is deployed. */
    DEPLOY,
    /** Another is deployed beside it. */
    DEPLOY_SECOND,
    /** The first of two is scaled. */
    SCALE,
    /** The second of two gets requests. */
    ROUTE,
    /** The second of two, which has requests, is undeployed. */
    UNDEPLOY_SECOND,
    /** The only variant is undeployed. */
    UNDEPLOY,
    /** Both are undeployed at once. */
    UNDEPLOY_ALL
  }

  /** The ones in which a call that was not answered in time makes, changes and removes something. */
  private static final Set<Deed> TIMED_OUT = EnumSet.of(Deed.DEPLOY, Deed.SCALE, Deed.UNDEPLOY);

  /** {@return the operations that are broken at each of their calls; all, unless the platform is one of several that differ little} */
  protected Set<Deed> broken() {
    return EnumSet.allOf(Deed.class);
  }

  /**
   * {@return whether a connection that is cut before a call reaches the platform as something else than a service that
   * is unavailable, as it does over a wire}
   */
  protected boolean hasWire() {
    return true;
  }

  /**
   * What can happen to a call of an operation, each thing once. No answer in time is what a connection is that was cut
   * afterwards, but for its kind, and both kinds say that the call may have been done: it is tried where something is
   * made, changed and removed, and not again in what else does the same.
   */
  private Stream<Fault> faults(Deed deed) {
    return Stream.of(Fault.values())
        .filter(fault -> fault != Fault.CUT_BEFORE || hasWire())
        .filter(fault -> fault != Fault.TIMEOUT_AFTER || TIMED_OUT.contains(deed));
  }

  private void breakAt(Deed deed, Fault fault, Consumer<Place> finishing) {
    try (Place before = before(deed)) {
      sweep(deed, before).with(fault, finishing);
    }
  }

  private void runAgainAndUndeploy(Deed deed, Place place) {
    try (EndpointPlatform again = place.open(Faults.none())) {
      perform(deed, again);
      assertDone(deed, again);
      for (String variant : List.of("green", "blue")) {
        await(again.undeploy(
            endpoint(variant, variant.equals("blue") ? artifact() : otherArtifact(), scaling(1))));
      }
      assertThat(again.inventory()).isEmpty();
    }
    assertThat(place.remains()).isEmpty();
  }

  private Sweep<Place> sweep(Deed deed, Place before) {
    return new Sweep<>(
        platform.id(),
        () -> before.copy().orElseGet(() -> before(deed)),
        whole -> perform(deed, whole));
  }

  private Place before(Deed deed) {
    Place fresh = newPlaceOfOneCaller();
    before(deed, fresh);
    return fresh;
  }

  private void before(Deed deed, Place fresh) {
    try (EndpointPlatform whole = fresh.open(Faults.none())) {
      if (deed.compareTo(Deed.DEPLOY) > 0) {
        perform(Deed.DEPLOY, whole);
      }
      if (deed.compareTo(Deed.DEPLOY_SECOND) > 0 && deed != Deed.UNDEPLOY) {
        perform(Deed.DEPLOY_SECOND, whole);
      }
      if (deed == Deed.UNDEPLOY_SECOND) {
        perform(Deed.ROUTE, whole);
      }
    }
  }

  private void perform(Deed deed, EndpointPlatform on) {
    Endpoint blue = endpoint("blue", artifact(), scaling(1));
    Endpoint green = endpoint("green", otherArtifact(), scaling(1));
    switch (deed) {
      case DEPLOY -> deploy(on, "blue", artifact());
      case DEPLOY_SECOND -> deploy(on, "green", otherArtifact());
      case SCALE -> await(on.scale(blue, scaling(2)));
      case ROUTE -> await(on.route(blue.at(100), green.at(0), TrafficWeight.percent(30)));
      case UNDEPLOY_SECOND -> await(on.undeploy(green));
      case UNDEPLOY -> await(on.undeploy(blue));
      case UNDEPLOY_ALL -> await(on.undeployAll(name()));
    }
  }

  private void assertDone(Deed deed, EndpointPlatform on) {
    Map<String, Integer> weights = weights(on);
    switch (deed) {
      case DEPLOY, UNDEPLOY_SECOND -> assertThat(weights).isEqualTo(Map.of("blue", 100));
      case DEPLOY_SECOND -> assertThat(weights).isEqualTo(Map.of("blue", 100, "green", 0));
      case SCALE ->
        assertThat(on.preview(p -> p.scale(endpoint("blue", artifact(), scaling(1)), scaling(2)))
                .isEmpty())
            .isTrue();
      case ROUTE -> assertThat(weights).isEqualTo(Map.of("blue", 70, "green", 30));
      case UNDEPLOY, UNDEPLOY_ALL -> assertThat(weights).isEmpty();
    }
    if (deed != Deed.UNDEPLOY && deed != Deed.UNDEPLOY_ALL) {
      assertThat(on.invoke(endpoint("blue", artifact(), scaling(1)), request()).variant())
          .isPresent();
    }
  }

  @Test
  void undeployingWhatIsNotThereIsNoError() {
    Endpoint endpoint = endpoint("blue", artifact(), scaling(1));

    assertThat(await(platform.undeploy(endpoint))).isEqualTo(endpoint);
    assertThat(place.remains()).isEmpty();
  }

  @Test
  void aContainerThatTwoVariantsUseGoesWithTheLastOfThem() {
    Endpoint blue = deploy(platform, "blue", artifact());
    Endpoint green = deploy(platform, "green", artifact());

    await(platform.undeploy(green));
    assertThat(platform.invoke(blue, request()).variant()).contains("blue");

    await(platform.undeploy(blue));
    assertThat(place.remains()).isEmpty();
  }

  @Test
  void everythingUnderANameIsUndeployedAtOnceAndNothingElse() {
    Endpoint blue = deploy(platform, "blue", artifact());
    Endpoint green = deploy(platform, "green", otherArtifact());
    await(platform.route(blue.at(100), green.at(0), TrafficWeight.percent(30)));
    Endpoint other = await(
        platform.deploy(container(artifact()), scaling(1), new Routing("contract-other", "blue")));

    assertThat(await(platform.undeployAll(name()))).isNotEmpty();

    assertThat(weights(platform)).isEqualTo(Map.of("blue", 100));
    assertThat(platform.invoke(other, request()).variant()).contains("blue");
    assertThat(platform.orphans()).isEmpty();
    await(platform.undeployAll("contract-other"));
    assertThat(place.remains()).isEmpty();
    assertThat(await(platform.undeployAll("contract-other"))).isEmpty();
  }

  @Test
  void aContainerThatIsOnlyPackagedIsAnOrphanAndIsSweptWhenItIsOldEnough() {
    Container container = container(artifact());
    await(
        platform.packageModel(container.artifact(), container.runtime(), container.dependencies()));
    assertThat(platform.orphans()).isNotEmpty().allMatch(ManagedResource::orphan);

    assertThat(await(platform.sweep(Duration.ofHours(1)))).isEmpty();
    assertThat(platform.orphans()).isNotEmpty();

    assertThat(await(platform.sweep(Duration.ZERO))).isNotEmpty();
    assertThat(place.remains()).isEmpty();
  }

  @Test
  void whatADeploymentUsesIsNoOrphan() {
    Endpoint blue = deploy(platform, "blue", artifact());

    assertThat(platform.inventory()).isNotEmpty();
    assertThat(platform.orphans()).isEmpty();
    await(platform.sweep(Duration.ZERO));
    assertThat(platform.invoke(blue, request()).variant()).contains("blue");
  }

  // ---- G2: what serves is not harmed ----

  @TestFactory
  final Stream<DynamicTest>
      anOperationThatFailsAtAnyCallLeavesWhatServedBeforeServingWithItsWeights() {
    return Stream.of(Deed.DEPLOY_SECOND, Deed.SCALE, Deed.ROUTE)
        .map(deed -> DynamicTest.dynamicTest(deed + " denied", () -> failAndLookAtBlue(deed)));
  }

  private void failAndLookAtBlue(Deed deed) {
    try (Place before = before(deed)) {
      sweep(deed, before).atEachCall(Fault.DENIED, (place, faults) -> {
        try (EndpointPlatform broken = place.open(faults)) {
          Throwable thrown = catchThrowable(() -> perform(deed, broken));
          // How often something is polled depends on chance, so this time there may be no such
          // call.
          if (!faults.haveBroken()) {
            assertThat(thrown).isNull();
            return;
          }
          assertThat(thrown)
              .isInstanceOf(ServingException.class)
              .hasMessageContaining("the token has expired");
          assertThat(((ServingException) thrown).kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
        }
        assertBlueIsAsItWas(place);
      });
    }
  }

  private void assertBlueIsAsItWas(Place place) {
    try (EndpointPlatform after = place.open(Faults.none())) {
      assertThat(weights(after)).containsEntry("blue", 100);
      assertThat(
              after.invoke(endpoint("blue", artifact(), scaling(1)), request()).variant())
          .contains("blue");
      assertThat(after
              .preview(
                  p -> p.deploy(container(artifact()), scaling(1), new Routing(name(), "blue")))
              .isEmpty())
          .as("blue is as it was deployed")
          .isTrue();
    }
  }

  @Test
  void anotherContainerUnderTheSameVariantIsRefusedAndTheFirstServesOn() {
    Endpoint blue = deploy(platform, "blue", artifact());

    ServingException refusal = catchThrowableOfType(
        ServingException.class, () -> deploy(platform, "blue", otherArtifact()));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(refusal.retryable()).isFalse();
    assertThat(refusal)
        .hasMessageContaining(name() + "/blue")
        .hasMessageContaining("another variant");
    assertThat(platform.invoke(blue, request()).variant()).contains("blue");
  }

  @Test
  void aVariantThatHasAllRequestsIsNotUndeployedBeforeTheOthers() {
    Endpoint blue = deploy(platform, "blue", artifact());
    Endpoint green = deploy(platform, "green", otherArtifact());

    ServingException refusal =
        catchThrowableOfType(ServingException.class, () -> await(platform.undeploy(blue)));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(refusal).hasMessageContaining("route its requests to another variant first");
    assertThat(platform.invoke(blue, request()).variant()).contains("blue");
    await(platform.route(blue.at(100), green.at(0), TrafficWeight.ALL));
    await(platform.undeploy(blue));
    assertThat(weights(platform)).isEqualTo(Map.of("green", 100));
  }

  // ---- G5: a weight means what it says ----

  @Test
  void theFirstVariantHasAllRequestsAndTheSecondNone() {
    Endpoint blue = deploy(platform, "blue", artifact());
    deploy(platform, "green", otherArtifact());

    assertThat(countHundred(blue)).isEqualTo(Map.of("blue", 100));
  }

  @Test
  void theRequestsAreDividedAsTheWeightsSay() {
    Endpoint blue = deploy(platform, "blue", artifact());
    Endpoint green = deploy(platform, "green", otherArtifact());
    for (int percent : new int[] {10, 50, 1, 99}) {
      await(platform.route(blue.at(100), green.at(0), TrafficWeight.percent(percent)));

      Map<String, Integer> counts = countHundred(blue);
      assertThat(counts.getOrDefault("green", 0))
          .isBetween(percent - tolerance(), percent + tolerance());
      assertThat(weights(platform)).isEqualTo(Map.of("blue", 100 - percent, "green", percent));
    }
    await(platform.route(blue.at(0), green.at(0), TrafficWeight.ALL));
    assertThat(countHundred(blue)).isEqualTo(Map.of("green", 100));
    await(platform.route(blue.at(0), green.at(0), TrafficWeight.NONE));
    assertThat(countHundred(blue)).isEqualTo(Map.of("blue", 100));
  }

  @Test
  void aPinnedRequestGoesToItsVariantWhateverTheWeights() {
    Endpoint blue = deploy(platform, "blue", artifact());
    deploy(platform, "green", otherArtifact());

    if (canPin()) {
      assertThat(platform.invoke(blue, request().pinnedTo("green")).variant()).contains("green");
    } else {
      ServingException refusal = catchThrowableOfType(
          ServingException.class, () -> platform.invoke(blue, request().pinnedTo("green")));
      assertThat(refusal.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
      assertThat(refusal).hasMessageContaining("green");
      assertThat(refusal.variant()).contains("green");
      assertThat(platform.invoke(blue, request().pinnedTo("blue")).variant()).contains("blue");
    }
    ServingException missing = catchThrowableOfType(
        ServingException.class, () -> platform.invoke(blue, request().pinnedTo("red")));
    assertThat(missing.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(missing).hasMessageContaining("red");
    assertThat(missing.variant()).as("the variant that failed").contains("red");
  }

  @Test
  void askingTwiceChangesNothing() {
    Endpoint blue = deploy(platform, "blue", artifact());
    Endpoint green = deploy(platform, "green", otherArtifact());
    await(platform.route(blue.at(100), green.at(0), TrafficWeight.percent(25)));
    await(platform.scale(green, scaling(2)));
    Set<String> before = place.remains();

    deploy(platform, "blue", artifact());
    await(platform.route(blue.at(100), green.at(0), TrafficWeight.percent(25)));
    await(platform.scale(green, scaling(2)));

    assertThat(place.remains()).isEqualTo(before);
    assertThat(weights(platform)).isEqualTo(Map.of("blue", 75, "green", 25));
  }

  @Test
  void scalingLeavesTheWeights() {
    Endpoint blue = deploy(platform, "blue", artifact());
    Endpoint green = deploy(platform, "green", otherArtifact());
    await(platform.route(blue.at(100), green.at(0), TrafficWeight.percent(40)));

    await(platform.scale(blue, scaling(2)));

    assertThat(weights(platform)).isEqualTo(Map.of("blue", 60, "green", 40));
  }

  @Test
  void theShareOfAVariantThatGoesIsDividedAmongTheOthers() {
    Endpoint blue = deploy(platform, "blue", artifact());
    Endpoint green = deploy(platform, "green", otherArtifact());
    Endpoint red = deploy(platform, "red", artifact());
    await(platform.route(blue.at(100), green.at(0), TrafficWeight.percent(30)));
    await(platform.route(blue.at(70), red.at(0), TrafficWeight.percent(10)));
    assertThat(weights(platform)).isEqualTo(Map.of("blue", 60, "green", 30, "red", 10));

    await(platform.undeploy(red));

    assertThat(weights(platform)).isEqualTo(Map.of("blue", 67, "green", 33));
  }

  @Test
  void aWeightThatOtherVariantsDoNotLeaveIsRefused() {
    Endpoint blue = deploy(platform, "blue", artifact());
    Endpoint green = deploy(platform, "green", otherArtifact());
    Endpoint red = deploy(platform, "red", artifact());
    await(platform.route(blue.at(100), green.at(0), TrafficWeight.percent(30)));

    ServingException refusal = catchThrowableOfType(
        ServingException.class,
        () -> await(platform.route(blue.at(70), red.at(0), TrafficWeight.percent(80))));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(refusal).hasMessageContaining("at most 70");
    assertThat(weights(platform)).isEqualTo(Map.of("blue", 70, "green", 30, "red", 0));
  }

  // ---- G3, G6, G7: errors ----

  @Test
  void routingToWhatIsNotDeployedIsRefusedAndChangesNothing() {
    Endpoint blue = deploy(platform, "blue", artifact());
    Endpoint green = endpoint("green", otherArtifact(), scaling(1));

    ServingException refusal = catchThrowableOfType(
        ServingException.class,
        () -> await(platform.route(blue.at(100), green.at(0), TrafficWeight.percent(10))));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(refusal.platform()).isEqualTo(platform.id());
    assertThat(refusal)
        .hasMessageContaining(name() + "/green")
        .hasMessageContaining("deploy it first");
    assertThat(weights(platform)).isEqualTo(Map.of("blue", 100));
  }

  @Test
  void scalingWhatIsNotDeployedIsRefusedAndMakesNothing() {
    ServingException refusal = catchThrowableOfType(
        ServingException.class,
        () -> await(platform.scale(endpoint("blue", artifact(), scaling(1)), scaling(2))));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(place.remains()).isEmpty();
  }

  @Test
  void invokingWhatIsNotDeployedFailsAsNotFound() {
    ServingException missing = catchThrowableOfType(
        ServingException.class,
        () -> platform.invoke(endpoint("blue", artifact(), scaling(1)), request()));

    assertThat(missing.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(missing).hasMessageContaining(name());
  }

  @Test
  void versionsOfDifferentNamesAreRefusedBeforeAnyCall() {
    Faults counting = Faults.none();
    Endpoint blue = endpoint("blue", artifact(), scaling(1));
    Endpoint other = new Endpoint(blue.container(), blue.scaling(), new Routing("other", "green"));
    try (EndpointPlatform counted = place.open(counting)) {
      assertThatThrownBy(() -> counted.route(blue.at(100), other.at(0), TrafficWeight.percent(10)))
          .isInstanceOf(InvalidValueException.class)
          .hasMessageContaining("routing.name")
          .hasMessageContaining("other");
      assertThatThrownBy(() -> counted.route(blue.at(100), blue.at(0), TrafficWeight.percent(10)))
          .isInstanceOf(InvalidValueException.class)
          .hasMessageContaining("routing.variant");
    }
    assertThat(counting.calls()).isEmpty();
  }

  @Test
  void anOptionForThisPlatformThatItDoesNotKnowIsRefusedBeforeAnyCallAndOthersAreLeftAlone() {
    Faults counting = Faults.none();
    try (EndpointPlatform counted = place.open(counting)) {
      RuntimeSpec unknown = runtime().with(new UnknownOption(platform.id()));
      assertThatThrownBy(() -> counted.packageModel(artifact(), unknown, Dependencies.NONE))
          .isInstanceOf(InvalidValueException.class)
          .hasMessageContaining("UnknownOption");
      assertThat(counting.calls()).isEmpty();

      RuntimeSpec foreign = runtime().with(new UnknownOption("another-platform"));
      await(counted.packageModel(artifact(), foreign, Dependencies.NONE));
      assertThat(counted
              .preview(p -> p.packageModel(artifact(), runtime(), Dependencies.NONE))
              .isEmpty())
          .as("another platform's option makes no other container")
          .isTrue();
    }
  }

  /** An option that no platform knows. */
  private record UnknownOption(String platform) implements RuntimeOptions {}

  @Test
  void noSecretIsInAnythingThatIsPrinted() {
    List<String> printed = new ArrayList<>();
    Dependencies secretive = Dependencies.environment(Map.of("TOKEN", SECRET));
    Consumer<Object> print = thing -> printed.add(String.valueOf(thing));
    Container container = platform
        .packageModel(artifact(), runtime(), secretive)
        .onProgress(print)
        .await(LIMIT);
    Routing routing = new Routing(name(), "blue");
    print.accept(platform.preview(p -> p.deploy(container, scaling(1), routing)));
    Operation<Endpoint> deploying =
        platform.deploy(container, scaling(1), routing).onProgress(print);
    Endpoint blue = deploying.await(LIMIT);
    print.accept(blue);
    print.accept(deploying.status());
    print.accept(platform.inventory());
    print.accept(platform.list());
    print.accept(catchThrowable(() -> deploy(platform, "blue", otherArtifact())));
    print.accept(platform);

    assertThat(printed).isNotEmpty().noneMatch(text -> text.contains(SECRET));
    await(platform.undeploy(blue));
    await(platform.sweep(Duration.ZERO));
    assertThat(place.remains()).isEmpty();
  }

  // ---- answers in pieces ----

  @Test
  void anAnswerInPiecesIsHandedOnInOrderOnItsCallersThread() {
    Endpoint blue = deploy(platform, "blue", artifact());
    Response whole = platform.invoke(blue, request());
    List<String> expected = place
        .streams()
        .map(streams -> {
          List<String> pieces = List.of("one", "two ", "three");
          streams.answerWith(pieces);
          return pieces;
        })
        .orElseGet(() -> List.of(whole.text()));
    Thread caller = Thread.currentThread();
    List<String> pieces = new ArrayList<>();

    Response rest = platform.invokeStreaming(blue, request(), piece -> {
      assertThat(Thread.currentThread()).isSameAs(caller);
      assertThat(piece.isReadOnly()).isTrue();
      pieces.add(text(piece));
    });

    assertThat(pieces).isEqualTo(expected);
    assertThat(rest.body()).isEmpty();
    assertThat(rest.variant()).contains("blue");
    assertThat(rest.contentType()).isNotBlank();
  }

  @Test
  void whatAConsumerThrowsEndsAnAnswerInPiecesAndReachesTheCallerAsItIs() {
    Endpoint blue = deploy(platform, "blue", artifact());
    place.streams().ifPresent(streams -> streams.answerWith(List.of("one", "two")));
    for (RuntimeException enough : List.of(
        new IllegalStateException("enough"),
        new ServingException("elsewhere", ErrorKind.UNAVAILABLE, "what a retry would be for"))) {
      List<String> pieces = new ArrayList<>();
      int asked = place.streams().map(Streams::asked).orElse(0);

      assertThatThrownBy(() -> platform.invokeStreaming(blue, request().pinnedTo("blue"), piece -> {
            pieces.add(text(piece));
            throw enough;
          }))
          .isSameAs(enough);

      assertThat(pieces).hasSize(1);
      place.streams().ifPresent(streams -> assertThat(streams.asked()).isEqualTo(asked + 1));
    }
    assertThat(platform.invoke(blue, request()).variant()).contains("blue");
  }

  @Test
  void anAnswerInPiecesThatBreaksOffIsAFailureOfItsVariantAndIsNotAskedForAgain() {
    Streams streams = streams();
    Endpoint blue = deploy(platform, "blue", artifact());
    streams.answerWith(List.of("one", "two"));
    streams.breakNext();
    List<String> pieces = new ArrayList<>();

    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> platform.invokeStreaming(blue, request(), piece -> pieces.add(text(piece))));

    assertThat(failure.platform()).isEqualTo(platform.id());
    assertThat(failure.variant()).contains("blue");
    assertThat(pieces).containsExactly("one", "two");
    assertThat(streams.asked()).isEqualTo(1);
  }

  @Test
  void theTimeForAnAnswerInPiecesIsForTheWholeOfIt() {
    Streams streams = streams();
    Endpoint blue = deploy(platform, "blue", artifact());
    streams.answerWith(List.of("one", "two"));
    Duration timeout = Duration.ofMillis(500);
    List<String> pieces = new ArrayList<>();
    Held hold = streams.holdNext();

    ServingException held = catchThrowableOfType(
        ServingException.class,
        () -> platform.invokeStreaming(blue, request().withTimeout(timeout), piece -> {}));
    hold.release();

    assertThat(held.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(streams.asked()).isEqualTo(1);

    streams.clock().ifPresent(clock -> {
      ServingException slow = catchThrowableOfType(
          ServingException.class,
          () -> platform.invokeStreaming(blue, request().withTimeout(LIMIT), piece -> {
            pieces.add(text(piece));
            clock.accept(LIMIT.plusSeconds(1));
          }));
      assertThat(slow.kind()).isEqualTo(ErrorKind.TIMEOUT);
      assertThat(pieces).as("what came before the time was over").containsExactly("one");
    });
  }

  @Test
  void aPinnedRequestIsAnsweredInPiecesByItsVariant() {
    Endpoint blue = deploy(platform, "blue", artifact());
    deploy(platform, "green", otherArtifact());
    String answering = canPin() ? "green" : "blue";

    assertThat(platform
            .invokeStreaming(blue, request().pinnedTo(answering), piece -> {})
            .variant())
        .contains(answering);
    for (String missing : canPin() ? List.of("red") : List.of("green", "red")) {
      ServingException refusal = catchThrowableOfType(
          ServingException.class,
          () -> platform.invokeStreaming(blue, request().pinnedTo(missing), piece -> {}));
      assertThat(refusal.kind())
          .isEqualTo(missing.equals("red") ? ErrorKind.NOT_FOUND : ErrorKind.UNSUPPORTED);
      assertThat(refusal.variant()).contains(missing);
    }
  }

  @Test
  void aPreviewInvokesNothing() {
    Endpoint blue = deploy(platform, "blue", artifact());

    for (Consumer<EndpointPlatform> invoking : List.<Consumer<EndpointPlatform>>of(
        p -> p.invoke(blue, request()), p -> p.invokeStreaming(blue, request(), piece -> {}))) {
      assertThatThrownBy(() -> platform.preview(p -> {
            invoking.accept(p);
            return p.undeploy(blue);
          }))
          .isInstanceOf(UnsupportedOperationException.class);
    }
  }

  @Test
  void closingThePlatformEndsAnAnswerInPieces() {
    Streams streams = streams();
    Endpoint blue = deploy(platform, "blue", artifact());
    streams.answerWith(List.of("one", "two"));
    Held hold = streams.holdNext();
    List<String> pieces = new CopyOnWriteArrayList<>();
    CompletableFuture<Throwable> ending = CompletableFuture.supplyAsync(() -> catchThrowable(
        () -> platform.invokeStreaming(blue, request(), piece -> pieces.add(text(piece)))));
    hold.awaitArrival();

    platform.close();
    hold.release();

    assertThat(ending)
        .succeedsWithin(LIMIT)
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED))
        .asInstanceOf(THROWABLE)
        .hasMessageContaining("closed");
    assertThat(pieces).doesNotContain("two");
    // Its threads may be its place's, which outlives it.
    place.close();
    assertNoThreads();
  }

  private Streams streams() {
    assumeTrue(place.streams().isPresent(), "every answer comes as a whole here");
    return place.streams().orElseThrow();
  }

  private static String text(ByteBuffer piece) {
    return UTF_8.decode(piece).toString();
  }

  // ---- reading ----

  @Test
  void aPreviewTellsWhatAnOperationWillDoAndDoesNothing() {
    Container container = container(artifact());
    Plan plan = platform.preview(p -> p.deploy(
        p.packageModel(container.artifact(), container.runtime(), container.dependencies())
            .await(LIMIT),
        scaling(1),
        new Routing(name(), "blue")));

    // What is not to be there is kept away.
    assertThat(plan.changes())
        .anyMatch(change -> change.action() == Action.CREATE)
        .allMatch(change -> change.action() == Action.CREATE || change.action() == Action.KEEP);
    assertThat(place.remains()).isEmpty();

    deploy(platform, "blue", artifact());
    assertThat(platform
            .preview(p -> p.deploy(container, scaling(1), new Routing(name(), "blue")))
            .isEmpty())
        .isTrue();
    Plan scale =
        platform.preview(p -> p.scale(endpoint("blue", artifact(), scaling(1)), scaling(2)));
    assertThat(scale.changes())
        .anyMatch(
            change -> change.action() == Action.UPDATE && !change.details().isEmpty());
    Plan undeploy = platform.preview(p -> p.undeploy(endpoint("blue", artifact(), scaling(1))));
    assertThat(undeploy.changes()).anyMatch(change -> change.action() == Action.DELETE);
    assertThat(weights(platform)).isEqualTo(Map.of("blue", 100));
  }

  @Test
  void whatIsServedIsListedWithItsStateAndShare() {
    Endpoint blue = deploy(platform, "blue", artifact());
    Endpoint green = deploy(platform, "green", otherArtifact());
    await(platform.route(blue.at(100), green.at(0), TrafficWeight.percent(5)));

    assertThat(platform.list())
        .containsExactly(
            new Deployment(
                name(), Optional.of("blue"), Deployment.State.READY, TrafficWeight.percent(95), ""),
            new Deployment(
                name(),
                Optional.of("green"),
                Deployment.State.READY,
                TrafficWeight.percent(5),
                ""));
  }

  @Test
  void progressTellsOfEveryResourceAndEndsWithTheOperation() {
    List<String> lines = new ArrayList<>();
    Container container = await(platform.packageModel(artifact(), runtime(), Dependencies.NONE));
    Operation<Endpoint> deploying =
        platform.deploy(container, scaling(1), new Routing(name(), "blue"));
    deploying.await(LIMIT);
    deploying.onProgress(event -> lines.add(event.toString()));

    assertThat(deploying.status().state().isFinal()).isTrue();
    assertThat(lines).hasSizeGreaterThan(3);
    assertThat(lines.get(0)).contains("deploy " + name() + "/blue");
    assertThat(lines.get(lines.size() - 1)).contains("is done");
    assertThat(deploying.toFuture()).isCompletedWithValue(endpoint("blue", artifact(), scaling(1)));
  }

  // ---- G9, G10: ending, and others ----

  @Test
  void twoProcessesThatDeployTheSameAtOnceBothSucceed() {
    try (EndpointPlatform other = place.open(Faults.none())) {
      Container container = await(platform.packageModel(artifact(), runtime(), Dependencies.NONE));
      Operation<Endpoint> one = platform.deploy(container, scaling(1), new Routing(name(), "blue"));
      Operation<Endpoint> two = other.deploy(container, scaling(1), new Routing(name(), "blue"));

      assertThat(await(one)).isEqualTo(await(two));
      assertThat(weights(platform)).isEqualTo(Map.of("blue", 100));
    }
  }

  @Test
  void operationsOnOneNameThatAreBegunTogetherRunOneAfterTheOther() {
    Container container = await(platform.packageModel(artifact(), runtime(), Dependencies.NONE));
    List<Operation<Endpoint>> operations = new ArrayList<>();
    for (int count = 1; count <= 3; count++) {
      operations.add(platform.deploy(container, scaling(count), new Routing(name(), "blue")));
    }
    operations.forEach(EndpointPlatformContract::await);

    assertThat(platform
            .preview(p -> p.deploy(container, scaling(3), new Routing(name(), "blue")))
            .isEmpty())
        .as("the last that was asked for is what is there")
        .isTrue();
  }

  @Test
  void aClosedPlatformDoesNothingMoreAndHasNoThreads() {
    Endpoint blue = deploy(platform, "blue", artifact());

    platform.close();
    platform.close();

    ServingException closed =
        catchThrowableOfType(ServingException.class, () -> platform.undeploy(blue));
    assertThat(closed).hasMessageContaining("closed");
    assertThat(catchThrowable(() -> platform.invoke(blue, request())))
        .hasMessageContaining("closed");
    assertThat(catchThrowable(() -> platform.invokeStreaming(blue, request(), piece -> {})))
        .hasMessageContaining("closed");
    assertNoThreads();
    assertThat(catchThrowable(platform::list)).hasMessageContaining("closed");
  }

  private void assertNoThreads() {
    assertThat(Thread.getAllStackTraces().keySet())
        .filteredOn(thread -> !threadsBefore.contains(thread))
        .filteredOn(thread -> thread.getName().startsWith("fairlead-" + platform.id()))
        .allMatch(FunctionPlatformContract::ends);
  }

  // ---- words ----

  private static String name() {
    return "contract";
  }

  private Container container(ModelArtifact artifact) {
    return new Container(artifact, runtime(), Dependencies.NONE);
  }

  private Endpoint endpoint(String variant, ModelArtifact artifact, Scaling scaling) {
    return new Endpoint(container(artifact), scaling, new Routing(name(), variant));
  }

  private Endpoint deploy(EndpointPlatform on, String variant, ModelArtifact artifact) {
    Container container = await(on.packageModel(artifact, runtime(), Dependencies.NONE));
    return await(on.deploy(container, scaling(1), new Routing(name(), variant)));
  }

  private Map<String, Integer> countHundred(Endpoint endpoint) {
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < 100; i++) {
      counts.merge(platform.invoke(endpoint, request()).variant().orElse("none"), 1, Integer::sum);
    }
    return counts;
  }

  private static <T> T await(Operation<T> operation) {
    return operation.await(LIMIT);
  }
}
