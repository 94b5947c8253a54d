package io.fairlead.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fairlead.contract.EndpointPlatformContract.Place;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Capability;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * What an endpoint platform keeps where several processes are at one name, on several machines, and where one of them
 * has died: a part of {@link EndpointPlatformContract}.
 */
abstract class OverlappingOperationsContract extends CapabilitiesContract {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String NAME = "overlap";
  /** How often parallel removals are tried, each with one process and with three. */
  private static final int RACES = Integer.getInteger("fairlead.contract.races", 10);

  /** {@return another model that answers it} */
  protected abstract ModelArtifact otherArtifact();

  /** {@return a request that both models answer} */
  protected abstract Request request();

  /**
   * {@return whether the platform refuses to create what exists; if it replaces that, a process that is held up between
   * its last look and its create for the whole of another's deployment replaces what the other has deployed}
   */
  protected boolean createsConditionally() {
    return true;
  }

  // ---- another machine ----

  @Test
  void whatWasDeployedFromFilesIsRunFromAMachineWithoutThem(@TempDir Path folder) {
    assumeTrue(has(Capability.UPLOAD), "the platform uploads nothing");
    try (Place place = somePlace()) {
      Path blueFile = write(folder, "blue.bin");
      Path greenFile = write(folder, "green.bin");
      Endpoint blue;
      Endpoint green;
      try (EndpointPlatform ci = place.open(Faults.none())) {
        Container packed =
            await(ci.packageModel(ModelArtifact.of(blueFile), runtime(), Dependencies.NONE));
        assertThat(packed.artifact().weights().getScheme())
            .as("the result says where the model lies now")
            .isNotEqualTo("file");
        assertThat(await(ci.packageModel(ModelArtifact.of(blueFile), runtime(), Dependencies.NONE)))
            .isEqualTo(packed);
        blue = await(ci.deploy(packed, scaling(1), new Routing(NAME, "blue")));
        green = await(ci.deploy(
            new Container(ModelArtifact.of(greenFile), runtime(), Dependencies.NONE),
            scaling(1),
            new Routing(NAME, "green")));
        assertThat(blue.container()).isEqualTo(packed);
        assertThat(green.container().artifact().weights().getScheme()).isNotEqualTo("file");
      }
      delete(blueFile);
      delete(greenFile);

      try (EndpointPlatform service = place.open(Faults.none())) {
        assertThat(service
                .preview(p -> p.deploy(green.container(), scaling(1), green.routing()))
                .isEmpty())
            .as("deploying again has nothing to do")
            .isTrue();
        await(service.deploy(green.container(), scaling(1), green.routing()));
        await(service.route(blue.at(100), green.at(0), TrafficWeight.percent(10)));
        Endpoint scaled = await(service.scale(blue, scaling(2)));
        assertThat(service.preview(p -> p.undeploy(green)).changes()).isNotEmpty();
        assertThat(service.invoke(scaled, request()).body()).isNotEmpty();
        await(service.undeploy(green));
        await(service.undeployAll(NAME));
      }
      assertThat(place.remains()).isEmpty();
    }
  }

  @Test
  void filesThatAreNotThereAreToldByTheOperationWhichExistsBeforeTheyAreRead(@TempDir Path folder) {
    assumeTrue(has(Capability.UPLOAD), "the platform uploads nothing");
    try (Place place = somePlace();
        EndpointPlatform platform = place.open(Faults.none())) {
      Operation<Container> packaging = platform.packageModel(
          ModelArtifact.of(folder.resolve("missing.bin")), runtime(), Dependencies.NONE);

      ServingException failure =
          catchThrowableOfType(ServingException.class, () -> packaging.await(LIMIT));

      assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
      assertThat(failure).hasMessageContaining("missing.bin");
      assertThat(place.remains()).isEmpty();
    }
  }

