package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.cloud.aiplatform.v1.CreateModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.DeleteEndpointRequest;
import com.google.cloud.aiplatform.v1.JobState;
import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringJob;
import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringObjectiveConfig;
import com.google.cloud.aiplatform.v1.UndeployModelRequest;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.contract.Sweep;
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
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.operation.Plan.Action;
import io.fairlead.operation.Plan.Change;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.ManagedResource;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexMonitoring;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.standin.Project;
import io.grpc.Status;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Deployments that are watched for drift, from the platform's side. */
class MonitoredDeploymentsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final VertexMonitoring DAILY = VertexMonitoring.drift(Map.of("age", 0.3));
  private static final Endpoint BLUE = variant("blue", DAILY);
  private static final Endpoint GREEN = variant("green", DAILY);

  private final Gcp gcp = new Gcp(new VirtualTime());
  private final VertexPlatform platform = gcp.open();

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  private static Endpoint variant(String name, VertexMonitoring monitoring) {
    Endpoint unwatched = unwatched(name);
    return new Endpoint(
        unwatched.container(), unwatched.scaling(), unwatched.routing().with(monitoring));
  }

  private static Endpoint unwatched(String name) {
    return new Endpoint(
        new Container(
            ModelArtifact.of(URI.create("gs://models/one/")),
            RuntimeSpec.of(Gcp.IMAGE),
            Dependencies.NONE),
        Scaling.fixed("n1-standard-4", 1),
        new Routing("llama", name));
  }

  private static Operation<Endpoint> begin(EndpointPlatform on, Endpoint endpoint) {
    return on.deploy(endpoint.container(), endpoint.scaling(), endpoint.routing());
  }

  private static void deploy(EndpointPlatform on, Endpoint endpoint) {
    begin(on, endpoint).await(LIMIT);
  }

  private void deploy(Endpoint endpoint) {
    deploy(platform, endpoint);
  }

  private void undeploy(Endpoint endpoint) {
    platform.undeploy(endpoint).await(LIMIT);
  }

  private static ServingException fails(ThrowingCallable call) {
    return catchThrowableOfType(ServingException.class, call);
  }

  private ModelDeploymentMonitoringJob job() {
    return watching(gcp.project());
  }

  /** {@return the only job of a project} */
  private static ModelDeploymentMonitoringJob watching(Project project) {
    List<ModelDeploymentMonitoringJob> jobs = project.allMonitoringJobs();
    assertThat(jobs).hasSize(1);
    return jobs.get(0);
  }

  private static List<String> watched(Project project) {
    return project.allMonitoringJobs().stream()
        .flatMap(job -> job.getModelDeploymentMonitoringObjectiveConfigsList().stream())
        .map(ModelDeploymentMonitoringObjectiveConfig::getDeployedModelId)
        .sorted()
        .toList();
  }

  private static List<String> ids(String... variants) {
    return Stream.of(variants)
        .map(variant -> VertexNames.deployedModelId("llama/" + variant))
        .sorted()
        .toList();
  }

  /** Does something with Google's own client, as people do by hand. */
  private void byHand(Consumer<VertexClients> deed) {
    try (VertexClients console = new VertexClients(gcp.config())) {
      deed.accept(console);
    }
    gcp.time().pass(Duration.ofHours(1));
  }

  private String endpointName() {
    return gcp.project().endpoint("llama").getName();
  }

  // ---- life ----

  @Test
  void aVariantIsWatchedAsLongAsItIsDeployed() {
    deploy(BLUE);

    assertThat(watched(gcp.project())).isEqualTo(ids("blue"));
    assertThat(platform.inventory()).extracting(ManagedResource::kind).contains("monitoring");
    assertThat(platform.inventory()).noneMatch(ManagedResource::orphan);

    undeploy(BLUE);

    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void aPausedJobIsResumedForAnUndeployAndPausedAgain() {
    deploy(BLUE);
    deploy(GREEN);
    gcp.project().monitoringJobsAre(JobState.JOB_STATE_PAUSED, "");

    undeploy(GREEN);

    assertThat(watched(gcp.project())).isEqualTo(ids("blue"));
    assertThat(job().getState()).isEqualTo(JobState.JOB_STATE_PAUSED);
    assertThat(gcp.project().calls())
        .containsOnlyOnce(
            "ResumeModelDeploymentMonitoringJob", "PauseModelDeploymentMonitoringJob");
    undeploy(BLUE);
    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void whoDoesNotSpeakOfMonitoringNeverAsksForItsJobs() {
    deploy(unwatched("blue"));
    deploy(unwatched("green"));

    assertThat(gcp.project().calls())
        .noneMatch(call -> call.contains("ModelDeploymentMonitoringJob"));

    undeploy(unwatched("green"));
    undeploy(unwatched("blue"));

    assertThat(gcp.remains()).isEmpty();
    assertThat(gcp.project().calls())
        .filteredOn(call -> call.contains("ModelDeploymentMonitoringJob"))
        .containsOnly("ListModelDeploymentMonitoringJobs");
  }

  @Test
  void allVariantsOfANameAreWatchedByOneJobThatGoesWithTheLast() {
    deploy(BLUE);
    deploy(GREEN);
    assertThat(watched(gcp.project())).isEqualTo(ids("blue", "green"));
    assertThat(job().getDisplayName()).isEqualTo("llama");

    undeploy(GREEN);
    assertThat(watched(gcp.project())).isEqualTo(ids("blue"));

    undeploy(BLUE);
    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void allThatIsUnderANameGoesWithItsJob() {
    deploy(BLUE);
    deploy(GREEN);

    platform.undeployAll("llama").await(LIMIT);

    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void aChangeIsPlannedByItsFieldsAndMade() {
    deploy(BLUE);
    Endpoint stricter = variant(
        "blue", VertexMonitoring.drift(Map.of("age", 0.1)).withInterval(Duration.ofHours(6)));

    Plan plan = platform.preview(on -> begin(on, stricter));

    assertThat(plan.changes())
        .contains(new Change(
            "monitoring llama/blue",
            Action.UPDATE,
            List.of("driftThresholds: {age=0.3} -> {age=0.1}", "interval: PT24H -> PT6H")));

    deploy(stricter);

    assertThat(platform.preview(on -> begin(on, stricter)).changes())
        .allMatch(change -> change.action() == Action.KEEP);
    assertThat(job()
            .getModelDeploymentMonitoringScheduleConfig()
            .getMonitorInterval()
            .getSeconds())
        .isEqualTo(21_600);
  }

  @Test
  void aVariantThatNoLongerSaysItIsNoLongerWatched() {
    deploy(BLUE);
    deploy(GREEN);

    deploy(unwatched("blue"));

    assertThat(watched(gcp.project())).isEqualTo(ids("green"));
    assertThat(platform.list()).hasSize(2);

    deploy(unwatched("green"));

    assertThat(gcp.project().allMonitoringJobs()).isEmpty();
    assertThat(platform.list()).hasSize(2);
  }

  @Test
  void anotherSchemaIsRefusedBeforeAnythingIsChanged() {
    deploy(BLUE);
    gcp.project().forgetCalls();

    ServingException e = fails(
        () -> deploy(variant("blue", DAILY.withPredictInstanceSchema("gs://models/schema.yaml"))));

    assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(e)
        .hasMessageContaining(
            "monitoring llama/blue has no predict instance schema, which Vertex AI does not change: give the "
                + "same, or deploy"
                + " all variants of the endpoint without VertexMonitoring first");
    assertThat(gcp.project().calls()).allMatch(call -> call.startsWith("Get"));
  }

  @Test
  void aDeploymentThatCannotBeWatchedIsTakenBackWhole() {
    gcp.project()
        .failNext(
            "CreateModelDeploymentMonitoringJob",
            Status.Code.INVALID_ARGUMENT,
            "The model has no such feature.");

    ServingException e = fails(() -> deploy(BLUE));

    assertThat(e)
        .hasMessageContaining(
            "failed at monitoring llama/blue: Monitor llama/blue failed: The model has no such feature "
                + "(INVALID_ARGUMENT)")
        .hasMessageContaining("Nothing created by this operation remains");
    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void aVariantThatFailsToJoinLeavesTheOtherWatched() {
    deploy(BLUE);
    gcp.project()
        .failOperation(
            "UpdateModelDeploymentMonitoringJob",
            Status.Code.INVALID_ARGUMENT,
            "The table is gone.",
            com.google.cloud.aiplatform.v1.DeploymentStage.DEPLOYMENT_STAGE_UNSPECIFIED);

    ServingException e = fails(() -> deploy(GREEN));

    assertThat(e).hasMessageContaining("The table is gone");
    assertThat(watched(gcp.project())).isEqualTo(ids("blue"));
    assertThat(platform.list()).hasSize(1);
  }

  @Test
  void aJobThatFailedIsMadeAnew() {
    deploy(BLUE);
    deploy(GREEN);
    String failed = job().getName();
    gcp.project().monitoringJobsAre(JobState.JOB_STATE_FAILED, "no table");

    deploy(BLUE);
    deploy(GREEN);

    assertThat(job().getName()).isNotEqualTo(failed);
    assertThat(watched(gcp.project())).isEqualTo(ids("blue", "green"));
  }

  // ---- others ----

  private void somebodyElseWatchesTheEndpoint() {
    deploy(BLUE);
    ModelDeploymentMonitoringJob theirs = job().toBuilder().clearLabels().build();
    deploy(unwatched("blue"));
    byHand(console -> console
        .jobs()
        .createModelDeploymentMonitoringJobCallable()
        .call(CreateModelDeploymentMonitoringJobRequest.newBuilder()
            .setParent("projects/" + gcp.project().id() + "/locations/" + Project.LOCATION)
            .setModelDeploymentMonitoringJob(theirs)
            .build()));
  }

  @Test
  void aJobOfSomebodyElsesIsLeftAloneByWhoDoesNotSpeakOfMonitoring() {
    somebodyElseWatchesTheEndpoint();

    deploy(unwatched("blue"));
    deploy(unwatched("green"));
    undeploy(unwatched("green"));

    assertThat(watched(gcp.project())).isEqualTo(ids("blue"));

    undeploy(unwatched("blue"));

    assertThat(gcp.remains()).singleElement().asString().startsWith("monitoring-job/");
  }

  @Test
  void aJobOfSomebodyElsesIsInTheWayOfWhoWantsToBeWatched() {
    somebodyElseWatchesTheEndpoint();
    gcp.project().forgetCalls();

    ServingException e = fails(() -> deploy(GREEN));

    assertThat(e.kind()).isEqualTo(ErrorKind.ALREADY_EXISTS);
    assertThat(e)
        .hasMessageContaining(
            "monitoring llama/green already exists and is not managed by Fairlead");
    assertThat(gcp.project().calls()).noneMatch(call -> call.startsWith("Deploy"));
    undeploy(BLUE);
    assertThat(gcp.remains()).hasSize(1);
  }

  @Test
  void whatWasUndeployedByHandIsSweptAndItsJobToo() {
    deploy(BLUE);
    byHand(console -> console
        .endpoints()
        .undeployModelCallable()
        .call(UndeployModelRequest.newBuilder()
            .setEndpoint(endpointName())
            .setDeployedModelId(VertexNames.deployedModelId("llama/blue"))
            .build()));

    assertThat(platform.inventory())
        .filteredOn(one -> one.kind().equals("monitoring"))
        .singleElement()
        .matches(ManagedResource::orphan);
    platform.sweep(Duration.ZERO).await(LIMIT);

    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void aJobWhoseEndpointWasDeletedByHandIsSweptOrGoesWithItsName() {
    for (boolean sweeps : new boolean[] {true, false}) {
      deploy(BLUE);
      String endpoint = endpointName();
      byHand(console -> console
          .endpoints()
          .undeployModelCallable()
          .call(UndeployModelRequest.newBuilder()
              .setEndpoint(endpoint)
              .setDeployedModelId(VertexNames.deployedModelId("llama/blue"))
              .build()));
      byHand(console -> console
          .endpoints()
          .deleteEndpointCallable()
          .call(DeleteEndpointRequest.newBuilder().setName(endpoint).build()));
      assertThat(gcp.project().allMonitoringJobs()).hasSize(1);

      if (sweeps) {
        platform.sweep(Duration.ZERO).await(LIMIT);
        assertThat(gcp.remains()).isEmpty();
      } else {
        platform.undeployAll("llama").await(LIMIT);
        assertThat(gcp.project().allMonitoringJobs()).isEmpty();
      }
    }
  }

  @Test
  void aSweepTakesNothingThatIsWatchedOrWatches() {
    deploy(BLUE);
    deploy(unwatched("green"));

    assertThat(platform.sweep(Duration.ZERO).await(LIMIT)).isEmpty();

    assertThat(watched(gcp.project())).isEqualTo(ids("blue"));
  }

  // ---- every call broken ----

  private enum Deed {
    DEPLOY,
    DEPLOY_SECOND,
    CHANGE,
    END,
    UNDEPLOY,
    UNDEPLOY_SECOND;

    private Stream<Fault> faults() {
      return this == DEPLOY || this == UNDEPLOY_SECOND
          ? Stream.of(Fault.CUT_AFTER, Fault.CONFLICT, Fault.DENIED, Fault.KILLED_AFTER)
          : Stream.of(Fault.TIMEOUT_AFTER, Fault.KILLED_AFTER);
    }

    private boolean isSecond() {
      return this == DEPLOY_SECOND || this == UNDEPLOY_SECOND;
    }
  }

  @TestFactory
  Stream<DynamicTest> whatIsBrokenAtAnyCallIsFinishedByRunningItAgainAndUndeployLeavesNothing() {
    return Stream.of(Deed.values())
        .flatMap(deed -> deed.faults()
            .map(fault -> DynamicTest.dynamicTest(
                deed + " with " + fault, () -> breakAndRunAgain(deed, fault))));
  }

  private static void breakAndRunAgain(Deed deed, Fault fault) {
    try (Gcp before = before(deed)) {
      new Sweep<>("vertex", before::twin, on -> perform(deed, on)).with(fault, place -> {
        try (EndpointPlatform again = place.open()) {
          perform(deed, again);
          assertThat(watched(place.project())).isEqualTo(afterwards(deed));
          if (deed.isSecond()) {
            again.undeploy(GREEN).await(LIMIT);
          }
          again.undeploy(BLUE).await(LIMIT);
          assertThat(again.inventory()).isEmpty();
        }
        assertThat(place.remains()).isEmpty();
      });
    }
  }

  private static Gcp before(Deed deed) {
    Gcp fresh = new Gcp(new VirtualTime()).fast();
    try (EndpointPlatform whole = fresh.open()) {
      if (deed != Deed.DEPLOY) {
        deploy(whole, BLUE);
      }
      if (deed == Deed.UNDEPLOY_SECOND) {
        deploy(whole, GREEN);
      }
    }
    // A job is not changed before it is prepared.
    fresh.time().pass(Duration.ofMinutes(2));
    return fresh;
  }

  private static void perform(Deed deed, EndpointPlatform on) {
    switch (deed) {
      case DEPLOY -> deploy(on, BLUE);
      case DEPLOY_SECOND -> deploy(on, GREEN);
      case CHANGE -> deploy(on, variant("blue", DAILY.withSamplingRate(0.5)));
      case END -> deploy(on, unwatched("blue"));
      case UNDEPLOY -> on.undeploy(BLUE).await(LIMIT);
      case UNDEPLOY_SECOND -> on.undeploy(GREEN).await(LIMIT);
    }
  }

  private static List<String> afterwards(Deed deed) {
    return switch (deed) {
      case DEPLOY, CHANGE, UNDEPLOY_SECOND -> ids("blue");
      case DEPLOY_SECOND -> ids("blue", "green");
      case END, UNDEPLOY -> List.of();
    };
  }
}
