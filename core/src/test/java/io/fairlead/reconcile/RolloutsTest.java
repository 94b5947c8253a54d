package io.fairlead.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.Version;
import io.fairlead.operation.Operation;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.rollout.Evidence;
import io.fairlead.rollout.Guard;
import io.fairlead.rollout.Observations;
import io.fairlead.rollout.Rollout;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Rollouts on their worst nights. */
class RolloutsTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Endpoint BLUE = endpoint("blue", "mem:one");
  private static final Endpoint GREEN = endpoint("green", "mem:two");
  private static final Rollout ROLLOUT = Rollout.guardedBy(Guard.maxFailures(0.02))
      .step(5, Duration.ofMinutes(10))
      .step(100, Duration.ofMinutes(10));

  private final VirtualTime time = new VirtualTime();
  private boolean isDown;
  private final MemoryCloud cloud = new MemoryCloud(time, () -> {
    if (isDown) {
      throw new ServingException(MemoryCloud.ID, ErrorKind.UNAVAILABLE, "No answer today.");
    }
  });

  private static Endpoint endpoint(String variant, String model) {
    return new Endpoint(
        new Container(ModelArtifact.of(URI.create(model)), RuntimeSpec.NONE, Dependencies.NONE),
        Scaling.fixed("small", 1),
        new Routing("bert", variant));
  }

  private static Observations observed(long requests, long failures) {
    return new Observations(requests, failures, Collections.emptySortedMap());
  }

  /** {@return evidence that sees what is given at each look} */
  private static Evidence seeing(Supplier<Observations> eachLook) {
    return (variant, limits) -> {
      Observations[] sum = {Observations.NONE};
      return () -> sum[0] = sum[0].plus(eachLook.get());
    };
  }

  private void deployBoth() {
    try (EndpointPlatform platform = cloud.open()) {
      for (Endpoint each : List.of(BLUE, GREEN)) {
        platform.deploy(each.container(), each.scaling(), each.routing()).await(LIMIT);
      }
    }
  }

  private static ServingException failureOf(Operation<Version> operation) {
    return catchThrowableOfType(ServingException.class, () -> operation.await(LIMIT));
  }

  private Object weights() {
    return cloud.truth("traffic", "bert").orElseThrow();
  }

  @Test
  void aCandidateThatHasBrokenDownLosesItsRequestsAllTheSame() {
    deployBoth();
    try (EndpointPlatform platform = cloud.open()) {
      Evidence evidence = seeing(() -> {
        cloud.breakDown("variant", "bert/green", "out of memory");
        return observed(50, 50);
      });

      ServingException failure = failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, evidence));

      assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
      assertThat(weights()).isEqualTo(Traffic.allTo("blue"));
    }
  }

  @Test
  void aNoteThatCannotBeWrittenDoesNotKeepTheCandidateServing() {
    deployBoth();
    ServingException denied =
        new ServingException(MemoryCloud.ID, ErrorKind.UNAUTHORIZED, "No tags for you.");

    Faults once = Faults.before("update rolled-back", () -> {
      throw denied;
    });
    assertThat(refusal(once))
        .hasMessageEndingWith("at 5%, 50 of 50 requests failed (100%), where at most 2% may. "
            + "Rolled back: bert/green to 0%, the note of that.");
    assertThat(weights()).isEqualTo(Traffic.allTo("blue"));

    try (EndpointPlatform platform = cloud.open()) {
      platform.undeploy(GREEN).await(LIMIT);
    }
    deployBoth();
    Faults always = Faults.failing("update rolled-back", denied);
    assertThat(refusal(always))
        .hasMessageEndingWith(
            "Rolled back: bert/green to 0%. The rollback failed at the note of that: "
                + "the same rollout, run again, would begin anew.");
    assertThat(weights()).isEqualTo(Traffic.allTo("blue"));
  }

  private ServingException refusal(Faults faults) {
    try (EndpointPlatform platform = cloud.open(faults)) {
      ServingException failure =
          failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, seeing(() -> observed(50, 50))));
      assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
      return failure;
    }
  }

  @Test
  void aGuardDecidesWhileThePlatformCannotBeRead() {
    deployBoth();
    List<String> events = new ArrayList<>();
    try (EndpointPlatform platform = cloud.open()) {
      int[] looks = new int[1];
      Evidence evidence = seeing(() -> {
        if (++looks[0] == 1) {
          isDown = true;
          return Observations.NONE;
        }
        // It answers again some time after the guard has decided.
        time.in(Duration.ofMinutes(3), () -> isDown = false);
        return observed(50, 50);
      });

      ServingException failure = failureOf(platform
          .rollOut(BLUE, GREEN, ROLLOUT, evidence)
          .onProgress(event -> events.add(event.message())));

      assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
      assertThat(events).anyMatch(event -> event.contains("its weight cannot be read"));
      assertThat(looks[0]).isEqualTo(2);
      assertThat(weights()).isEqualTo(Traffic.allTo("blue"));
    }
  }

  @Test
  void aRollbackThatFailsSaysWhoStillGetsRequests() {
    deployBoth();
    try (EndpointPlatform platform = cloud.open(
        Faults.none(), builder -> builder.limit(Duration.ofMinutes(5)).time(time))) {
      ServingException failure = failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, seeing(() -> {
        isDown = true;
        return observed(50, 50);
      })));

      assertThat(failure)
          .hasMessageEndingWith(
              "The rollback failed at bert/green to 0%: route the requests of bert/green to bert/blue.");
      assertThat(failure.getSuppressed()).isNotEmpty();
    }
  }

  @Test
  void aStepIsNotOverBeforeItsTimeNorWithoutALook() {
    deployBoth();
    List<String> times = new ArrayList<>();
    try (EndpointPlatform platform = cloud.open()) {
      Duration begin = time.elapsed();
      platform
          .rollOut(BLUE, GREEN, ROLLOUT, seeing(() -> observed(1_000, 0)))
          .onProgress(
              event -> times.add(time.elapsed().minus(begin).toMinutes() + " " + event.message()))
          .await(LIMIT);
      assertThat(time.elapsed().minus(begin))
          .isBetween(Duration.ofMinutes(20), Duration.ofMinutes(22));

      Rollout atOnce = Rollout.guardedBy(Guard.maxFailures(0.02))
          .step(100, Duration.ZERO)
          .withPatience(Duration.ZERO);
      platform.rollOut(BLUE, GREEN, atOnce, seeing(() -> observed(1_000, 0))).await(LIMIT);
    }
  }

  @Test
  void aLongRolloutTellsLittle() {
    deployBoth();
    List<String> events = new ArrayList<>();
    Rollout day = Rollout.guardedBy(Guard.maxFailures(0.02)).step(5, Duration.ofDays(1));
    try (EndpointPlatform platform = cloud.open()) {
      platform
          .rollOut(BLUE, GREEN, day, seeing(() -> observed(7, 0)))
          .onProgress(event -> events.add(event.message()))
          .await(LIMIT);
    }
    assertThat(events.stream().filter(event -> event.startsWith("at 5%"))).hasSizeBetween(10, 13);
  }
}
