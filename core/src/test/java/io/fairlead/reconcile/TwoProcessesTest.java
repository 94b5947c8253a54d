package io.fairlead.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.json.GrammarJson;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.provider.Fingerprint;
import io.fairlead.reconcile.MemoryCloud.Autoscale;
import io.fairlead.reconcile.MemoryCloud.Variant;
import io.fairlead.reconcile.MemoryCloud.Way;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Two processes at one name at once, in the orders of calls that seeds decide: more of them with {@code -Dseeds=1500}. */
class TwoProcessesTest {
  private static final int SEEDS = Integer.getInteger("seeds", 150);
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Container ONE = container("one");
  private static final Container TWO = container("two");
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Routing GREEN = new Routing("bert", "green");

  static Stream<Arguments> clouds() {
    return Stream.of(
            new Way[] {},
            new Way[] {Way.POLLED},
            new Way[] {Way.REVISIONS},
            new Way[] {Way.OPERATIONS, Way.REVISIONS, Way.RENAMING},
            new Way[] {Way.POLLED, Way.EVENTUAL, Way.SILENT})
        .map(ways -> Arguments.argumentSet("cloud " + List.of(ways), (Object) ways));
  }

  @ParameterizedTest
  @MethodSource("clouds")
  void twoScalingsOfOneVariantEndInOneOfTheTwo(Way[] ways) throws InterruptedException {
    Endpoint small = new Endpoint(ONE, Scaling.between("small", 1, 3), BLUE);
    Endpoint large = new Endpoint(ONE, Scaling.between("large", 2, 5), BLUE);
    endInOneOfTheTwo(ways, small, large);
  }

  @ParameterizedTest
  @MethodSource("clouds")
  void aFixedAndAnAutomaticScalingEndInOneOfTheTwo(Way[] ways) throws InterruptedException {
    Endpoint fixed = new Endpoint(ONE, Scaling.fixed("small", 1), BLUE);
    Endpoint automatic = new Endpoint(ONE, Scaling.between("large", 2, 5), BLUE);
    endInOneOfTheTwo(ways, fixed, automatic);
  }

