package io.fairlead.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
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
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.grammar.Version;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Rollouts on their worst nights. */
class RolloutsTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Endpoint BLUE = endpoint("blue", "mem:one");
  private static final Endpoint GREEN = endpoint("green", "mem:two");
  private static final Endpoint RED = endpoint("red", "mem:three");
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
    deploy(BLUE, GREEN);
  }

  private void deploy(Endpoint... endpoints) {
    try (EndpointPlatform platform = cloud.open()) {
      for (Endpoint each : endpoints) {
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
            + "Rolled back: bert/green to 0%, its mark on the platform.");
    assertThat(weights()).isEqualTo(Traffic.allTo("blue"));

    try (EndpointPlatform platform = cloud.open()) {
      platform.undeploy(GREEN).await(LIMIT);
    }
    deployBoth();
    Faults always = Faults.failing("update rolled-back", denied);
    assertThat(refusal(always))
        .hasMessageEndingWith(
            "Rolled back: bert/green to 0%. The rollback failed at its mark on the platform: "
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

  // ---- evidence that is not what it should be ----

  private static final Evidence GOOD = seeing(() -> observed(1_000, 0));
  private static final Evidence BAD = seeing(() -> observed(50, 50));

  @Test
  void anErrorOfTheEvidenceIsNoneOfTheRollout() {
    deployBoth();
    try (EndpointPlatform platform = cloud.open()) {
      ServingException failure = failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, seeing(() -> {
        throw new NoClassDefFoundError("acme/metrics/Client");
      })));

      assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
      assertThat(failure).hasMessageContaining("too little was seen");
      assertThat(failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, (variant, limits) -> {
            throw new NoClassDefFoundError("acme/metrics/Client");
          })))
          .hasMessageContaining("the evidence cannot be gathered")
          .hasMessageContaining("acme/metrics/Client");
      assertThat(weights()).isEqualTo(Traffic.allTo("blue"));
    }
  }

  @Test
  @SuppressWarnings("NullAway") // what an implementation in another language may do
  void noEvidenceAtAllIsNoneOfTheRollout() {
    deployBoth();
    try (EndpointPlatform platform = cloud.open()) {
      assertThat(failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, (variant, limits) -> () -> null)))
          .hasMessageContaining("too little was seen");
      assertThat(failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, (variant, limits) -> null)))
          .hasMessageContaining("too little was seen");
      assertThat(weights()).isEqualTo(Traffic.allTo("blue"));
    }
  }

  @Test
  void anInterruptThatTheEvidenceLeavesBehindStopsNothing() {
    deployBoth();
    try (EndpointPlatform platform = cloud.open()) {
      ServingException failure = failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, seeing(() -> {
        Thread.currentThread().interrupt();
        return observed(50, 50);
      })));

      assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
      assertThat(weights()).isEqualTo(Traffic.allTo("blue"));
    }
  }

  @Test
  void evidenceThatBlocksIsInterruptedByACancel() throws Exception {
    deployBoth();
    CountDownLatch asked = new CountDownLatch(1);
    try (EndpointPlatform platform = cloud.open()) {
      Operation<Version> operation = platform.rollOut(BLUE, GREEN, ROLLOUT, seeing(() -> {
        asked.countDown();
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
        return Observations.NONE;
      }));
      asked.await();

      assertThat(operation.cancel()).isTrue();

      assertThat(failureOf(operation).kind()).isEqualTo(ErrorKind.CANCELLED);
      assertThat(weights()).isEqualTo(Traffic.allTo("blue"));
    }
  }

  @Test
  void aWindowIsOpenedAgainWhereThatFailsForAPassingReason() {
    deployBoth();
    int[] opened = new int[1];
    try (EndpointPlatform platform = cloud.open()) {
      Version promoted = platform
          .rollOut(BLUE, GREEN, ROLLOUT, (variant, limits) -> {
            if (++opened[0] == 2) {
              throw new ServingException(MemoryCloud.ID, ErrorKind.THROTTLED, "Too many.");
            }
            return GOOD.open(variant, limits);
          })
          .await(LIMIT);

      assertThat(promoted).isEqualTo(GREEN.at(100));
      assertThat(opened[0]).isEqualTo(3);
    }
  }

  /** Evidence whose windows note what the weights are when they are closed. */
  private Evidence closing(Supplier<Observations> eachLook, List<Object> weightsAtClose) {
    return (variant, limits) -> {
      Evidence.Window window = seeing(eachLook).open(variant, limits);
      return new Evidence.Window() {
        @Override
        public Observations seen() {
          return window.seen();
        }

        @Override
        public void close() {
          weightsAtClose.add(weights());
          throw new IllegalStateException("flush failed");
        }
      };
    };
  }

  @Test
  void windowsAreClosedAfterTheRequestsAreTakenAndWhatTheyThrowIsOnlyTold() {
    deployBoth();
    List<Object> weightsAtClose = new ArrayList<>();
    List<String> events = new ArrayList<>();
    try (EndpointPlatform platform = cloud.open()) {
      platform
          .rollOut(BLUE, GREEN, ROLLOUT, closing(() -> observed(1_000, 0), weightsAtClose))
          .onProgress(event -> events.add(event.message()))
          .await(LIMIT);
      assertThat(weightsAtClose)
          .containsExactly(new Traffic(Map.of("blue", 95, "green", 5)), Traffic.allTo("green"));
      assertThat(events).anyMatch(event -> event.contains("flush failed"));

      weightsAtClose.clear();
      ServingException failure = failureOf(
          platform.rollOut(BLUE, GREEN, ROLLOUT, closing(() -> observed(50, 50), weightsAtClose)));
      assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
      assertThat(weightsAtClose).containsExactly(Traffic.allTo("blue"));
    }
  }

  @Test
  void eachGuardHasToPassAndSlowRequestsAreAskedAbout() {
    deployBoth();
    Duration slow = Duration.ofMillis(800);
    Rollout both = Rollout.guardedBy(Guard.maxFailures(0.02), Guard.maxSlower(0.05, slow))
        .step(5, Duration.ofMinutes(1));
    Evidence slowOnes = (variant, limits) -> {
      assertThat(limits).containsExactly(slow);
      long[] requests = new long[1];
      return () -> {
        requests[0] += 100;
        return new Observations(requests[0], 0, new TreeMap<>(Map.of(slow, requests[0] / 2)));
      };
    };
    try (EndpointPlatform platform = cloud.open()) {
      assertThat(failureOf(platform.rollOut(BLUE, GREEN, both, slowOnes)))
          .hasMessageContaining(
              "50 of 100 requests took longer than 800 ms (50%), where at most 5% may");
      assertThat(weights()).isEqualTo(Traffic.allTo("blue"));
    }
  }

  @Test
  void aRolloutOfDaysTellsLittleThroughAnOutage() {
    deployBoth();
    List<String> events = new ArrayList<>();
    Rollout days = Rollout.guardedBy(Guard.maxFailures(0.02)).step(5, Duration.ofDays(3));
    Rollout patient = Rollout.guardedBy(Guard.maxFailures(0.02))
        .step(5, Duration.ofMinutes(1))
        .withPatience(Duration.ofDays(3));
    try (EndpointPlatform platform = cloud.open()) {
      assertThat(failureOf(platform
              .rollOut(BLUE, GREEN, days, seeing(() -> {
                throw new IllegalStateException("no metrics");
              }))
              .onProgress(event -> events.add(event.message()))))
          .isNotNull();
      assertThat(failureOf(platform
              .rollOut(BLUE, GREEN, patient, seeing(() -> Observations.NONE))
              .onProgress(event -> events.add(event.message()))))
          .isNotNull();
    }
    assertThat(events).hasSizeLessThan(300);
  }

  // ---- what was begun is ended ----

  /** The end of a process, right after it has marked what it refuses. */
  private void refuseAndDie(Runnable before) {
    Faults killed = Faults.after("update rolled-back", () -> {
      throw new OutOfMemoryError("the process ends");
    });
    try (EndpointPlatform platform = cloud.open(killed)) {
      Operation<Version> dying = platform.rollOut(BLUE, GREEN, ROLLOUT, seeing(() -> {
        before.run();
        return observed(50, 50);
      }));
      assertThat(catchThrowable(() -> dying.await(LIMIT))).isNotNull();
    }
    assertThat(((Traffic) weights()).of("green")).isEqualTo(5);
  }

  @Test
  void aRollbackThatDiedIsFinishedWhateverStateTheCandidateIsIn() {
    deployBoth();
    refuseAndDie(() -> cloud.breakDown("variant", "bert/green", "out of memory"));
    try (EndpointPlatform platform = cloud.open()) {
      ServingException again = failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, GOOD));

      assertThat(again.kind()).isEqualTo(ErrorKind.CONFLICT);
      assertThat(again)
          .hasMessageContaining("bert/green was rolled back before")
          .hasMessageEndingWith("Rolled back: bert/green to 0%, its mark on the platform.");
      assertThat(weights()).isEqualTo(Traffic.allTo("blue"));
    }
  }

  @Test
  void aRollbackThatDiedIsFinishedWhateverOthersHaveAndWhateverTheRolloutIs() {
    deploy(BLUE, GREEN, RED);
    refuseAndDie(() -> {});
    Rollout smaller = Rollout.guardedBy(Guard.maxFailures(0.02)).step(1, Duration.ofMinutes(10));
    try (EndpointPlatform platform = cloud.open()) {
      platform.route(BLUE.at(95), RED.at(0), TrafficWeight.percent(10)).await(LIMIT);

      assertThat(failureOf(platform.rollOut(BLUE, GREEN, smaller, GOOD)).kind())
          .isEqualTo(ErrorKind.CONFLICT);

      assertThat(weights()).isEqualTo(new Traffic(Map.of("blue", 90, "red", 10)));
    }
  }

  @Test
  void onceMoreFinishesARollbackBeforeItBeginsAndKeepsTheMarkUntilAStepIsPassed() {
    deployBoth();
    refuseAndDie(() -> {});
    Object marked = cloud.truth("rolled-back", "bert").orElseThrow();
    try (EndpointPlatform platform = cloud.open()) {
      assertThat(failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT.onceMore(), (variant, limits) -> {
            assertThat(weights()).isEqualTo(Traffic.allTo("blue"));
            throw new IllegalArgumentException("no such metric");
          })))
          .hasMessageContaining("no such metric");
      assertThat(cloud.truth("rolled-back", "bert")).contains(marked);

      platform.rollOut(BLUE, GREEN, ROLLOUT.onceMore(), GOOD).await(LIMIT);
      assertThat(cloud.truth("rolled-back", "bert")).contains(RolledBack.NONE);
    }
  }

  @Test
  void whatAnotherProcessHasRolledBackIsNotPromoted() {
    deployBoth();
    AtomicBoolean once = new AtomicBoolean();
    Evidence good = seeing(() -> {
      if (once.compareAndSet(false, true)) {
        refuseAndDie(() -> {});
      }
      return observed(1_000, 0);
    });
    try (EndpointPlatform platform = cloud.open()) {
      assertThat(failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, good)))
          .hasMessageContaining("was rolled back by another process meanwhile");
      assertThat(weights()).isEqualTo(Traffic.allTo("blue"));
    }
  }

  @Test
  void whatSomebodyRoutesToARolledBackVersionByHandStays() {
    deployBoth();
    try (EndpointPlatform platform = cloud.open()) {
      assertThat(failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, BAD))).isNotNull();
      platform.route(BLUE.at(100), GREEN.at(0), TrafficWeight.ALL).await(LIMIT);

      assertThat(failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, GOOD)).kind())
          .isEqualTo(ErrorKind.CONFLICT);

      assertThat(weights()).isEqualTo(Traffic.allTo("green"));
    }
  }

  @Test
  void whatIsRoutedByHandStaysAlsoIfTheRollbackWasNotMarkedAsDoneAtFirst() {
    deployBoth();
    refuseAndDie(() -> {});
    try (EndpointPlatform platform = cloud.open()) {
      // As if it had died a moment later, before it could mark the rollback as done.
      platform.route(BLUE.at(95), GREEN.at(5), TrafficWeight.NONE).await(LIMIT);
      assertThat(failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, GOOD))).isNotNull();
      platform.route(BLUE.at(100), GREEN.at(0), TrafficWeight.percent(40)).await(LIMIT);

      assertThat(failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, GOOD)).kind())
          .isEqualTo(ErrorKind.CONFLICT);

      assertThat(weights()).isEqualTo(new Traffic(Map.of("blue", 60, "green", 40)));
    }
  }

  @Test
  void theSameRolloutAgainTakesNothingFromAVersionOfWhichNothingIsSeen() {
    deployBoth();
    try (EndpointPlatform platform = cloud.open()) {
      platform.rollOut(BLUE, GREEN, ROLLOUT, GOOD).await(LIMIT);

      ServingException nothing =
          failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, seeing(() -> Observations.NONE)));

      assertThat(nothing).hasMessageContaining("It keeps its weight");
      assertThat(weights()).isEqualTo(Traffic.allTo("green"));
    }
  }

  @Test
  void aCancelDoesNotGiveARefusedVersionItsWeightBack() throws Exception {
    deployBoth();
    CompletableFuture<Operation<Version>> begun = new CompletableFuture<>();
    try (EndpointPlatform platform = cloud.open()) {
      platform.route(BLUE.at(100), GREEN.at(0), TrafficWeight.ALL).await(LIMIT);
      begun.complete(platform.rollOut(BLUE, GREEN, ROLLOUT, seeing(() -> {
        begun.join().cancel();
        return observed(50, 50);
      })));

      assertThat(failureOf(begun.get()).kind()).isEqualTo(ErrorKind.CANCELLED);

      assertThat(weights()).isEqualTo(Traffic.allTo("blue"));
    }
  }

  @Test
  void requestsAreTakenWhileAnotherOperationOnTheNameIsInProgress() throws Exception {
    deployBoth();
    CountDownLatch deploying = new CountDownLatch(1);
    CountDownLatch slow = new CountDownLatch(1);
    Faults faults = Faults.before("create variant bert/red", () -> {
      deploying.countDown();
      try {
        slow.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
    try (EndpointPlatform platform = cloud.open(faults, builder -> builder)) {
      AtomicReference<Operation<Endpoint>> red = new AtomicReference<>();
      ServingException failure = failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, seeing(() -> {
        if (red.get() == null) {
          red.set(platform.deploy(RED.container(), RED.scaling(), RED.routing()));
        }
        try {
          deploying.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
        return observed(50, 50);
      })));

      assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
      assertThat(weights()).isEqualTo(Traffic.allTo("blue"));
      assertThat(red.get().status().state().isFinal()).isFalse();
      slow.countDown();
      red.get().await(LIMIT);
    }
  }

  @Test
  void credentialsThatExpireAndAnOutageOfHoursDoNotEndTheWayBack() {
    deployBoth();
    for (ErrorKind kind : List.of(ErrorKind.UNAUTHORIZED, ErrorKind.UNAVAILABLE)) {
      ServingException refusal = new ServingException(MemoryCloud.ID, kind, "Not now.");
      AtomicBoolean refusing = new AtomicBoolean();
      MemoryCloud other = cloud.copy(time, () -> {
        if (refusing.get()) {
          throw refusal;
        }
      });
      try (EndpointPlatform platform = other.open()) {
        assertThat(failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, seeing(() -> {
                  refusing.set(true);
                  time.in(Duration.ofHours(3), () -> refusing.set(false));
                  return observed(50, 50);
                })))
                .kind())
            .isEqualTo(ErrorKind.MODEL_FAILED);
        assertThat(other.truth("traffic", "bert")).contains(Traffic.allTo("blue"));
      }
    }
  }

  // ---- others, between two looks ----

  @Test
  void somebodyElseMayChangeTheTrafficJustBeforeAMove() {
    deployBoth();
    try (EndpointPlatform platform = cloud.open();
        EndpointPlatform other = cloud.open()) {
      int[] opened = new int[1];
      ServingException conflict =
          failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, (variant, limits) -> {
            if (++opened[0] == 2) {
              other.route(BLUE.at(95), GREEN.at(5), TrafficWeight.percent(40)).await(LIMIT);
            }
            return GOOD.open(variant, limits);
          }));

      assertThat(conflict.kind()).isEqualTo(ErrorKind.CONFLICT);
      assertThat(conflict)
          .hasMessageContaining("bert/green has 40% by now. It stays as it is")
          .hasMessageNotContaining("rollback");
      assertThat(weights()).isEqualTo(new Traffic(Map.of("blue", 60, "green", 40)));
    }
  }

  @Test
  void aCandidateThatSomebodyUndeploysEndsTheRollout() {
    deployBoth();
    try (EndpointPlatform platform = cloud.open();
        EndpointPlatform other = cloud.open()) {
      ServingException conflict = failureOf(platform.rollOut(BLUE, GREEN, ROLLOUT, seeing(() -> {
        other.undeploy(GREEN).await(LIMIT);
        return observed(1_000, 0);
      })));

      assertThat(conflict.kind()).isEqualTo(ErrorKind.CONFLICT);
      assertThat(conflict).hasMessageContaining("bert/green is not deployed");
      assertThat(weights()).isEqualTo(Traffic.allTo("blue"));
    }
  }

  @Test
  void aGoodCandidateWhoseWeightCannotBeReadAtTheEndIsNotSaidToBeUnseen() {
    deployBoth();
    Rollout minute = Rollout.guardedBy(Guard.maxFailures(0.02))
        .step(5, Duration.ofMinutes(1))
        .withPatience(Duration.ZERO);
    Duration begin = time.elapsed();
    try (EndpointPlatform platform = cloud.open()) {
      Version promoted = platform
          .rollOut(BLUE, GREEN, minute, seeing(() -> {
            if (!isDown && time.elapsed().minus(begin).compareTo(Duration.ofMinutes(1)) >= 0) {
              isDown = true;
              time.in(Duration.ofMinutes(10), () -> isDown = false);
            }
            return observed(1_000, 0);
          }))
          .await(LIMIT);

      assertThat(promoted).isEqualTo(GREEN.at(5));
    }
  }

  @Test
  void aStepIsNotOverBeforeItsWeightIsSeen() {
    deployBoth();
    Rollout minute = Rollout.guardedBy(Guard.maxFailures(0.02)).step(5, Duration.ofMinutes(1));
    Duration begin = time.elapsed();
    try (EndpointPlatform platform = cloud.open()) {
      ServingException conflict = failureOf(platform.rollOut(BLUE, GREEN, minute, seeing(() -> {
        if (!isDown && time.elapsed().minus(begin).compareTo(Duration.ofMinutes(1)) >= 0) {
          isDown = true;
          cloud.tamper("traffic", "bert", new Traffic(Map.of("blue", 60, "green", 40)));
          time.in(Duration.ofMinutes(10), () -> isDown = false);
        }
        return observed(1_000, 0);
      })));

      assertThat(conflict).hasMessageContaining("bert/green has 40% by now");
      assertThat(weights()).isEqualTo(new Traffic(Map.of("blue", 60, "green", 40)));
    }
  }

  // ---- looking before ----

  @Test
  void aPreviewPlansTheStepsThatAreLeftAndThatItIsRefused() {
    deployBoth();
    Rollout three = Rollout.guardedBy(Guard.maxFailures(0.02))
        .step(5, Duration.ZERO)
        .step(25, Duration.ZERO)
        .step(100, Duration.ZERO);
    try (EndpointPlatform platform = cloud.open()) {
      platform.route(BLUE.at(95), GREEN.at(0), TrafficWeight.percent(25)).await(LIMIT);
      assertThat(platform.preview(p -> p.rollOut(BLUE, GREEN, three, GOOD)).toString())
          .contains("{blue=75, green=25} -> {green=100}")
          .doesNotContain("green=5}");

      assertThat(failureOf(platform.rollOut(BLUE, GREEN, three, BAD))).isNotNull();
      Plan refused = platform.preview(p -> p.rollOut(BLUE, GREEN, three, GOOD));
      assertThat(refused.toString())
          .containsIgnoringCase("refuse")
          .contains("bert/green was rolled back before");
    }
  }

  // ---- the mark ----

  @Test
  void theMarkKeepsTheLatestNine() {
    RolledBack mark = RolledBack.NONE;
    for (int i = 0; i < 12; i++) {
      String version = RolledBack.version("v" + i, Optional.of("run"));
      mark = new RolledBack.With(version, RolledBack.State.PENDING).from(Optional.of(mark));
      mark = new RolledBack.With(version, RolledBack.State.DONE).from(Optional.of(mark));
      assertThat(mark.of(version)).isEqualTo(RolledBack.State.DONE);
    }
    assertThat(mark.note()).hasSize(63);
    assertThat(mark.of(RolledBack.version("v2", Optional.of("run"))))
        .isEqualTo(RolledBack.State.NONE);
    assertThat(mark.of(RolledBack.version("v3", Optional.of("run"))))
        .isEqualTo(RolledBack.State.DONE);
    assertThat(RolledBack.ofTag(Optional.of("somebody's"))).isEqualTo(RolledBack.NONE);
    assertThat(RolledBack.ofTag(Optional.of(mark.note()))).isEqualTo(mark);
  }

  @Test
  void aMoveExpectsAWeight() {
    TrafficChange.Move move = new TrafficChange.Move("blue", "green", Set.of(5, 25), 25);

    assertThat(move.from(Optional.of(new Traffic(Map.of("blue", 95, "green", 5)))))
        .isEqualTo(new Traffic(Map.of("blue", 75, "green", 25)));
    assertThatThrownBy(() -> move.from(Optional.of(new Traffic(Map.of("blue", 60, "green", 40)))))
        .hasMessageContaining(
            "green must have the weight that its rollout gave it, 5 or 25: somebody else has changed it (got 40)");
  }
}