  private static Path write(Path folder, String name) {
    try {
      return Files.writeString(folder.resolve(name), "weights of " + name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // ---- values that differ from what is deployed ----

  @Test
  void undeployTakesWhatTheVariantReallyUsesWhateverTheValueSays() {
    try (Place place = somePlace();
        EndpointPlatform platform = place.open(Faults.none())) {
      deploy(platform, NAME, "blue", artifact());

      await(platform.undeploy(endpoint(NAME, "blue", otherArtifact())));

      assertThat(platform.inventory()).isEmpty();
      assertThat(place.remains()).isEmpty();
    }
  }

  @Test
  void undeployTakesNothingThatOthersUse() {
    try (Place place = somePlace();
        EndpointPlatform platform = place.open(Faults.none())) {
      deploy(platform, NAME, "blue", artifact());
      Endpoint other = deploy(platform, "overlap-other", "blue", otherArtifact());

      await(platform.undeploy(endpoint(NAME, "blue", otherArtifact())));

      assertThat(platform.invoke(other, request()).variant()).contains("blue");
      assertThat(platform.orphans()).isEmpty();
      await(platform.undeploy(other));
      assertThat(place.remains()).isEmpty();
    }
  }

  // ---- removals at one time ----

  @TestFactory
  final Stream<DynamicTest> removalsOfOneContainerAtOneTimeLeaveNothing() {
    return Stream.of(1, 3)
        .map(processes -> DynamicTest.dynamicTest(
            "in " + processes + (processes == 1 ? " process" : " processes"),
            () -> IntStream.range(0, RACES).forEach(race -> removeAtOnce(processes))));
  }

  private void removeAtOnce(int processes) {
    try (Place place = somePlace()) {
      List<Endpoint> endpoints = new ArrayList<>();
      Queue<String> events = new ConcurrentLinkedQueue<>();
      try (EndpointPlatform whole = place.open(Faults.none())) {
        for (int i = 0; i < 3; i++) {
          endpoints.add(deploy(whole, NAME + "-" + i, "blue", artifact()));
        }
      }
      List<EndpointPlatform> platforms = new ArrayList<>();
      try {
        for (int i = 0; i < processes; i++) {
          platforms.add(place.open(Faults.none()));
        }
        List<Operation<Endpoint>> removals = new ArrayList<>();
        for (int i = 0; i < endpoints.size(); i++) {
          removals.add(platforms
              .get(i % processes)
              .undeploy(endpoints.get(i))
              .onProgress(event -> events.add(event.toString())));
        }
        removals.forEach(OverlappingOperationsContract::await);
      } finally {
        platforms.forEach(EndpointPlatform::close);
      }
      assertThat(place.remains())
          .as(() -> "what remains after\n  " + String.join("\n  ", events))
          .isEmpty();
    }
  }

  @TestFactory
  final Stream<DynamicTest> anUndeployAllThatDiedAtAnyCallIsResumedByRunningItAgain() {
    Consumer<Place> resuming = new OncePerState<>(OverlappingOperationsContract::resumeUndeployAll);
    return Stream.of(Fault.KILLED_BEFORE, Fault.KILLED_AFTER, Fault.DENIED)
        .map(fault -> DynamicTest.dynamicTest(
            "UNDEPLOY_ALL with " + fault, () -> breakUndeployAll(fault, resuming)));
  }

  private void breakUndeployAll(Fault fault, Consumer<Place> resuming) {
    try (Place before = somePlaceOfOneCaller()) {
      String id = deployBoth(before);
      Faults.atEach(callsOfUndeployAll(before), number -> {
        try (Place place = copy(before)) {
          breakUndeployAll(place, Faults.at(id, number, fault));
          resuming.accept(place);
        }
      });
    }
  }

  /** {@return another place in which both are deployed} */
  private Place copy(Place before) {
    return before.copy().orElseGet(() -> {
      Place place = somePlaceOfOneCaller();
      deployBoth(place);
      return place;
    });
  }

  private int callsOfUndeployAll(Place before) {
    try (Place place = copy(before)) {
      Faults counting = Faults.none();
      try (EndpointPlatform platform = place.open(counting)) {
        await(platform.undeployAll(NAME));
      }
      return counting.calls().size();
    }
  }

  private static void breakUndeployAll(Place place, Faults faults) {
    try (EndpointPlatform broken = place.open(faults)) {
      await(broken.undeployAll(NAME));
    } catch (ServingException | ProcessKilled e) {
      assertThat(e.getMessage()).as("says what happened").isNotBlank();
    }
  }

  private static void resumeUndeployAll(Place place) {
    try (EndpointPlatform again = place.open(Faults.none())) {
      await(again.undeployAll(NAME));
      assertThat(again.list()).isEmpty();
    }
    assertThat(place.remains()).isEmpty();
  }

  private String deployBoth(Place place) {
    try (EndpointPlatform whole = place.open(Faults.none())) {
      Endpoint blue = deploy(whole, NAME, "blue", artifact());
      Endpoint green = deploy(whole, NAME, "green", otherArtifact());
      await(whole.route(blue.at(100), green.at(0), TrafficWeight.percent(30)));
      return whole.id();
    }
  }

  // ---- a deployment under way ----

  /** What another process does while one deploys. */
  private enum Meanwhile {
    SWEEP,
    UNDEPLOY,
    UNDEPLOY_ALL,
    DEPLOY_THE_SAME,
    DEPLOY_ANOTHER
  }

  @TestFactory
  final Stream<DynamicTest> whatAnotherProcessDoesBetweenAnyTwoCallsOfADeployEndsInOneOfTheTwo() {
    return Stream.of(Meanwhile.values())
        .map(meanwhile -> DynamicTest.dynamicTest(
            "DEPLOY and meanwhile " + meanwhile,
            () -> Faults.atEach(callsOfDeploy(), number -> deployAnd(meanwhile, number))));
  }

  private int callsOfDeploy() {
    try (Place place = somePlaceOfOneCaller()) {
      Faults counting = Faults.none();
      try (EndpointPlatform platform = place.open(counting)) {
        deploy(platform, NAME, "blue", artifact());
      }
      return counting.calls().size();
    }
  }

  private void deployAnd(Meanwhile meanwhile, int number) {
    try (Place place = somePlaceOfOneCaller();
        EndpointPlatform other = place.open(Faults.none())) {
      List<@Nullable Throwable> others = new ArrayList<>();
      Faults faults = Faults.beforeCall(
          number, () -> others.add(catchThrowable(() -> perform(meanwhile, other))));
      Throwable failure;
      try (EndpointPlatform deploying = place.open(faults)) {
        failure = catchThrowable(() -> deploy(deploying, NAME, "blue", artifact()));
      }
      Throwable otherFailure = others.isEmpty() ? null : others.get(0);
      for (Throwable thrown : new Throwable[] {failure, otherFailure}) {
        assertThat(thrown == null || thrown instanceof ServingException).isTrue();
      }
      assertEndsInOneOfTheTwo(meanwhile, other, failure, otherFailure);
      await(other.undeployAll(NAME));
      await(other.sweep(Duration.ZERO));
      assertThat(place.remains()).isEmpty();
    }
  }

  private void assertEndsInOneOfTheTwo(
      Meanwhile meanwhile,
      EndpointPlatform platform,
      @Nullable Throwable failure,
      @Nullable Throwable otherFailure) {
    switch (meanwhile) {
      case SWEEP, DEPLOY_THE_SAME -> {
        assertThat(failure).isNull();
        assertThat(otherFailure).isNull();
        assertServes(platform, artifact());
      }
      case UNDEPLOY, UNDEPLOY_ALL -> {
        if (failure == null && !platform.list().isEmpty()) {
          assertServes(platform, artifact());
        }
      }
      case DEPLOY_ANOTHER -> {
        ModelArtifact last = failure == null ? artifact() : otherArtifact();
        if (!createsConditionally()) {
          // Deployed again, it is as if it had been alone.
          deploy(platform, NAME, "blue", last);
          assertServes(platform, last);
          return;
        }
        assertThat(failure == null ^ otherFailure == null).as("one of the two").isTrue();
        ServingException refusal = (ServingException) (failure == null ? otherFailure : failure);
        assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFLICT);
        assertServes(platform, last);
      }
    }
  }

  private void assertServes(EndpointPlatform platform, ModelArtifact model) {
    Endpoint blue = endpoint(NAME, "blue", model);
    assertThat(platform.invoke(blue, request()).variant()).contains("blue");
    Plan plan = platform.preview(p -> p.deploy(blue.container(), scaling(1), blue.routing()));
    assertThat(plan.isEmpty()).as("it is as it was deployed, but for %s", plan).isTrue();
    assertThat(platform.orphans().stream()
            .filter(resource -> resource.deployment().equals(Optional.of(NAME)))
            .toList())
        .isEmpty();
  }

  private void perform(Meanwhile meanwhile, EndpointPlatform on) {
    switch (meanwhile) {
      case SWEEP -> await(on.sweep(Duration.ZERO));
      case UNDEPLOY -> await(on.undeploy(endpoint(NAME, "blue", artifact())));
      case UNDEPLOY_ALL -> await(on.undeployAll(NAME));
      case DEPLOY_THE_SAME -> deploy(on, NAME, "blue", artifact());
      case DEPLOY_ANOTHER -> deploy(on, NAME, "blue", otherArtifact());
    }
  }

  @TestFactory
  final Stream<DynamicTest> whatAKilledDeployHasBegunIsFoundByUndeployAll() {
    Consumer<Place> undeploying =
        new OncePerState<>(OverlappingOperationsContract::undeployAllAndWait);
    return Stream.of(Fault.KILLED_BEFORE, Fault.KILLED_AFTER)
        .map(fault -> DynamicTest.dynamicTest(
            "DEPLOY with " + fault + ", then UNDEPLOY_ALL",
            () ->
                Faults.atEach(callsOfDeploy(), number -> killAndThen(undeploying, number, fault))));
  }

  private void killAndThen(Consumer<Place> undeploying, int number, Fault fault) {
    try (Place place = somePlaceOfOneCaller()) {
      String id;
      try (EndpointPlatform any = place.open(Faults.none())) {
        id = any.id();
      }
      try (EndpointPlatform broken = place.open(Faults.at(id, number, fault))) {
        deploy(broken, NAME, "blue", artifact());
      } catch (ProcessKilled e) {
        assertThat(e.getMessage()).isNotBlank();
      }
      undeploying.accept(place);
    }
  }

  private static void undeployAllAndWait(Place place) {
    try (EndpointPlatform other = place.open(Faults.none())) {
      await(other.undeployAll(NAME));
      place.pass(Duration.ofHours(1));
      assertThat(other.list()).as("nothing has come since").isEmpty();
      await(other.sweep(Duration.ZERO));
    }
    assertThat(place.remains()).isEmpty();
  }

  // ---- words ----

  private Endpoint endpoint(String name, String variant, ModelArtifact model) {
    return new Endpoint(
        new Container(model, runtime(), Dependencies.NONE), scaling(1), new Routing(name, variant));
  }

  private Endpoint deploy(EndpointPlatform on, String name, String variant, ModelArtifact model) {
    Container container = await(on.packageModel(model, runtime(), Dependencies.NONE));
    return await(on.deploy(container, scaling(1), new Routing(name, variant)));
  }

  private static <T> T await(Operation<T> operation) {
    return operation.await(LIMIT);
  }
}