  private static void endInOneOfTheTwo(Way[] ways, Endpoint one, Endpoint other)
      throws InterruptedException {
    List<Optional<Object>> ofOne = stateOf(one);
    List<Optional<Object>> ofOther = stateOf(other);
    for (int seed = 0; seed < SEEDS; seed++) {
      Turns turns = new Turns(seed);
      MemoryCloud cloud = new MemoryCloud(turns, turns::giveWay, ways);
      List<Throwable> failures = turns.run(deploying(cloud, one), deploying(cloud, other));

      assertThat(state(cloud)).as("seed %d, %s", seed, failures).isIn(ofOne, ofOther);
      assertThat(cloud.truth("traffic", "bert")).contains(Traffic.allTo("blue"));
      assertThat(failures).as("seed %d", seed).anyMatch(failure -> failure == null);
      assertThat(failures)
          .as("seed %d", seed)
          .allMatch(failure -> failure == null
              || (failure instanceof ServingException e
                  && (e.kind() == ErrorKind.CONFLICT
                      || e.getMessage().contains("or another process did"))));
      // Whoever was told that it has the name has it, unless the other was told so later.
      if (failures.get(0) != null || failures.get(1) != null) {
        assertThat(state(cloud))
            .as("seed %d, %s", seed, failures)
            .isEqualTo(failures.get(0) == null ? ofOne : ofOther);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("clouds")
  void twoContainersForOneVariantEndInOneOfTheTwoAndNothingOfTheOther(Way[] ways)
      throws InterruptedException {
    Endpoint one = new Endpoint(ONE, Scaling.between("small", 1, 3), BLUE);
    Endpoint two = new Endpoint(TWO, Scaling.between("large", 2, 5), BLUE);
    for (int seed = 0; seed < SEEDS; seed++) {
      Turns turns = new Turns(seed);
      MemoryCloud cloud = new MemoryCloud(turns, turns::giveWay, ways);
      List<Throwable> failures = turns.run(deploying(cloud, one), deploying(cloud, two));

      assertThat(state(cloud)).as("seed %d, %s", seed, failures).isIn(stateOf(one), stateOf(two));
      assertThat(failures)
          .as("seed %d", seed)
          .filteredOn(failure -> failure == null)
          .hasSize(1);
      Endpoint winner = failures.get(0) == null ? one : two;
      assertThat(state(cloud)).isEqualTo(stateOf(winner));
      assertThat(cloud.remains())
          .as("seed %d, %s", seed, failures)
          .containsExactlyInAnyOrder(
              "model " + modelOf(winner.container()),
              "name bert",
              "variant bert/blue",
              "autoscale bert/blue");
    }
  }

  @ParameterizedTest
  @MethodSource("clouds")
  void twoVariantsOfANewNameBothServeAndOneHasAllRequests(Way[] ways) throws InterruptedException {
    Endpoint blue = new Endpoint(ONE, Scaling.fixed("small", 1), BLUE);
    Endpoint green = new Endpoint(TWO, Scaling.fixed("small", 1), GREEN);
    for (int seed = 0; seed < SEEDS; seed++) {
      Turns turns = new Turns(seed);
      MemoryCloud cloud = new MemoryCloud(turns, turns::giveWay, ways);
      List<Throwable> failures = turns.run(deploying(cloud, blue), deploying(cloud, green));

      assertThat(failures).as("seed %d", seed).containsOnlyNulls();
      assertThat(cloud.remains()).contains("variant bert/blue", "variant bert/green");
      assertThat(cloud.truth("traffic", "bert").orElseThrow())
          .isIn(Traffic.allTo("blue"), Traffic.allTo("green"));
    }
  }

  @ParameterizedTest
  @MethodSource("clouds")
  void twoRoutesAtOnceEndInADivisionThatOneOfThemAskedFor(Way[] ways) throws InterruptedException {
    Endpoint blue = new Endpoint(ONE, Scaling.fixed("small", 1), BLUE);
    Endpoint green = new Endpoint(TWO, Scaling.fixed("small", 1), GREEN);
    Turns before = new Turns(0);
    MemoryCloud both = new MemoryCloud(before, ways);
    deploying(both, blue).run();
    deploying(both, green).run();
    for (int seed = 0; seed < SEEDS; seed++) {
      Turns turns = new Turns(seed, before.elapsed());
      MemoryCloud cloud = both.copy(turns, turns::giveWay);
      List<Throwable> failures =
          turns.run(routing(cloud, blue, green, 10), routing(cloud, blue, green, 60));

      assertThat(cloud.truth("traffic", "bert").orElseThrow())
          .as("seed %d, %s", seed, failures)
          .isIn(
              new Traffic(Map.of("blue", 90, "green", 10)),
              new Traffic(Map.of("blue", 40, "green", 60)));
      assertThat(failures).as("seed %d", seed).anyMatch(failure -> failure == null);
    }
  }

  @ParameterizedTest
  @MethodSource("clouds")
  void aVariantThatGoesAndOneThatComesLeaveTheNameWhole(Way[] ways) throws InterruptedException {
    Endpoint blue = new Endpoint(ONE, Scaling.fixed("small", 1), BLUE);
    Endpoint green = new Endpoint(TWO, Scaling.fixed("small", 1), GREEN);
    Turns before = new Turns(0);
    MemoryCloud first = new MemoryCloud(before, ways);
    deploying(first, blue).run();
    for (int seed = 0; seed < SEEDS; seed++) {
      Turns turns = new Turns(seed, before.elapsed());
      MemoryCloud cloud = first.copy(turns, turns::giveWay);
      List<Throwable> failures = turns.run(
          () -> {
            try (EndpointPlatform platform = cloud.open()) {
              platform.undeploy(blue).await(LIMIT);
            }
          },
          deploying(cloud, green));

      // Each may be refused because of the other; run again, both get what they want.
      deploying(cloud, green).run();
      assertThat(cloud.remains())
          .as("seed %d, %s", seed, failures)
          .contains("name bert", "variant bert/green");
      assertThat(cloud.truth("model", modelOf(TWO)))
          .as("seed %d, %s", seed, failures)
          .isPresent();
    }
  }

  private static Runnable deploying(MemoryCloud cloud, Endpoint endpoint) {
    return () -> {
      try (EndpointPlatform platform = cloud.open()) {
        platform
            .deploy(endpoint.container(), endpoint.scaling(), endpoint.routing())
            .await(LIMIT);
      }
    };
  }

  private static Runnable routing(
      MemoryCloud cloud, Endpoint stable, Endpoint candidate, int percent) {
    return () -> {
      try (EndpointPlatform platform = cloud.open()) {
        platform
            .route(stable.at(0), candidate.at(0), TrafficWeight.percent(percent))
            .await(LIMIT);
      }
    };
  }

  private static List<Optional<Object>> state(MemoryCloud cloud) {
    return List.of(cloud.truth("variant", "bert/blue"), cloud.truth("autoscale", "bert/blue"));
  }

  private static List<Optional<Object>> stateOf(Endpoint endpoint) {
    Scaling scaling = endpoint.scaling();
    Variant variant = new Variant(
        modelOf(endpoint.container()), scaling.instanceType().orElse(""), scaling.count());
    Optional<Object> autoscale = scaling.isAutomatic()
        ? Optional.of(new Autoscale(
            scaling.min(), scaling.max(), Fingerprint.of(GrammarJson.write(endpoint))))
        : Optional.empty();
    return List.of(Optional.of(variant), autoscale);
  }

  private static Container container(String name) {
    return new Container(
        ModelArtifact.of(URI.create("mem:" + name)), RuntimeSpec.NONE, Dependencies.NONE);
  }

  private static String modelOf(Container container) {
    return "m-" + Fingerprint.of(GrammarJson.write(container));
  }
}
