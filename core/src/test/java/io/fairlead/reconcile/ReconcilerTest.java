package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.Faults;
import io.fairlead.contract.Faults.Fault;
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
import io.fairlead.operation.Operation;
import io.fairlead.operation.OperationStatus.State;
import io.fairlead.operation.Plan;
import io.fairlead.operation.Plan.Action;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.ManagedResource;
import io.fairlead.provider.Fingerprint;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.reconcile.MemoryCloud.Way;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The bad days, on clouds that have them. */
class ReconcilerTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Container ONE = container("one");
  private static final Container TWO = container("two");

  private final VirtualTime time = new VirtualTime();

  // ---- failures of the cloud ----

  @ParameterizedTest
  @EnumSource(
      value = Way.class,
      names = {"POLLED", "OPERATIONS"})
  void aContainerThatDoesNotStartIsToldWithItsReasonAndTakenBack(Way way) {
    MemoryCloud cloud = new MemoryCloud(time, way);
    EndpointPlatform platform = cloud.open();
    deploy(platform, ONE, "small", "blue");

    ServingException failure = fails(() -> deploy(platform, TWO, "crashes", "green"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure)
        .hasMessageContaining("deploy bert/green on memory failed at variant bert/green")
        .hasMessageContaining("no module named torch")
        .hasMessageContaining("Rolled back:")
        .hasMessageContaining("Nothing created by this operation remains");
    assertThat(cloud.remains()).doesNotContain("variant bert/green").contains("variant bert/blue");
    assertThat(cloud.truth("traffic", "bert")).contains(Traffic.allTo("blue"));
  }

  @Test
  void whatAFailedDeployMadeIsTakenBackToTheLastPieceAndWhatWasGivenStays() {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED);
    EndpointPlatform platform = cloud.open();

    ServingException failure = fails(() -> platform
        .deploy(ONE, Scaling.between("no-capacity", 1, 3), new Routing("bert", "blue"))
        .await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.QUOTA);
    assertThat(failure)
        .hasMessageContaining("no instances of type no-capacity left")
        .hasMessageContaining("more quota")
        .hasMessageContaining("Rolled back: name bert, model m-");
    assertThat(cloud.remains()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = Way.class,
      names = {"POLLED", "OPERATIONS"})
  void aChangeThatTheCloudTakesBackIsAFailureAlthoughTheThingIsReady(Way way) {
    MemoryCloud cloud = new MemoryCloud(time, way);
    EndpointPlatform platform = cloud.open();
    Endpoint blue = deploy(platform, ONE, "small", "blue");

    ServingException failure =
        fails(() -> platform.scale(blue, Scaling.fixed("rolls-back", 2)).await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure).hasMessageContaining("did not pass the health check");
    assertThat(cloud.truth("variant", "bert/blue"))
        .contains(new MemoryCloud.Variant(modelOf(ONE), "small", 1));
  }

  @Test
  void aChangeThatIsTakenBackWithoutAWordIsAFailureAllTheSame() {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED, Way.SILENT, Way.EVENTUAL);
    EndpointPlatform platform = cloud.open();
    Endpoint blue = deploy(platform, ONE, "small", "blue");

    ServingException failure =
        fails(() -> platform.scale(blue, Scaling.fixed("rolls-back", 2)).await(LIMIT));

    assertThat(failure)
        .hasMessageContaining("rolled the change back")
        .hasMessageContaining("gives no reason");
  }

  @Test
  void whatChangesLeaveBehindIsRemovedWhenTheyHaveEndedHoweverTheyEnd() {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED);
    EndpointPlatform platform = cloud.open();

    Endpoint blue = deploy(platform, ONE, "small", "blue");
    assertThat(cloud.tidied()).containsExactly("bert/blue is there");

    deploy(platform, ONE, "small", "blue");
    assertThat(cloud.tidied()).as("nothing was changed").hasSize(1);

    fails(() -> platform.scale(blue, Scaling.fixed("rolls-back", 2)).await(LIMIT));
    assertThat(cloud.tidied()).endsWith("bert/blue is there").hasSize(2);

    fails(() -> deploy(platform, TWO, "crashes", "green"));
    assertThat(cloud.tidied()).endsWith("bert/green is gone");

    platform.undeploy(blue).await(LIMIT);
    assertThat(cloud.tidied()).endsWith("bert/blue is gone");
    int sofar = cloud.tidied().size();
    platform.undeploy(blue).await(LIMIT);
    assertThat(cloud.tidied()).as("a process that died may have left something").hasSize(sofar + 1);
  }

  @Test
  void whatARefusedCallLeftBehindIsRemovedToo() {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED);
    Faults denied = Faults.at(MemoryCloud.ID, 0, Fault.DENIED);
    EndpointPlatform counting = cloud.open(denied);
    deploy(counting, ONE, "small", "blue");
    int creating = denied.calls().indexOf("create variant bert/blue") + 1;
    MemoryCloud refusing = new MemoryCloud(time, Way.POLLED);

    fails(() -> deploy(
        refusing.open(Faults.at(MemoryCloud.ID, creating, Fault.DENIED)), ONE, "small", "blue"));

    assertThat(refusing.tidied()).containsExactly("bert/blue is gone");
  }

  @ParameterizedTest
  @EnumSource(
      value = Way.class,
      names = {"POLLED", "REVISIONS"})
  void aThingOfOursThatFailedLongAgoIsMadeAnew(Way way) {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED, way);
    // The process died while the container was starting, so nobody took the failure back.
    Throwable killed = catchThrowable(() -> deploy(
        cloud.open(Faults.at(MemoryCloud.ID, 12, Fault.KILLED_AFTER)), ONE, "crashes", "blue"));
    assertThat(killed).isInstanceOf(Error.class);
    time.pass(Duration.ofHours(3));
    EndpointPlatform platform = cloud.open();
    assertThat(platform.list())
        .singleElement()
        .satisfies(failed -> assertThat(failed.detail()).contains("no module named torch"));
    assertThat(platform.orphans()).isNotEmpty();

    Plan plan = platform.preview(
        p -> p.deploy(ONE, Scaling.fixed("small", 1), new Routing("bert", "blue")));
    Endpoint blue = deploy(platform, ONE, "small", "blue");

    assertThat(plan.changes()).anyMatch(change -> change.action() == Action.REPLACE);
    assertThat(platform.invoke(blue, io.fairlead.platform.Request.json("{}")).variant())
        .contains("blue");
  }

  @ParameterizedTest
  @ValueSource(strings = {"name bert", "variant bert/blue", "autoscale bert/blue"})
  void aForeignThingUnderTheNameIsRefusedAndNeverTouched(String foreign) {
    MemoryCloud cloud = new MemoryCloud(time);
    String kind = foreign.substring(0, foreign.indexOf(' '));
    String name = foreign.substring(foreign.indexOf(' ') + 1);
    Object theirs = switch (kind) {
      case "name" -> new MemoryCloud.Name("theirs");
      case "variant" -> new MemoryCloud.Variant("theirs", "small", 1);
      default -> new MemoryCloud.Autoscale(1, 2, "theirs");
    };
    cloud.putForeign(kind, name, theirs);
    EndpointPlatform platform = cloud.open();
    Endpoint blue = new Endpoint(ONE, Scaling.between("small", 1, 3), new Routing("bert", "blue"));

    ServingException refusal =
        fails(() -> platform.deploy(ONE, blue.scaling(), blue.routing()).await(LIMIT));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.ALREADY_EXISTS);
    assertThat(refusal).hasMessageContaining(foreign).hasMessageContaining("choose another name");
    assertThat(cloud.remains()).containsExactly(foreign);
    Throwable undeploying = catchThrowable(() -> platform.undeploy(blue).await(LIMIT));
    assertThat(undeploying == null)
        .as("a foreign name or part is left untouched, a foreign variant is refused")
        .isEqualTo(!kind.equals("variant"));
    platform.sweep(Duration.ZERO).await(LIMIT);
    assertThat(cloud.truth(kind, name)).contains(theirs);
  }

  @Test
  void aNameThatIsTakenWhereItCannotBeReadIsSaidToBe() {
    ResourceKind<String> hidden = new FakeKind() {
      @Override
      public Observed<String> read(String name, Look look) {
        return Observed.absent();
      }

      @Override
      public Accepted create(String name, String desired, OwnerTag mark) {
        throw new ServingException(
            "fake", ErrorKind.ALREADY_EXISTS, "the name is in use in this region");
      }
    };

    ServingException failure = fails(() -> run(hidden).await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.ALREADY_EXISTS);
    assertThat(failure)
        .hasMessageContaining("cannot be read")
        .hasMessageContaining("the name is in use in this region");
  }

  @Test
  void somethingNeededThatDoesNotShowYetIsWaitedForAndTheWalkBegunAnew() {
    FakeKind late = new FakeKind() {
      private int tries;

      @Override
      public Accepted create(String name, String desired, OwnerTag mark) {
        if (++tries <= 2) {
          throw new ServingException("fake", ErrorKind.NOT_FOUND, "could not find model x");
        }
        return super.create(name, desired, mark);
      }
    };

    run(late).await(LIMIT);

    assertThat(late.value).contains("x");
  }

  @Test
  void somethingNeededThatNeverShowsIsAFailureThatNamesIt() {
    ResourceKind<String> never = new FakeKind() {
      @Override
      public Accepted create(String name, String desired, OwnerTag mark) {
        throw new ServingException("fake", ErrorKind.NOT_FOUND, "could not find model x");
      }
    };
    Duration begin = time.elapsed();

    ServingException failure = fails(() -> run(never).await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failure).hasMessageContaining("could not find model x");
    assertThat(time.elapsed().minus(begin)).isBetween(Duration.ofMinutes(2), Duration.ofMinutes(3));
  }

  @Test
  void anUnexpectedExceptionOfAProviderIsAFailureWithItsCauseAndIsUndoneToo() {
    IllegalStateException bug = new IllegalStateException("a provider's bug");
    ResourceKind<String> buggy = new FakeKind() {
      @Override
      public Observed<String> read(String name, Look look) {
        throw bug;
      }
    };

    ServingException failure = fails(() -> run(buggy).await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNKNOWN);
    assertThat(failure).hasMessageContaining("a provider's bug").hasRootCause(bug);
  }

  @Test
  void whatCannotBeTakenBackIsNamed() {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED);
    EndpointPlatform clean = cloud.open();
    int calls = 20;
    EndpointPlatform platform = cloud.open(Faults.from(MemoryCloud.ID, calls, Fault.DENIED));

    ServingException failure = fails(() -> deploy(platform, ONE, "small", "blue"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure)
        .hasMessageContaining("Left behind: variant bert/blue")
        .hasMessageContaining("undeploy bert/blue")
        .hasMessageContaining("credentials");
    assertThat(failure.getSuppressed()).isNotEmpty();
    assertThat(failure.getStackTrace())
        .as("the line that waited")
        .anyMatch(frame -> frame.getMethodName().equals("whatCannotBeTakenBackIsNamed")
            || frame.getMethodName().contains("lambda$whatCannotBeTakenBackIsNamed"));
    assertThat(failure.getCause()).isInstanceOf(ServingException.class);
    clean
        .undeploy(new Endpoint(ONE, Scaling.fixed("small", 1), new Routing("bert", "blue")))
        .await(LIMIT);
    assertThat(cloud.remains()).isEmpty();
  }

  @Test
  void whatThisRunMadeAndSomebodyChangedSinceStaysAndIsNamed() {
    MemoryCloud cloud = new MemoryCloud(time);
    MemoryCloud.Name theirs = new MemoryCloud.Name("bert, with its requests logged");
    Faults faults = Faults.before("create variant", () -> cloud.tamper("name", "bert", theirs));

    ServingException failure = fails(() -> deploy(cloud.open(faults), ONE, "no-capacity", "blue"));

    assertThat(failure)
        .hasMessageContaining("Left behind: name bert (it was changed by another process")
        .message()
        .doesNotContain("Nothing created by this operation remains");
    assertThat(cloud.truth("name", "bert")).contains(theirs);
    assertThat(cloud.remains()).containsExactly("name bert");
  }

  @Test
  void somethingThatIsReportedAsMadeAndNeverShowsIsMadeThreeTimesAtMost() {
    AtomicInteger creations = new AtomicInteger();
    FakeKind neverVisible = new FakeKind() {
      @Override
      public Observed<String> read(String name, Look look) {
        return Observed.absent();
      }

      @Override
      public Accepted create(String name, String desired, OwnerTag mark) {
        creations.incrementAndGet();
        return Accepted.as("op");
      }

      @Override
      public Outcome poll(String operation) {
        return Outcome.succeeded();
      }
    };

    ServingException failure = fails(() -> run(neverVisible).await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNKNOWN);
    assertThat(failure)
        .hasMessageContaining("fake thing: it was created 3 times")
        .hasMessageContaining("check it in the platform's console");
    assertThat(creations).hasValue(3);
  }

  @Test
  void anOperationThatFailsEachTimeForAReasonThatPassesIsGivenUpWithThatReason() {
    AtomicInteger creations = new AtomicInteger();
    FakeKind canceled = new FakeKind() {
      @Override
      public Observed<String> read(String name, Look look) {
        return Observed.absent();
      }

      @Override
      public Accepted create(String name, String desired, OwnerTag mark) {
        creations.incrementAndGet();
        return Accepted.as("op");
      }

      @Override
      public Outcome poll(String operation) {
        return Outcome.failed(new ServingException(
            "fake", ErrorKind.UNAVAILABLE, "canceled by one of a higher priority"));
      }
    };

    ServingException failure = fails(() -> run(canceled).await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure).hasMessageContaining("canceled by one of a higher priority");
    assertThat(creations).hasValue(5);
  }

  @Test
  void aThrottleAtEveryCallOnlyTakesLonger() {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED, Way.EVENTUAL);
    EndpointPlatform platform = cloud.open(Faults.once(MemoryCloud.ID, Fault.THROTTLED));

    Endpoint blue = deploy(platform, ONE, "small", "blue");
    Endpoint green = deploy(platform, TWO, "small", "green");
    platform.route(blue.at(100), green.at(0), TrafficWeight.percent(10)).await(LIMIT);
    platform.undeploy(green).await(LIMIT);
    platform.undeploy(blue).await(LIMIT);

    assertThat(cloud.remains()).isEmpty();
  }

  @Test
  void aCloudThatNeverAnswersIsGivenUpAfterTheAttemptsOfThePolicyAndSaidToBe() {
    Faults dead = Faults.from(MemoryCloud.ID, 1, Fault.UNAVAILABLE);
    EndpointPlatform platform = new MemoryCloud(time).open(dead);

    ServingException failure = fails(() -> deploy(platform, ONE, "small", "blue"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure.retryable()).isTrue();
    assertThat(failure)
        .hasMessageContaining("service unavailable")
        .hasMessageContaining("Retry when the platform answers");
    assertThat(dead.calls()).hasSize(RetryPolicy.DEFAULT.attempts());
  }

  @Test
  void aPauseThatTheCloudAsksForIsKept() {
    Duration asked = Duration.ofSeconds(77);
    AtomicReference<Duration> refusedAt = new AtomicReference<>();
    AtomicReference<Duration> waited = new AtomicReference<>();
    ResourceKind<String> busy = new FakeKind() {
      @Override
      public Observed<String> read(String name, Look look) {
        if (refusedAt.compareAndSet(null, time.elapsed())) {
          throw ServingException.builder("fake", ErrorKind.THROTTLED, "slow down")
              .retryAfter(asked)
              .build();
        }
        waited.compareAndSet(null, time.elapsed().minus(refusedAt.get()));
        return Observed.ready("x");
      }
    };

    run(busy).await(LIMIT);

    assertThat(waited.get()).isEqualTo(asked);
  }

  @Test
  void aPauseThatTheCloudAsksForWhenAPollIsRefusedIsKept() {
    Duration asked = Duration.ofSeconds(77);
    AtomicReference<Duration> refusedAt = new AtomicReference<>();
    AtomicReference<Duration> waited = new AtomicReference<>();
    FakeKind busy = new FakeKind() {
      @Override
      public Accepted create(String name, String desired, OwnerTag mark) {
        super.create(name, desired, mark);
        return Accepted.as("op");
      }

      @Override
      public Outcome poll(String operation) {
        if (refusedAt.compareAndSet(null, time.elapsed())) {
          throw ServingException.builder("fake", ErrorKind.THROTTLED, "slow down")
              .retryAfter(asked)
              .build();
        }
        waited.compareAndSet(null, time.elapsed().minus(refusedAt.get()));
        return Outcome.succeeded();
      }
    };

    run(busy).await(LIMIT);

    assertThat(waited.get()).isEqualTo(asked);
  }

  @Test
  void aDependencyThatIsGoneWhenItIsNeededIsMadeAgainOnce() {
    FakeKind model = new FakeKind("model");
    AtomicInteger operations = new AtomicInteger();
    FakeKind variant = new FakeKind("variant") {
      @Override
      public Accepted create(String name, String desired, OwnerTag mark) {
        if (operations.getAndIncrement() == 0) {
          // Another process sweeps what nothing uses yet.
          model.value = Optional.empty();
        }
        return Accepted.as("op");
      }

      @Override
      public Outcome poll(String operation) {
        if (model.value.isEmpty()) {
          return Outcome.failed(
              new ServingException("fake", ErrorKind.NOT_FOUND, "there is no such model"));
        }
        value = Optional.of("v");
        return Outcome.succeeded();
      }
    };

    Reconciler.builder("fake", List.of(model, variant))
        .time(time)
        .executor(Runnable::run)
        .build()
        .run(request(List.of(
            Resource.shared(model.id(), "model", "m"),
            Resource.variant(variant.id(), "thing", "v"))))
        .await(LIMIT);

    assertThat(model.value).isPresent();
    assertThat(operations).hasValue(2);
  }

  @Test
  void aDependencyThatNeverComesFailsTheRunByItsReason() {
    AtomicInteger operations = new AtomicInteger();
    FakeKind variant = new FakeKind("variant") {
      @Override
      public Accepted create(String name, String desired, OwnerTag mark) {
        operations.incrementAndGet();
        return Accepted.as("op");
      }

      @Override
      public Outcome poll(String operation) {
        return Outcome.failed(
            new ServingException("fake", ErrorKind.NOT_FOUND, "there is no such model"));
      }
    };

    ServingException failure = fails(() -> run(variant).await(LIMIT));

    assertThat(failure).hasMessageContaining("there is no such model");
    assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(operations).hasValue(2);
  }

  // ---- time ----

  @Test
  void aDeadlineThatPassesLeavesTheCloudAtWorkAndTheSameRunAgainResumes() {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED);
    EndpointPlatform hurried = cloud.open(
        Faults.none(), builder -> builder.executor(Runnable::run).limit(Duration.ofSeconds(10)));
    Faults counting = Faults.none();

    ServingException timeout = fails(() -> deploy(hurried, ONE, "small", "blue"));
    assertThat(timeout.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(timeout).hasMessageContaining("run the same operation again to resume");
    assertThat(cloud.remains()).contains("variant bert/blue");

    deploy(cloud.open(counting), ONE, "small", "blue");
    assertThat(counting.calls()).noneMatch(call -> call.startsWith("create"));
    assertThat(cloud.truth("traffic", "bert")).contains(Traffic.allTo("blue"));
  }

  @Test
  void somethingStuckIsGivenUpAtTheDeadline() {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED);
    EndpointPlatform platform = cloud.open();
    Duration begin = time.elapsed();

    ServingException timeout = fails(() -> deploy(platform, ONE, "stuck", "blue"));

    assertThat(timeout.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(time.elapsed().minus(begin)).isBetween(Duration.ofHours(1), Duration.ofMinutes(61));
  }

  @Test
  void aClockThatJumpsPastTheDeadlineLooksOnceMoreBeforeItGivesUp() {
    MemoryCloud cloud = new MemoryCloud(time, Way.OPERATIONS);
    time.in(Duration.ofSeconds(5), () -> time.jump(Duration.ofHours(9)));

    deploy(cloud.open(), ONE, "small", "blue");

    assertThat(cloud.truth("variant", "bert/blue")).isPresent();
  }

  @Test
  void aClockThatJumpsBackAndADateThatIsSetDoNotMatter() {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED);
    time.in(Duration.ofSeconds(5), () -> time.jump(Duration.ofSeconds(-3)));
    time.in(Duration.ofSeconds(6), () -> time.setDate(Instant.EPOCH));

    deploy(cloud.open(), ONE, "small", "blue");

    assertThat(cloud.truth("variant", "bert/blue")).isPresent();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 30, 120, 600, 2400})
  void readinessIsNoticedInTimeAndWithoutHammering(int seconds) {
    Duration ready = time.elapsed().plusSeconds(seconds);
    AtomicReference<Integer> polls = new AtomicReference<>(0);
    ResourceKind<String> slow = new FakeKind() {
      @Override
      public Observed<String> read(String name, Look look) {
        polls.updateAndGet(count -> count + 1);
        return time.elapsed().compareTo(ready) < 0 ? Observed.changing("") : Observed.ready("x");
      }
    };

    run(slow).await(LIMIT);

    Duration late = time.elapsed().minus(ready);
    assertThat(late).isLessThanOrEqualTo(Duration.ofMillis(Math.max(5000, seconds * 100)));
    assertThat(polls.get()).isLessThanOrEqualTo(25 + seconds / 3);
  }

  // ---- waiting and taking back ----

  @Test
  void aWaitThatEndsTooEarlyLeavesTheOperationAtWork() throws Exception {
    CountDownLatch allowed = new CountDownLatch(1);
    ResourceKind<String> waiting = new FakeKind() {
      @Override
      public Observed<String> read(String name, Look look) {
        awaitUninterruptibly(allowed);
        return Observed.ready("x");
      }
    };
    try (Reconciler reconciler = Reconciler.builder("fake", List.of(waiting)).build()) {
      Operation<String> operation = reconciler.run(walk(waiting));

      ServingException timeout = fails(() -> operation.await(Duration.ofMillis(1)));
      assertThat(timeout.kind()).isEqualTo(ErrorKind.TIMEOUT);
      assertThat(timeout).hasMessageContaining("goes on");
      assertThat(operation.status().state().isFinal()).isFalse();
      operation.toFuture().cancel(true);

      allowed.countDown();
      assertThat(operation.await(LIMIT)).isEqualTo("result");
      assertThat(operation.status().state()).isEqualTo(State.SUCCEEDED);
    }
  }

  @Test
  void anInterruptedWaiterKeepsItsFlagAndTheOperationGoesOn() {
    CountDownLatch allowed = new CountDownLatch(1);
    ResourceKind<String> waiting = new FakeKind() {
      @Override
      public Observed<String> read(String name, Look look) {
        awaitUninterruptibly(allowed);
        return Observed.ready("x");
      }
    };
    try (Reconciler reconciler = Reconciler.builder("fake", List.of(waiting)).build()) {
      Operation<String> operation = reconciler.run(walk(waiting));
      Thread.currentThread().interrupt();

      ServingException interrupted = fails(() -> operation.await(LIMIT));

      assertThat(Thread.interrupted()).isTrue();
      assertThat(interrupted.kind()).isEqualTo(ErrorKind.CANCELLED);
      allowed.countDown();
      assertThat(operation.await(LIMIT)).isEqualTo("result");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Way.class,
      names = {"POLLED", "OPERATIONS"})
  void aCancelledOperationTakesBackWhatItMade(Way way) {
    MemoryCloud cloud = new MemoryCloud(time, way);
    try (EndpointPlatform platform = cloud.open(Faults.none(), builder -> builder)) {
      CompletableFuture<Operation<Endpoint>> operation = new CompletableFuture<>();
      AtomicReference<Boolean> accepted = new AtomicReference<>();
      time.in(Duration.ofSeconds(10), () -> accepted.set(operation.join().cancel()));

      operation.complete(
          platform.deploy(ONE, Scaling.fixed("small", 1), new Routing("bert", "blue")));
      ServingException cancelled = fails(() -> operation.join().await(LIMIT));

      assertThat(accepted.get()).isTrue();
      assertThat(cancelled.kind()).isEqualTo(ErrorKind.CANCELLED);
      assertThat(cancelled)
          .hasMessageContaining("was cancelled")
          .hasMessageContaining("Rolled back");
      assertThat(operation.join().status().state()).isEqualTo(State.CANCELLED);
      assertThat(operation.join().cancel()).isFalse();
      assertThat(cloud.remains()).isEmpty();
    }
  }

  @Test
  void anOperationThatIsCancelledBeforeItsTurnDoesNothing() {
    CountDownLatch allowed = new CountDownLatch(1);
    FakeKind kind = new FakeKind() {
      @Override
      public Observed<String> read(String name, Look look) {
        awaitUninterruptibly(allowed);
        return super.read(name, look);
      }
    };
    try (Reconciler reconciler = Reconciler.builder("fake", List.of(kind)).build()) {
      Operation<String> first = reconciler.run(walk(kind));
      Operation<String> second = reconciler.run(walk(kind));
      assertThat(second.status().state()).isEqualTo(State.QUEUED);
      assertThat(second.cancel()).isTrue();
      allowed.countDown();

      first.await(LIMIT);
      ServingException cancelled = fails(() -> second.await(LIMIT));
      assertThat(cancelled).hasMessageContaining("Nothing created by this operation remains");
      assertThat(kind.value).contains("x");
    }
  }

  @Test
  void aPlatformThatIsClosedStopsItsOperationsWhereTheyAreAndTheSameRunAgainResumes() {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED);
    EndpointPlatform platform = cloud.open(Faults.none(), builder -> builder);
    ExecutorService closer = Executors.newSingleThreadExecutor();
    time.in(Duration.ofSeconds(10), () -> {
      CountDownLatch closing = new CountDownLatch(1);
      closer.execute(() -> {
        closing.countDown();
        platform.close();
      });
      awaitUninterruptibly(closing);
    });
    Operation<Endpoint> stuck =
        platform.deploy(ONE, Scaling.fixed("stuck", 1), new Routing("bert", "blue"));

    ServingException closed = fails(() -> stuck.await(LIMIT));
    closer.shutdown();

    assertThat(closed.kind()).isIn(ErrorKind.CANCELLED, ErrorKind.TIMEOUT);
    assertThat(closed).hasMessageContaining("run the same operation again");
    assertThat(cloud.remains()).contains("variant bert/blue");
  }

  @Test
  void aListenerThatFailsChangesNothingAndOneThatComesLateHearsEverything() {
    FakeKind kind = new FakeKind();
    Operation<String> operation = run(kind);
    List<String> heard = new java.util.ArrayList<>();

    operation
        .onProgress(event -> {
          throw new IllegalStateException("a listener's bug");
        })
        .onProgress(event -> heard.add(event.toString()));

    assertThat(operation.await(LIMIT)).isEqualTo("result");
    assertThat(heard).contains("[1/1] fake thing: creating", "[1/1] fake thing: ready");
  }

  // ---- others at the same resources ----

  @Test
  void aChangeBehindItsBackIsSeenAndTheirsStays() {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED);
    EndpointPlatform platform = cloud.open();
    MemoryCloud.Variant theirs = new MemoryCloud.Variant(modelOf(ONE), "large", 7);
    // After the variant is as it should be, and before the rule that belongs to it is made.
    Faults faults =
        Faults.before("create autoscale", () -> cloud.tamper("variant", "bert/blue", theirs));

    ServingException lost = fails(() -> cloud
        .open(faults)
        .deploy(ONE, Scaling.between("small", 1, 3), new Routing("bert", "blue"))
        .await(LIMIT));

    assertThat(lost.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(lost).hasMessageContaining("changed by another process meanwhile");
    assertThat(cloud.truth("variant", "bert/blue")).contains(theirs);
    assertThat(cloud.truth("autoscale", "bert/blue")).isEmpty();
    assertThat(platform.list()).hasSize(1);
  }

  @Test
  void aRunThatTookAVariantOverPutsBackWhatTheOtherTookAwayAtTheEnd() {
    MemoryCloud cloud = new MemoryCloud(time);
    EndpointPlatform platform = cloud.open();
    deploy(platform, ONE, "small", "blue");
    AtomicReference<Optional<Object>> taken = new AtomicReference<>(Optional.empty());
    // All is done and nobody waits any more, when the other's last call arrives.
    time.in(Duration.ofMillis(1), () -> {
      taken.set(cloud.truth("autoscale", "bert/blue"));
      cloud.vanish("autoscale", "bert/blue");
    });

    platform
        .deploy(ONE, Scaling.between("large", 2, 5), new Routing("bert", "blue"))
        .await(LIMIT);

    assertThat(taken.get()).isPresent();
    assertThat(cloud.truth("autoscale", "bert/blue")).isEqualTo(taken.get());
  }

  @Test
  void whatSomebodyElseMadeWhileAnAnswerWasLostIsNotTakenBack() {
    FakeKind contested = new FakeKind() {
      @Override
      public Observed<String> read(String name, Look look) {
        return value
            .map(there -> Observed.ready(there).madeBy("another-run"))
            .orElseGet(Observed::absent);
      }

      @Override
      public Accepted create(String name, String desired, OwnerTag mark) {
        value = Optional.of(desired);
        throw new ServingException("fake", ErrorKind.UNAVAILABLE, "the connection was cut");
      }
    };
    FakeKind refused = new FakeKind("refused") {
      @Override
      public Accepted create(String name, String desired, OwnerTag mark) {
        throw new ServingException("fake", ErrorKind.INVALID, "no");
      }
    };
    ReconcileRequest<String> request = request(List.of(
        Resource.part(contested.id(), "one", "x"), Resource.part(refused.id(), "two", "x")));

    ServingException failure = fails(() -> Reconciler.builder("fake", List.of(contested, refused))
        .time(time)
        .executor(Runnable::run)
        .build()
        .run(request)
        .await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(contested.value).contains("x");
  }

  @Test
  void whatALostAnswerMadeAndShowsOnlyLaterIsTakenBackAllTheSame() {
    FakeKind late = new FakeKind() {
      private Duration showsAt = Duration.ZERO;

      @Override
      public Observed<String> read(String name, Look look) {
        return time.elapsed().compareTo(showsAt) < 0 ? Observed.absent() : super.read(name, look);
      }

      @Override
      public Accepted create(String name, String desired, OwnerTag mark) {
        if (value.isPresent()) {
          throw new ServingException("fake", ErrorKind.UNAUTHORIZED, "the token has expired");
        }
        value = Optional.of(desired);
        showsAt = time.elapsed().plusSeconds(45);
        throw new ServingException("fake", ErrorKind.UNAVAILABLE, "the connection was cut");
      }
    };

    ServingException failure = fails(() -> run(late).await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure).hasMessageContaining("Rolled back: fake thing");
    assertThat(late.value).isEmpty();
  }

  @Test
  void aLostRaceForARevisionIsReadAgainAndComputedAnew() {
    MemoryCloud cloud = new MemoryCloud(time, Way.REVISIONS);
    EndpointPlatform platform = cloud.open();
    Endpoint blue = deploy(platform, ONE, "small", "blue");
    Endpoint green = deploy(platform, TWO, "small", "green");
    Endpoint red = deploy(platform, TWO, "small", "red");
    Faults faults = Faults.before(
        "update traffic",
        () -> cloud.tamper("traffic", "bert", new Traffic(Map.of("blue", 80, "red", 20))));

    cloud
        .open(faults)
        .route(blue.at(100), green.at(0), TrafficWeight.percent(10))
        .await(LIMIT);

    assertThat(cloud.truth("traffic", "bert"))
        .contains(new Traffic(Map.of("blue", 70, "green", 10, "red", 20)));
    platform.undeploy(red).await(LIMIT);
    assertThat(cloud.truth("traffic", "bert"))
        .contains(new Traffic(Map.of("blue", 88, "green", 12)));
  }

  @Test
  void aNameThatAnotherDeploymentBeganToUseIsNotTakenBack() {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED, Way.CASCADING);
    Faults faults =
        Faults.before("create variant", () -> deploy(cloud.open(), TWO, "small", "green"));

    fails(() -> deploy(cloud.open(faults), ONE, "crashes", "blue"));

    assertThat(cloud.remains())
        .contains("name bert", "variant bert/green", "model " + modelOf(TWO))
        .doesNotContain("variant bert/blue", "model " + modelOf(ONE));
  }

  @Test
  void aNameThatAnotherDeploymentBeganToUseStaysWhenItsFirstVariantGoes() {
    MemoryCloud cloud = new MemoryCloud(time, Way.CASCADING);
    Endpoint blue = deploy(cloud.open(), ONE, "small", "blue");
    Faults faults =
        Faults.before("delete variant", () -> deploy(cloud.open(), TWO, "small", "green"));

    cloud.open(faults).undeploy(blue).await(LIMIT);

    assertThat(cloud.remains())
        .contains("name bert", "variant bert/green", "model " + modelOf(TWO));
  }

  @Test
  void aVariantThatComesWhileEverythingUnderItsNameGoesIsTakenToo() {
    MemoryCloud cloud = new MemoryCloud(time);
    deploy(cloud.open(), ONE, "small", "blue");
    Faults faults =
        Faults.before("delete variant", () -> deploy(cloud.open(), TWO, "small", "green"));

    assertThat(cloud.open(faults).undeployAll("bert").await(LIMIT))
        .extracting(ManagedResource::name)
        .contains("bert/blue", "bert/green");

    assertThat(cloud.remains()).isEmpty();
  }

  @Test
  void aDeletionThatFoundNothingToDeleteIsDone() {
    FakeKind deletedTwice = new FakeKind() {
      @Override
      public Accepted delete(String name, Observed<String> current, Set<ResourceRef> going) {
        return Accepted.as("op");
      }

      @Override
      public Outcome poll(String operation) {
        // Another process's deletion has ended first.
        value = Optional.empty();
        return Outcome.failed(
            new ServingException("fake", ErrorKind.NOT_FOUND, "thing is not there"));
      }
    };
    deletedTwice.value = Optional.of("x");
    Resource<?> thing = new Resource<>(
        deletedTwice.id(), "thing", Resource.Role.VARIANT, Resource.Goal.ABSENT, Optional.empty());
    try (Reconciler reconciler = Reconciler.builder("fake", List.of(deletedTwice))
        .time(time)
        .executor(Runnable::run)
        .build()) {
      assertThat(reconciler.run(request(List.of(thing))).await(LIMIT)).isEqualTo("result");
    }
    assertThat(deletedTwice.value).isEmpty();
  }

  // ---- what may use what ----

  @Test
  void beforeASharedResourceIsDeletedOnlyTheKindsThatMayUseItAreListed() {
    FakeKind model = new FakeKind("model");
    AtomicInteger lists = new AtomicInteger();
    FakeKind pages = new FakeKind("page") {
      @Override
      public boolean mayUse(String kind) {
        return false;
      }

      @Override
      public List<Listed> list(Look look) {
        lists.incrementAndGet();
        return List.of();
      }
    };
    model.value = Optional.of("x");

    removeIfUnused(model, pages).await(LIMIT);

    assertThat(model.value).isEmpty();
    assertThat(lists).hasValue(0);
  }

  @Test
  void aKindThatListsAUseThatItNeverHasIsTold() {
    FakeKind model = new FakeKind("model");
    FakeKind liar = new FakeKind("liar") {
      @Override
      public boolean mayUse(String kind) {
        return kind.equals("model");
      }

      @Override
      public List<Listed> list(Look look) {
        return List.of(Listed.of(new ResourceRef("liar", "a"), Instant.EPOCH)
            .uses(List.of(new ResourceRef("other", "b"))));
      }
    };
    model.value = Optional.of("x");

    ServingException failure = fails(() -> removeIfUnused(model, liar).await(LIMIT));

    assertThat(failure).hasMessageContaining("which its kind says that it never does");
    assertThat(model.value).isPresent();
  }

  private Operation<String> removeIfUnused(FakeKind model, FakeKind other) {
    return Reconciler.builder("fake", List.of(model, other))
        .time(time)
        .executor(Runnable::run)
        .build()
        .run(request(List.of(new Resource<>(
            model.id(),
            "model",
            Resource.Role.SHARED,
            Resource.Goal.ABSENT_IF_UNUSED,
            Optional.empty()))));
  }

  // ---- what a review found ----

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 25, 30, 35, 40, 45, 50})
  void aDeployThatIsCancelledAtAnyCallLeavesNothing(int call) {
    for (Way[] ways :
        new Way[][] {{Way.POLLED, Way.EVENTUAL}, {Way.OPERATIONS, Way.REVISIONS}, {Way.EVENTUAL}}) {
      MemoryCloud cloud = new MemoryCloud(time, ways);
      CompletableFuture<Operation<Endpoint>> begun = new CompletableFuture<>();
      Faults faults = Faults.beforeCall(call, () -> begun.join().cancel());
      try (EndpointPlatform platform = cloud.open(faults, builder -> builder)) {
        begun.complete(
            platform.deploy(ONE, Scaling.between("small", 1, 3), new Routing("bert", "blue")));
        Throwable ended = catchThrowable(() -> begun.join().await(LIMIT));

        if (begun.join().status().state() == State.CANCELLED) {
          assertThat(ended).isInstanceOf(ServingException.class);
          assertThat(cloud.remains()).as("ways %s", List.of(ways)).isEmpty();
        } else {
          assertThat(begun.join().status().state()).isEqualTo(State.SUCCEEDED);
        }
      }
    }
  }

  @Test
  void anUndeployThatIsCancelledWhileTheVariantGoesDoesNotGiveItsShareBack() {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED);
    EndpointPlatform direct = cloud.open();
    Endpoint blue = deploy(direct, ONE, "small", "blue");
    Endpoint green = deploy(direct, TWO, "small", "green");
    direct.route(blue.at(50), green.at(50), TrafficWeight.percent(50)).await(LIMIT);
    CompletableFuture<Operation<Endpoint>> begun = new CompletableFuture<>();
    Faults faults = Faults.after("delete variant", () -> begun.join().cancel());
    try (EndpointPlatform platform = cloud.open(faults, builder -> builder)) {
      begun.complete(platform.undeploy(green));
      ServingException cancelled = fails(() -> begun.join().await(LIMIT));

      assertThat(cancelled.kind()).isEqualTo(ErrorKind.CANCELLED);
      assertThat(cancelled).hasMessageContaining("Retry to resume");
      assertThat(cloud.truth("traffic", "bert")).contains(Traffic.allTo("blue"));
    }
  }

  @Test
  void anOperationThatEndsBetweenTheLookAndTheQuestionIsLookedAtAgain() {
    AtomicReference<Duration> doneAt = new AtomicReference<>();
    FakeKind slow = new FakeKind() {
      @Override
      public Observed<String> read(String name, Look look) {
        // What is being made is not there before its operation has ended.
        boolean done = doneAt.get() != null && time.elapsed().compareTo(doneAt.get()) >= 0;
        Observed<String> seen = done ? super.read(name, look) : Observed.absent();
        time.pass(Duration.ofSeconds(20));
        return seen;
      }

      @Override
      public Accepted create(String name, String desired, OwnerTag mark) {
        doneAt.set(time.elapsed().plusSeconds(250));
        value = Optional.of(desired);
        return Accepted.as("op");
      }

      @Override
      public Outcome poll(String operation) {
        return time.elapsed().compareTo(doneAt.get()) < 0
            ? Outcome.running("")
            : Outcome.succeeded();
      }
    };

    assertThat(run(slow).await(LIMIT)).isEqualTo("result");
    assertThat(slow.value).contains("x");
  }

  /** Serves what it was until the operation ends that changes it. */
  private class LateKind extends FakeKind {
    private final Queue<Runnable> changes = new ConcurrentLinkedQueue<>();
    private @Nullable Duration doneAt;

    LateKind() {
      value = Optional.of("former");
    }

    @Override
    public Accepted update(String name, Observed<String> current, String desired) {
      doneAt = time.elapsed().plusSeconds(600);
      changes.add(() -> value = Optional.of(desired));
      return Accepted.as("op");
    }

    @Override
    public Outcome poll(String operation) {
      if (time.elapsed().compareTo(requireNonNull(doneAt)) < 0) {
        return Outcome.running("changing");
      }
      changes.remove().run();
      return Outcome.succeeded();
    }
  }

  @Test
  void aChangeThatIsCancelledWhileItsOperationGoesOnIsTakenBackWhenThatHasEnded() {
    LateKind late = new LateKind();
    CompletableFuture<Operation<String>> begun = new CompletableFuture<>();
    time.in(Duration.ofSeconds(10), () -> begun.join().cancel());
    try (Reconciler reconciler =
        Reconciler.builder("fake", List.of(late)).time(time).build()) {
      begun.complete(reconciler.run(walk(late)));

      ServingException cancelled = fails(() -> begun.join().await(LIMIT));

      assertThat(cancelled.kind()).isEqualTo(ErrorKind.CANCELLED);
      assertThat(cancelled).hasMessageContaining("Rolled back: fake");
      assertThat(late.changes).isEmpty();
      assertThat(late.value).contains("former");
    }
  }

  @Test
  void aVariantThatCameAliveAgainIsNotSwept() {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED);
    Throwable killed = catchThrowable(() -> deploy(
        cloud.open(Faults.at(MemoryCloud.ID, 12, Fault.KILLED_AFTER)), ONE, "crashes", "blue"));
    assertThat(killed).isInstanceOf(Error.class);
    time.pass(Duration.ofHours(3));
    assertThat(cloud.open().orphans()).isNotEmpty();
    Faults faults = Faults.before("read variant", () -> deploy(cloud.open(), ONE, "small", "blue"));

    assertThat(cloud.open(faults).sweep(Duration.ZERO).await(LIMIT)).isEmpty();

    assertThat(cloud.remains()).contains("variant bert/blue", "name bert");
    assertThat(catchThrowable(() -> cloud.open().sweep(Duration.ofSeconds(-1))))
        .hasMessageContaining("minimumAge must not be negative");
  }

  @Test
  void whatAProviderMadeBeforeItThrewSomethingUnexpectedIsTakenBack() {
    FakeKind buggy = new FakeKind() {
      @Override
      public Accepted create(String name, String desired, OwnerTag mark) {
        Accepted made = super.create(name, desired, mark);
        throw new IllegalStateException("cannot read the answer " + made);
      }
    };

    ServingException failure = fails(() -> run(buggy).await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNKNOWN);
    assertThat(buggy.value).isEmpty();
  }

  @Test
  void aChangeThatIsRefusedAsWrongFailsAtOnce() {
    FakeKind strict = new FakeKind() {
      @Override
      public Accepted update(String name, Observed<String> current, String desired) {
        throw new ServingException("fake", ErrorKind.INVALID, "no");
      }
    };
    strict.value = Optional.of("former");
    Duration begin = time.elapsed();

    assertThat(fails(() -> run(strict).await(LIMIT)).kind()).isEqualTo(ErrorKind.INVALID);

    assertThat(time.elapsed()).isEqualTo(begin);
    assertThat(strict.value).contains("former");
  }

  @Test
  void anErrorEndsItsOperationAndFreesTheName() {
    FakeKind kind = new FakeKind() {
      private int reads;

      @Override
      public Observed<String> read(String name, Look look) {
        if (++reads == 1) {
          throw new NoClassDefFoundError("a class of a vendor's");
        }
        return super.read(name, look);
      }
    };
    try (Reconciler reconciler = Reconciler.builder("fake", List.of(kind)).build()) {
      assertThat(catchThrowable(() -> reconciler.run(walk(kind)).await(LIMIT)))
          .isInstanceOf(NoClassDefFoundError.class);
      assertThat(reconciler.run(walk(kind)).await(LIMIT)).isEqualTo("result");
    }
  }

  @Test
  void aMissingClassIsUnsupportedAndNamed() {
    FakeKind kind = new FakeKind() {
      @Override
      public Observed<String> read(String name, Look look) {
        throw new NoClassDefFoundError("acme/sdk/Client$Builder");
      }
    };
    ServingException failure = fails(() -> run(kind).await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(failure)
        .hasMessageContaining("needs class acme.sdk.Client$Builder for this")
        .hasRootCauseInstanceOf(NoClassDefFoundError.class);
  }

  @Test
  void aMissingClassOfWhatIsReadIsUnsupportedAndNamed() {
    try (Reconciler reconciler =
        Reconciler.builder("fake", List.of(new FakeKind())).build()) {
      ServingException failure = fails(() -> reconciler.reading("all", LIMIT, () -> {
        throw new NoClassDefFoundError("acme/sdk/Client");
      }));

      assertThat(failure.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
      assertThat(failure).hasMessageContaining("needs class acme.sdk.Client for this");
    }
  }

  @Test
  void whatFollowsAnOperationMayNeedTheSameName() throws Exception {
    FakeKind kind = new FakeKind();
    try (Reconciler reconciler = Reconciler.builder("fake", List.of(kind)).build()) {
      CompletableFuture<String> both = reconciler
          .run(walk(kind))
          .toFuture()
          .thenApply(first -> first + " " + reconciler.run(walk(kind)).await(LIMIT));

      assertThat(both.get(30, java.util.concurrent.TimeUnit.SECONDS)).isEqualTo("result result");
    }
  }

  @Test
  void aListenerMayFailAnyhowAndListenFurther() {
    Operation<String> operation = run(new FakeKind());
    List<String> heard = new java.util.ArrayList<>();
    operation.onProgress(event -> {
      if (heard.isEmpty()) {
        Operation<String> same = operation.onProgress(more -> heard.add(more.toString()));
        assertThat(same).isSameAs(operation);
      }
      throw new AssertionError("a test's");
    });

    assertThat(operation.await(LIMIT)).isEqualTo("result");
    assertThat(heard).isNotEmpty();
  }

  // ---- calls ----

  @Test
  void whatOthersUseIsNotReadByAnUndeploy() {
    MemoryCloud cloud = new MemoryCloud(time);
    deploy(cloud.open(), ONE, "small", "blue");
    Endpoint green = deploy(cloud.open(), ONE, "small", "green");
    Faults counted = Faults.none();

    cloud.open(counted).undeploy(green).await(LIMIT);

    assertThat(counted.calls()).noneMatch(call -> call.contains("read model"));
    assertThat(cloud.remains()).contains("model " + modelOf(ONE));
  }

  @ParameterizedTest
  @CsvSource({
    "s3://models/bert/, bert",
    "s3://models/bert.tar.gz?signature=secret, bert.tar.gz",
    "s3:///, s3"
  })
  void packagingIsCalledByTheLastPartOfTheLocation(String location, String name) {
    EndpointPlatform platform = new MemoryCloud(time).open();

    Operation<Container> operation = platform.packageModel(
        ModelArtifact.of(URI.create(location)), ONE.runtime(), ONE.dependencies());

    operation.await(LIMIT);
    assertThat(operation).hasToString("package " + name + " on " + MemoryCloud.ID + ": SUCCEEDED");
  }

  // ---- previews ----

  @Test
  void aPreviewWithoutCredentialsAsksOnceAndSaysOnceWhyAndWhatWouldBeCreated() {
    Faults denied = Faults.from(MemoryCloud.ID, 1, Fault.DENIED);
    EndpointPlatform platform = new MemoryCloud(time).open(denied);

    Plan plan = platform.preview(p -> {
      p.packageModel(ONE.artifact(), ONE.runtime(), ONE.dependencies());
      p.deploy(ONE, Scaling.fixed("small", 1), new Routing("bert", "blue"));
      return p.deploy(TWO, Scaling.fixed("small", 1), new Routing("bert", "green"));
    });

    assertThat(denied.calls()).hasSize(1);
    assertThat(plan.changes()).allMatch(change -> change.action() == Action.UNKNOWN);
    assertThat(plan.changes()).extracting(Plan.Change::resource).doesNotHaveDuplicates();
    String model = "model " + modelOf(ONE);
    assertThat(plan.toString().lines().filter(line -> line.startsWith("unknown " + model)))
        .singleElement()
        .asString()
        .startsWith("unknown " + model + " (created if absent, ")
        .contains("expired");
    assertThat(plan.toString())
        .containsOnlyOnce("expired")
        .contains("unknown variant bert/green (created if absent, model: " + modelOf(TWO)
            + ", instanceType: small, count: 1, not read, for the reason above)");
  }

  @Test
  void aPreviewOfACloudThatDoesNotAnswerEndsItsReadingAfterItsLimit() {
    MemoryCloud cloud = new MemoryCloud(time, () -> time.jump(Duration.ofSeconds(20)));
    EndpointPlatform platform = cloud.open();

    Plan plan = platform.preview(
        Duration.ofSeconds(30),
        p -> p.deploy(ONE, Scaling.fixed("small", 1), new Routing("bert", "blue")));

    assertThat(plan.changes())
        .extracting(Plan.Change::action)
        .startsWith(Action.CREATE, Action.CREATE)
        .endsWith(Action.UNKNOWN);
    assertThat(plan.toString()).containsOnlyOnce("the limit on reading has passed");
  }

  @Test
  void aCallThatIsForbiddenLeavesTheOthersOfAPreview() {
    AtomicInteger calls = new AtomicInteger();
    MemoryCloud cloud = new MemoryCloud(time, () -> {
      if (calls.incrementAndGet() == 1) {
        throw ServingException.builder(
                MemoryCloud.ID, ErrorKind.UNAUTHORIZED, "GetModel is not allowed.")
            .requestId("4711")
            .build();
      }
    });
    EndpointPlatform platform = cloud.open();

    Plan plan = platform.preview(
        p -> p.deploy(ONE, Scaling.fixed("small", 1), new Routing("bert", "blue")));

    assertThat(plan.changes())
        .extracting(Plan.Change::action)
        .startsWith(Action.UNKNOWN)
        .contains(Action.CREATE);
  }

  @Test
  void aPreviewOfSeveralOperationsPlansEachOnWhatTheOthersLeave() {
    EndpointPlatform platform = new MemoryCloud(time).open();
    Routing blue = new Routing("bert", "blue");
    Routing green = new Routing("bert", "green");
    Scaling small = Scaling.fixed("small", 1);

    Plan plan = platform.preview(p -> {
      Endpoint first = p.deploy(ONE, small, blue).await(LIMIT);
      Endpoint second = p.deploy(TWO, small, green).await(LIMIT);
      return p.route(first.at(100), second.at(0), TrafficWeight.percent(10));
    });

    assertThat(plan.toString())
        .contains("create variant bert/blue")
        .contains("create variant bert/green")
        .contains("update traffic bert (weights: {blue=100} -> {blue=90, green=10})");
    assertThat(platform.inventory()).isEmpty();
  }

  @Test
  void aPreviewOfUndeployingEverythingKnowsThatEverythingGoes() {
    MemoryCloud cloud = new MemoryCloud(time);
    EndpointPlatform platform = cloud.open();
    Endpoint blue = deploy(platform, ONE, "small", "blue");
    Endpoint green = deploy(platform, ONE, "small", "green");

    Plan plan = platform.preview(p -> {
      p.undeploy(green).await(LIMIT);
      return p.undeploy(blue);
    });

    assertThat(plan.toString())
        .contains("delete variant bert/green", "delete variant bert/blue", "delete name bert")
        .contains("delete model " + modelOf(ONE))
        .doesNotContain("refuse");
  }

  @Test
  void aPreviewOfReplacingAVersionKnowsThatTheNameStays() {
    MemoryCloud cloud = new MemoryCloud(time);
    EndpointPlatform platform = cloud.open();
    Endpoint blue = deploy(platform, ONE, "small", "blue");

    Plan plan = platform.preview(p -> {
      Endpoint green =
          p.deploy(TWO, Scaling.fixed("small", 1), new Routing("bert", "green")).await(LIMIT);
      p.route(blue.at(100), green.at(0), TrafficWeight.ALL).await(LIMIT);
      return p.undeploy(blue);
    });

    assertThat(plan.toString())
        .contains(
            "create variant bert/green", "delete variant bert/blue", "delete model " + modelOf(ONE))
        .doesNotContain("delete name bert", "delete model " + modelOf(TWO));
  }

  @Test
  void theSignatureOfALocationIsNeverPrinted() {
    List<String> printed = new java.util.ArrayList<>();
    ModelArtifact signed =
        ModelArtifact.of(URI.create("https://store.example/model.onnx?sv=1&sig=SECRET"));

    new MemoryCloud(time)
        .open()
        .packageModel(signed, RuntimeSpec.NONE, Dependencies.NONE)
        .onProgress(event -> printed.add(event.toString()))
        .await(LIMIT);

    assertThat(printed).isNotEmpty().noneMatch(line -> line.contains("SECRET"));
  }

  @Test
  void aPreviewTellsWhatWouldBeRefused() {
    MemoryCloud cloud = new MemoryCloud(time);
    EndpointPlatform platform = cloud.open();
    deploy(platform, ONE, "small", "blue");

    Plan plan = platform.preview(
        p -> p.deploy(TWO, Scaling.fixed("small", 1), new Routing("bert", "blue")));

    assertThat(plan.changes())
        .anyMatch(change ->
            change.action() == Action.REFUSE && change.toString().contains("another container"));
  }

  // ---- words ----

  private static Container container(String name) {
    return new Container(
        ModelArtifact.of(URI.create("mem:" + name)), RuntimeSpec.NONE, Dependencies.NONE);
  }

  private static String modelOf(Container container) {
    return "m-" + Fingerprint.of(io.fairlead.json.GrammarJson.write(container));
  }

  private static Endpoint deploy(
      EndpointPlatform platform, Container container, String type, String variant) {
    return platform
        .deploy(container, Scaling.fixed(type, 1), new Routing("bert", variant))
        .await(LIMIT);
  }

  private static ServingException fails(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    return catchThrowableOfType(ServingException.class, call);
  }

  private Operation<String> run(ResourceKind<String> kind) {
    return Reconciler.builder("fake", List.of(kind))
        .time(time)
        .executor(Runnable::run)
        .build()
        .run(walk(kind));
  }

  private static ReconcileRequest<String> walk(ResourceKind<String> kind) {
    return request(List.of(Resource.variant(kind.id(), "thing", "x")));
  }

  private static ReconcileRequest<String> request(List<Resource<?>> resources) {
    ReconcileRequest.Content<String> content =
        ReconcileRequest.Content.of(resources, List.of(), "result");
    return ReconcileRequest.of("deploy", "thing", "thing", preparing -> content);
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    boolean interrupted = false;
    while (true) {
      try {
        latch.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** One text that is there or not. */
  private static class FakeKind implements ResourceKind<String> {
    volatile Optional<String> value = Optional.empty();
    private final KindName<String> id;

    FakeKind() {
      this("fake");
    }

    FakeKind(String name) {
      this.id = new KindName<>(name, String.class);
    }

    @Override
    public KindName<String> id() {
      return id;
    }

    @Override
    public Observed<String> read(String name, Look look) {
      return value.map(Observed::ready).orElseGet(Observed::absent);
    }

    @Override
    public Accepted create(String name, String desired, OwnerTag mark) {
      value = Optional.of(desired);
      return Accepted.VISIBLE;
    }

    @Override
    public Accepted update(String name, Observed<String> current, String desired) {
      value = Optional.of(desired);
      return Accepted.VISIBLE;
    }

    @Override
    public Accepted delete(String name, Observed<String> current, Set<ResourceRef> going) {
      value = Optional.empty();
      return Accepted.VISIBLE;
    }
  }
}
