package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.tuple;

import com.google.cloud.aiplatform.v1.DeployModelRequest;
import io.fairlead.contract.Faults;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.contract.ProcessKilled;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.ManagedResource;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.VertexVersion;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is on its way, by this process, another, or one that died. */
@Timeout(180)
class OverlappingDeploymentsTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Scaling ONE = Scaling.fixed("n1-standard-4", 1);

  private final Gcp gcp = new Gcp(new VirtualTime()).fast();
  private final VertexPlatform platform = gcp.open();

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  // ---- found ----

  @Test
  void aDeploymentOfAProcessThatDiedIsListedWithWhatItUses() {
    deploy(platform, "blue", "one");
    gcp.project().duration("DeployModel", Duration.ofMinutes(40));
    killAfterDeployModel(gcp, "green", "two");

    assertThat(platform.list())
        .extracting(Deployment::variant, Deployment::state)
        .contains(tuple(Optional.of("green"), Deployment.State.CHANGING));
    assertThat(platform.inventory())
        .filteredOn(one -> one.name().equals("bert/green"))
        .singleElement()
        .matches(one -> one.kind().equals("deployed-model") && !one.orphan());
    assertThat(platform.orphans()).isEmpty();
    assertThat(platform.sweep(Duration.ZERO).await(LIMIT)).isEmpty();
  }

  @Test
  void undeployAllWaitsForWhatIsOnItsWayAndTakesItToo() {
    deploy(platform, "blue", "one");
    gcp.project().duration("DeployModel", Duration.ofSeconds(30));
    killAfterDeployModel(gcp, "green", "two");

    List<ManagedResource> gone = platform.undeployAll("bert").await(LIMIT);

    assertThat(gone).extracting(ManagedResource::name).contains("bert/blue", "bert/green");
    gcp.time().pass(Duration.ofHours(1));
    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void aDeploymentThatEndsBetweenTwoLooksIsNotTakenForAbsent() {
    Faults.atEach(20, number -> {
      try (Gcp fresh = new Gcp(new VirtualTime()).fast();
          VertexPlatform whole = fresh.open()) {
        deploy(whole, "blue", "one");
        fresh.project().duration("DeployModel", Duration.ofMinutes(40));
        killAfterDeployModel(fresh, "green", "two");
        Faults arriving = Faults.beforeCall(number, () -> fresh.time().pass(Duration.ofHours(1)));
        try (VertexPlatform other = fresh.open(arriving)) {
          other.undeploy(endpoint("green", "two")).await(LIMIT);
          other.undeployAll("bert").await(LIMIT);
        }
        fresh.time().pass(Duration.ofHours(1));
        assertThat(fresh.remains()).isEmpty();
      }
    });
  }

  // ---- traffic ----

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void ofTwoFirstDeploymentsAtOnceNoneTakesTheTrafficOfTheOther(boolean severalAtOnce) {
    Faults counting = Faults.none();
    try (Gcp fresh = new Gcp(new VirtualTime()).fast();
        VertexPlatform one = fresh.open(counting)) {
      deploy(one, "blue", "one");
    }
    Faults.atEach(counting.calls().size(), number -> {
      try (Gcp fresh = new Gcp(new VirtualTime()).fast();
          VertexPlatform other = fresh.open()) {
        fresh.project().severalAtOnce(severalAtOnce);
        boolean[] served = {false};
        Faults between = Faults.beforeCall(number, () -> {
          deploy(other, "green", "two");
          served[0] = weights(other).getOrDefault("green", 0) == 100;
        });
        try (VertexPlatform one = fresh.open(between)) {
          deploy(one, "blue", "one");
        }
        assertThat(fresh.project().requests("DeployModel", DeployModelRequest.class))
            .hasSize(2)
            .allSatisfy(request -> assertThat(request.getTrafficSplitMap()).isEmpty());
        assertThat(weights(other).values().stream().mapToInt(Integer::intValue).sum())
            .isEqualTo(100);
        if (served[0]) {
          assertThat(weights(other))
              .as("green was told deployed, and served")
              .containsEntry("green", 100);
        }
      }
    });
  }

  private static Map<String, Integer> weights(VertexPlatform on) {
    Map<String, Integer> weights = new HashMap<>();
    on.list()
        .forEach(one -> weights.put(one.variant().orElseThrow(), one.weight().percent()));
    return weights;
  }

  // ---- ended ----

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anUndeploymentThatDiedIsNoErrorForTheNext(boolean severalAtOnce) {
    Faults counting = Faults.none();
    try (Gcp fresh = new Gcp(new VirtualTime()).fast();
        VertexPlatform whole = fresh.open();
        VertexPlatform counted = fresh.open(counting)) {
      deploy(whole, "blue", "one");
      deploy(whole, "green", "two");
      counted.undeploy(endpoint("green", "two")).await(LIMIT);
    }
    Faults.atEach(counting.calls().size(), number -> {
      try (Gcp fresh = new Gcp(new VirtualTime()).fast();
          VertexPlatform whole = fresh.open()) {
        fresh.project().severalAtOnce(severalAtOnce);
        deploy(whole, "blue", "one");
        deploy(whole, "green", "two");
        try (VertexPlatform dying = fresh.open(Faults.at("vertex", number, Fault.KILLED_AFTER))) {
          assertThat(
                  catchThrowable(() -> dying.undeploy(endpoint("green", "two")).await(LIMIT)))
              .satisfiesAnyOf(
                  thrown -> assertThat(thrown).isNull(),
                  thrown -> assertThat(thrown).isInstanceOf(ProcessKilled.class));
        }

        whole.undeploy(endpoint("green", "two")).await(LIMIT);
        whole.undeployAll("bert").await(LIMIT);

        assertThat(fresh.remains()).isEmpty();
      }
    });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void cancellingADeploymentAsksVertexAiToEndItOnce(boolean ignored) throws InterruptedException {
    if (ignored) {
      gcp.project().ignoresCancel();
    }
    gcp.project().duration("DeployModel", Duration.ofMinutes(40));
    CountDownLatch deploying = new CountDownLatch(1);
    Operation<Endpoint> operation =
        platform.deploy(container("one"), ONE, new Routing("bert", "blue"));
    operation.onProgress(progress -> {
      if (progress.message().contains("PREPARING_MODEL")) {
        deploying.countDown();
      }
    });
    assertThat(deploying.await(60, TimeUnit.SECONDS)).isTrue();
    Duration before = gcp.time().elapsed();

    operation.cancel();
    Throwable failure = catchThrowable(() -> operation.await(LIMIT));

    assertThat(failure).isInstanceOf(ServingException.class);
    assertThat(gcp.project().calls()).filteredOn("CancelOperation"::equals).hasSize(1);
    assertThat(gcp.project().calls()).filteredOn("UndeployModel"::equals).hasSizeLessThan(2);
    if (!ignored) {
      assertThat(gcp.time().elapsed().minus(before)).isLessThan(Duration.ofMinutes(10));
    }
    assertThat(gcp.remains()).isEmpty();
  }

  // ---- defaults ----

  @Test
  void aTimeoutThatTheServiceTellsAndNobodyGaveIsNoDifference() {
    gcp.project().tellsInferenceTimeout(Duration.ofMinutes(10));
    Routing dedicated = new Routing("bert", "blue").with(VertexEndpoint.dedicated());

    platform.deploy(container("one"), ONE, dedicated).await(LIMIT);

    assertThat(gcp.project().calls()).doesNotContain("UpdateEndpointLongRunning");
    assertThat(platform.preview(p -> p.deploy(container("one"), ONE, dedicated)).isEmpty())
        .isTrue();
  }

  // ---- versions ----

  @Test
  void aVersionIsFoundByItsContentWhicheverLabelsTheServiceTells() {
    gcp.project().modelsLabelsWin();
    VertexVersion version = VertexVersion.of("sentiment", "champion");

    deploy(platform, "blue", ModelArtifact.of(URI.create("gs://models/one/")).with(version));
    deploy(platform, "green", ModelArtifact.of(URI.create("gs://models/two/")).with(version));

    assertThat(gcp.project().calls()).filteredOn("UploadModel"::equals).hasSize(2);
    assertThat(platform.orphans()).isEmpty();
    platform.undeployAll("bert").await(LIMIT);
    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void aVersionWhoseUploadEndsBetweenTwoLooksIsNotUploadedAgain() {
    VertexVersion version = VertexVersion.of("sentiment");
    ModelArtifact first = ModelArtifact.of(URI.create("gs://models/one/")).with(version);
    ModelArtifact second = ModelArtifact.of(URI.create("gs://models/two/")).with(version);
    Faults counting = Faults.none();
    try (VertexPlatform whole = gcp.open();
        VertexPlatform counted = gcp.open(counting)) {
      deploy(whole, "blue", first);
      deploy(counted, "green", second);
    }
    int upload = counting.calls().stream()
            .map(call -> call.startsWith("UploadModel"))
            .toList()
            .indexOf(true)
        + 1;
    assertThat(upload).isPositive();
    Faults.atEach(20, number -> {
      try (Gcp fresh = new Gcp(new VirtualTime()).fast();
          VertexPlatform whole = fresh.open()) {
        deploy(whole, "blue", first);
        fresh.project().duration("UploadModel", Duration.ofMinutes(40));
        try (VertexPlatform dying = fresh.open(Faults.at("vertex", upload, Fault.KILLED_AFTER))) {
          assertThat(catchThrowable(() -> deploy(dying, "green", second)))
              .isInstanceOf(ProcessKilled.class);
        }
        Faults arriving = Faults.beforeCall(number, () -> fresh.time().pass(Duration.ofHours(1)));
        try (VertexPlatform again = fresh.open(arriving)) {
          deploy(again, "green", second);
        }
        assertThat(fresh.project().calls()).filteredOn("UploadModel"::equals).hasSize(2);
      }
    });
  }

  // ---- words ----

  /** A process that dies when its deployment has been accepted. */
  private static void killAfterDeployModel(Gcp at, String variant, String model) {
    Faults counting = Faults.none();
    try (Gcp trial = new Gcp(new VirtualTime()).fast();
        VertexPlatform whole = trial.open();
        VertexPlatform counted = trial.open(counting)) {
      deploy(whole, "blue", "one");
      deploy(counted, variant, model);
    }
    int number = 1;
    while (!counting.calls().get(number - 1).startsWith("DeployModel")) {
      number++;
    }
    try (VertexPlatform dying = at.open(Faults.at("vertex", number, Fault.KILLED_AFTER))) {
      assertThat(catchThrowable(() -> deploy(dying, variant, model)))
          .isInstanceOf(ProcessKilled.class);
    }
  }

  private static Container container(String model) {
    return new Container(
        ModelArtifact.of(URI.create("gs://models/" + model + "/")),
        RuntimeSpec.of(Gcp.IMAGE),
        Dependencies.NONE);
  }

  private static Endpoint endpoint(String variant, String model) {
    return new Endpoint(container(model), ONE, new Routing("bert", variant));
  }

  private static Endpoint deploy(VertexPlatform on, String variant, String model) {
    return on.deploy(container(model), ONE, new Routing("bert", variant)).await(LIMIT);
  }

  private static Endpoint deploy(VertexPlatform on, String variant, ModelArtifact model) {
    return on.deploy(
            new Container(model, RuntimeSpec.of(Gcp.IMAGE), Dependencies.NONE),
            ONE,
            new Routing("bert", variant))
        .await(LIMIT);
  }
}
