package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.api.gax.rpc.UnaryCallable;
import com.google.cloud.aiplatform.v1.CreateEndpointRequest;
import com.google.cloud.aiplatform.v1.CreateModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.DedicatedResources;
import com.google.cloud.aiplatform.v1.DeleteEndpointRequest;
import com.google.cloud.aiplatform.v1.DeployModelRequest;
import com.google.cloud.aiplatform.v1.DeployedModel;
import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.GetModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.JobState;
import com.google.cloud.aiplatform.v1.MachineSpec;
import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringJob;
import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringObjectiveConfig;
import com.google.cloud.aiplatform.v1.ModelMonitoringAlertConfig;
import com.google.cloud.aiplatform.v1.ModelMonitoringObjectiveConfig;
import com.google.cloud.aiplatform.v1.ModelMonitoringObjectiveConfig.PredictionDriftDetectionConfig;
import com.google.cloud.aiplatform.v1.ThresholdConfig;
import com.google.cloud.aiplatform.v1.UndeployModelRequest;
import com.google.cloud.aiplatform.v1.UpdateModelDeploymentMonitoringJobRequest;
import com.google.longrunning.Operation;
import com.google.protobuf.FieldMask;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.Observed.Status;
import io.fairlead.reconcile.Outcome;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexMonitoring;
import io.fairlead.vertex.internal.values.DeployedModelName;
import io.fairlead.vertex.standin.Project;
import io.fairlead.vertex.standin.StandIn;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MonitoringKindTest {
  private static final AtomicInteger PROJECTS = new AtomicInteger();
  private static final String BLUE = "llama/blue";
  private static final String GREEN = "llama/green";
  private static final OwnerTag MARK = new OwnerTag("llama", "run-1");
  private static final VertexMonitoring OPTION = VertexMonitoring.drift(
          Map.of("age", 0.3, "country", 0.2))
      .withSamplingRate(0.5)
      .withInterval(Duration.ofHours(6))
      .withAlertEmails("a@example.com");
  private static final MonitoringSpec DAILY = MonitoringSpec.of(OPTION);

  private final VirtualTime time = new VirtualTime();
  private final Project project = StandIn.project("monitoring-" + PROJECTS.incrementAndGet(), time);
  private final VertexConfig config = VertexConfig.of(project.id(), Project.LOCATION)
      .withTransport(StandIn.transport(Faults.none()))
      .withPlaintextEndpoint(StandIn.endpoint());
  private final VertexClients clients = new VertexClients(config);
  private final VertexNames names = new VertexNames(config);
  private final VertexCalls calls = new VertexCalls(
      clients, new VertexErrors(VertexClients.identity(config)), config.callTimeout());
  private final MonitoringKind kind =
      new MonitoringKind(config, names, calls, new EndpointCalls(names, calls));

  @BeforeEach
  void anEndpointThatTwoVariantsServe() {
    project.addModel("m");
    done(
        clients.endpoints().createEndpointCallable(),
        CreateEndpointRequest.newBuilder()
            .setParent(names.parent())
            .setEndpointId("llama")
            .setEndpoint(Endpoint.newBuilder().setDisplayName("llama"))
            .build());
    deploy(BLUE);
    deploy(GREEN);
    project.forgetCalls();
  }

  @AfterEach
  void close() {
    clients.close();
    project.close();
  }

  private <Q> void done(UnaryCallable<Q, Operation> callable, Q request) {
    String operation = calls.start("Test", callable, request).operation().orElseThrow();
    time.pass(Duration.ofHours(1));
    assertThat(calls.poll(operation)).isEqualTo(Outcome.succeeded());
  }

  private void deploy(String path) {
    deploy(
        VertexNames.deployedModelId(path),
        DeployedModelName.displayName(path.substring("llama/".length()), "run-1"));
  }

  private void deploy(String id, String displayName) {
    done(
        clients.endpoints().deployModelCallable(),
        DeployModelRequest.newBuilder()
            .setEndpoint(names.endpoint("llama"))
            .setDeployedModel(DeployedModel.newBuilder()
                .setId(id)
                .setDisplayName(displayName)
                .setModel(names.model("m"))
                .setDedicatedResources(DedicatedResources.newBuilder()
                    .setMachineSpec(MachineSpec.newBuilder().setMachineType("n1-standard-4"))
                    .setMinReplicaCount(1)))
            .build());
  }

  private void undeploy(String path) {
    done(
        clients.endpoints().undeployModelCallable(),
        UndeployModelRequest.newBuilder()
            .setEndpoint(names.endpoint("llama"))
            .setDeployedModelId(VertexNames.deployedModelId(path))
            .build());
  }

  private void deleteEndpoint() {
    done(
        clients.endpoints().deleteEndpointCallable(),
        DeleteEndpointRequest.newBuilder().setName(names.endpoint("llama")).build());
  }

  private void end(Accepted started) {
    time.pass(Duration.ofHours(1));
    assertThat(kind.poll(started.operation().orElseThrow())).isEqualTo(Outcome.succeeded());
  }

  private void blueIsWatched() {
    assertThat(kind.create(BLUE, DAILY, MARK)).isEqualTo(Accepted.VISIBLE);
    time.pass(Duration.ofMinutes(5));
    project.forgetCalls();
  }

  private void bothAreWatched() {
    blueIsWatched();
    end(kind.create(GREEN, DAILY, new OwnerTag("llama", "run-2")));
    project.forgetCalls();
  }

  private ModelDeploymentMonitoringJob job() {
    return calls.call(
        "Test",
        clients.jobs().getModelDeploymentMonitoringJobCallable(),
        GetModelDeploymentMonitoringJobRequest.newBuilder()
            .setName(project.endpoint("llama").getModelDeploymentMonitoringJob())
            .build());
  }

  private void byHand(String mask, Consumer<ModelDeploymentMonitoringJob.Builder> change) {
    ModelDeploymentMonitoringJob.Builder job = job().toBuilder();
    change.accept(job);
    done(
        clients.jobs().updateModelDeploymentMonitoringJobCallable(),
        UpdateModelDeploymentMonitoringJobRequest.newBuilder()
            .setModelDeploymentMonitoringJob(job)
            .setUpdateMask(FieldMask.newBuilder().addPaths(mask))
            .build());
    project.forgetCalls();
  }

  private String jobId() {
    return VertexNames.id(project.endpoint("llama").getModelDeploymentMonitoringJob());
  }

  private static ResourceRef ref(String name) {
    return new ResourceRef("monitoring", name);
  }

  // ---- reading ----

  @Test
  void whereThereIsNoJobNoJobIsAskedFor() {
    assertThat(kind.read(BLUE, new Look()).status()).isEqualTo(Status.ABSENT);
    assertThat(kind.read("other/blue", new Look()).status()).isEqualTo(Status.ABSENT);

    assertThat(project.calls()).containsExactly("GetEndpoint", "GetEndpoint");
  }

  @Test
  void aVariantThatTheJobDoesNotWatchIsNotWatched() {
    blueIsWatched();

    assertThat(kind.read(GREEN, new Look())).isEqualTo(Observed.absent());
  }

  @Test
  void aJobOfSomebodyElsesIsForeignWhateverItWatches() {
    blueIsWatched();
    byHand("labels", job -> job.clearLabels().putLabels("team", "search"));

    assertThat(kind.read(BLUE, new Look()).foreign()).isTrue();
    assertThat(kind.read(GREEN, new Look()).foreign()).isTrue();
    assertThat(kind.read(GREEN, new Look()).status()).isNotEqualTo(Status.ABSENT);
    assertThat(kind.list(new Look())).isEmpty();
  }

  @Test
  void whatWasSetByHandIsReadAsItIsThoughNoOptionCouldSayIt() {
    blueIsWatched();
    byHand(
        "model_deployment_monitoring_schedule_config",
        job -> job.getModelDeploymentMonitoringScheduleConfigBuilder()
            .getMonitorIntervalBuilder()
            .setSeconds(90));

    assertThat(kind.read(BLUE, new Look()).value().orElseThrow().interval())
        .isEqualTo(Duration.ofSeconds(90));
  }

  // ---- making ----

  @Test
  void theFirstVariantThatIsWatchedMakesTheEndpointsJob() {
    Accepted started = kind.create(BLUE, DAILY, MARK);

    assertThat(started).isEqualTo(Accepted.VISIBLE);
    ModelDeploymentMonitoringJob sent = project
        .requests(
            "CreateModelDeploymentMonitoringJob", CreateModelDeploymentMonitoringJobRequest.class)
        .get(0)
        .getModelDeploymentMonitoringJob();
    assertThat(sent.getDisplayName()).isEqualTo("llama");
    assertThat(sent.getLabelsMap())
        .containsEntry(VertexTags.DEPLOYMENT, "llama")
        .containsEntry(VertexTags.RUN, "run-1");
    assertThat(sent.getModelDeploymentMonitoringScheduleConfig()
            .getMonitorInterval()
            .getSeconds())
        .isEqualTo(21_600);
    assertThat(sent.getLoggingSamplingStrategy().getRandomSampleConfig().getSampleRate())
        .isEqualTo(0.5);
    assertThat(sent.getModelMonitoringAlertConfig().getEmailAlertConfig().getUserEmailsList())
        .containsExactly("a@example.com");
    assertThat(sent.getModelDeploymentMonitoringObjectiveConfigsList())
        .singleElement()
        .satisfies(objective -> {
          assertThat(objective.getDeployedModelId()).isEqualTo(VertexNames.deployedModelId(BLUE));
          PredictionDriftDetectionConfig drift =
              objective.getObjectiveConfig().getPredictionDriftDetectionConfig();
          assertThat(drift.getDriftThresholdsOrThrow("age").getValue()).isEqualTo(0.3);
          assertThat(drift.getDriftThresholdsOrThrow("country").getValue()).isEqualTo(0.2);
          assertThat(drift.hasDefaultDriftThreshold()).isFalse();
        });
    assertThat(kind.read(BLUE, new Look())).isEqualTo(Observed.ready(DAILY).madeBy("run-1"));
  }

  @Test
  void aDefaultThresholdAndASchemaAreKeptAndNobodyIsWrittenTo() {
    MonitoringSpec monitoring = MonitoringSpec.of(
        VertexMonitoring.drift(0.4).withPredictInstanceSchema("gs://models/schema.yaml"));

    kind.create(BLUE, monitoring, MARK);

    assertThat(kind.read(BLUE, new Look()).value()).contains(monitoring);
    assertThat(job().getModelMonitoringAlertConfig().hasEmailAlertConfig()).isFalse();
  }

  @Test
  void theNextVariantJoinsTheJobAndTheFirstStaysWatched() {
    bothAreWatched();

    assertThat(kind.read(BLUE, new Look())).isEqualTo(Observed.ready(DAILY).madeBy("run-1"));
    assertThat(kind.read(GREEN, new Look())).isEqualTo(Observed.ready(DAILY).madeBy("run-2"));
    assertThat(project.remains())
        .filteredOn(name -> name.startsWith("monitoring-job/"))
        .hasSize(1);
  }

  @Test
  void theLastDeploymentSaysWhatTheJobHasForAll() {
    blueIsWatched();
    MonitoringSpec hourly =
        MonitoringSpec.of(VertexMonitoring.drift(0.4).withInterval(Duration.ofHours(1)));

    end(kind.create(GREEN, hourly, MARK));

    assertThat(kind.read(GREEN, new Look()).value()).contains(hourly);
    assertThat(kind.read(BLUE, new Look()).value())
        .contains(MonitoringSpec.of(hourlyWithoutEmails(OPTION)));
  }

  private static VertexMonitoring hourlyWithoutEmails(VertexMonitoring option) {
    return option.withInterval(Duration.ofHours(1)).withSamplingRate(1).withAlertEmails();
  }

  @Test
  void aVariantThatSaysAnotherSchemaThanTheJobHasIsRefused() {
    blueIsWatched();
    MonitoringSpec other =
        MonitoringSpec.of(OPTION.withPredictInstanceSchema("gs://models/schema.yaml"));

    assertThatThrownBy(() -> kind.create(GREEN, other, MARK))
        .isInstanceOfSatisfying(ServingException.class, e -> {
          assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT);
          assertThat(e.retryable()).isFalse();
        })
        .hasMessage(
            "Monitor llama/green: the monitoring job of llama has no predict instance schema, which Vertex AI "
                + "does not change: give the same, or deploy all variants of the endpoint without "
                + "VertexMonitoring first");
    assertThat(kind.cannotUpdate(other, DAILY))
        .hasValueSatisfying(why -> assertThat(why)
            .startsWith(
                "has the predict instance schema gs://models/schema.yaml, which Vertex AI"));
    assertThat(kind.cannotUpdate(DAILY, MonitoringSpec.of(hourlyWithoutEmails(OPTION))))
        .isEmpty();
  }

  @Test
  void aJobThatSomebodyElseMadeMeanwhileIsNotTouched() {
    blueIsWatched();
    Observed<MonitoringSpec> seen = kind.read(BLUE, new Look());
    byHand("labels", ModelDeploymentMonitoringJob.Builder::clearLabels);

    for (Runnable change : List.<Runnable>of(
        () -> kind.create(GREEN, DAILY, MARK),
        () -> kind.update(BLUE, seen, DAILY),
        () -> kind.delete(BLUE, seen, Set.of()))) {
      assertThatThrownBy(change::run)
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.retryable()).isFalse())
          .hasMessageEndingWith(
              ": endpoint llama has a monitoring job that is not managed by Fairlead, so it is left "
                  + "untouched: leave out"
                  + " VertexMonitoring, or delete that job yourself");
    }
    assertThat(project.calls()).containsOnly("GetEndpoint", "GetModelDeploymentMonitoringJob");
  }

  @Test
  void anEndpointThatIsGoneIsNotFound() {
    for (Runnable change : List.<Runnable>of(
        () -> kind.create("other/blue", DAILY, MARK),
        () -> kind.update("other/blue", Observed.absent(), DAILY),
        () -> kind.delete("other/blue", Observed.absent(), Set.of()),
        () -> kind.update(BLUE, Observed.absent(), DAILY),
        () -> kind.delete(BLUE, Observed.absent(), Set.of()))) {
      assertThatThrownBy(change::run)
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND));
    }
  }

  @Test
  void aJobThatFailedIsDeletedBeforeAnotherIsMade() {
    blueIsWatched();
    project.monitoringJobsAre(JobState.JOB_STATE_FAILED, "no table");
    assertThat(kind.read(BLUE, new Look()).status()).isEqualTo(Status.FAILED);
    assertThat(kind.read(BLUE, new Look()).detail()).isEqualTo("no table");

    assertThatThrownBy(() -> kind.create(GREEN, DAILY, MARK))
        .isInstanceOfSatisfying(ServingException.class, e -> {
          assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT);
          assertThat(e.retryable()).isTrue();
        })
        .hasMessage("The monitoring job of llama failed (no table) and is being deleted");

    time.pass(Duration.ofMinutes(5));
    assertThat(kind.create(GREEN, DAILY, MARK)).isEqualTo(Accepted.VISIBLE);
    assertThat(kind.read(GREEN, new Look())).isEqualTo(Observed.ready(DAILY).madeBy("run-1"));
  }

  // ---- changing ----

  @Test
  void whileTheJobIsUpdatedItIsOnItsWay() {
    blueIsWatched();

    kind.update(BLUE, kind.read(BLUE, new Look()), MonitoringSpec.of(OPTION.withSamplingRate(1)));

    assertThat(kind.read(BLUE, new Look()).status()).isEqualTo(Status.CHANGING);
    assertThat(kind.list(new Look())).extracting(Listed::status).containsExactly(Status.CHANGING);
  }

  @Test
  void aJobThatIsNotPreparedYetIsAsItShouldBeAndChangedLater() {
    kind.create(BLUE, DAILY, MARK);

    assertThat(kind.read(BLUE, new Look()).status()).isEqualTo(Status.READY);
    assertThatThrownBy(() -> kind.create(GREEN, DAILY, MARK))
        .isInstanceOfSatisfying(ServingException.class, e -> {
          assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT);
          assertThat(e.retryable()).isTrue();
        });
  }

  @Test
  void aJobThatSomebodyPausedIsNotChangedButForAnUndeploy() {
    bothAreWatched();
    project.monitoringJobsAre(JobState.JOB_STATE_PAUSED, "");
    Observed<MonitoringSpec> seen = kind.read(BLUE, new Look());
    assertThat(seen.status()).isEqualTo(Status.READY);

    assertThatThrownBy(() -> kind.update(BLUE, seen, MonitoringSpec.of(OPTION.withSamplingRate(1))))
        .isInstanceOfSatisfying(ServingException.class, e -> {
          assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT);
          assertThat(e.retryable()).isFalse();
          assertThat(e).hasCauseInstanceOf(ServingException.class);
        })
        .hasMessageContaining(
            "llama/blue: monitoring job " + jobId()
                + " is paused, and Vertex AI changes only running ones: resume it, or delete it, first");
    assertThatThrownBy(() -> kind.delete(BLUE, seen, Set.of()))
        .as("until it runs again")
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.retryable()).isTrue());
  }

  @Test
  void aChangeIsOfTheVariantAloneAndOfWhatTheJobHasForAll() {
    bothAreWatched();
    MonitoringSpec wanted = MonitoringSpec.of(VertexMonitoring.drift(Map.of("age", 0.9))
        .withAlertEmails("b@example.com")
        .withInterval(Duration.ofHours(12)));

    end(kind.update(BLUE, kind.read(BLUE, new Look()), wanted));

    assertThat(kind.read(BLUE, new Look())).isEqualTo(Observed.ready(wanted).madeBy("run-1"));
    assertThat(kind.read(GREEN, new Look()).value().orElseThrow().driftThresholds())
        .isEqualTo(DAILY.driftThresholds());
  }

  @Test
  void whatSomebodyAddedByHandToWhatIsOursStays() {
    blueIsWatched();
    byHand(
        "model_monitoring_alert_config",
        job -> job.setModelMonitoringAlertConfig(
            ModelMonitoringAlertConfig.newBuilder().setEnableLogging(true)));
    byHand("labels", job -> job.putLabels("team", "search"));
    byHand(
        "model_deployment_monitoring_objective_configs",
        job -> job.getModelDeploymentMonitoringObjectiveConfigsBuilder(0)
            .getObjectiveConfigBuilder()
            .setExplanationConfig(ModelMonitoringObjectiveConfig.ExplanationConfig.newBuilder()
                .setEnableFeatureAttributes(true))
            .getPredictionDriftDetectionConfigBuilder()
            .putAttributionScoreDriftThresholds(
                "age", ThresholdConfig.newBuilder().setValue(0.7).build()));

    end(kind.update(BLUE, kind.read(BLUE, new Look()), DAILY));

    assertThat(kind.read(BLUE, new Look()).value())
        .contains(DAILY.withLabels(new TreeMap<>(Map.of("team", "search"))));
    assertThat(job().getModelMonitoringAlertConfig().getEnableLogging()).isTrue();
    assertThat(job().getLabelsMap()).containsEntry("team", "search");
    ModelMonitoringObjectiveConfig objective =
        job().getModelDeploymentMonitoringObjectiveConfigs(0).getObjectiveConfig();
    assertThat(objective.getExplanationConfig().getEnableFeatureAttributes()).isTrue();
    assertThat(objective
            .getPredictionDriftDetectionConfig()
            .getAttributionScoreDriftThresholdsOrThrow("age")
            .getValue())
        .isEqualTo(0.7);
  }

  @Test
  void whatWasUndeployedByHandIsNoLongerWatchedAfterTheNextChange() {
    bothAreWatched();
    undeploy(GREEN);

    end(kind.update(
        BLUE, kind.read(BLUE, new Look()), MonitoringSpec.of(OPTION.withSamplingRate(1))));

    assertThat(job().getModelDeploymentMonitoringObjectiveConfigsList())
        .extracting(ModelDeploymentMonitoringObjectiveConfig::getDeployedModelId)
        .containsExactly(VertexNames.deployedModelId(BLUE));
    assertThat(job().getLabelsMap())
        .hasSize(3)
        .containsKey(VertexTags.RUN + "_" + VertexNames.deployedModelId(BLUE));
  }

  // ---- removing ----

  @Test
  void theJobGoesWithTheLastVariantThatItWatches() {
    bothAreWatched();

    end(kind.delete(BLUE, kind.read(BLUE, new Look()), Set.of()));

    assertThat(kind.read(BLUE, new Look()).status()).isEqualTo(Status.ABSENT);
    assertThat(kind.read(GREEN, new Look())).isEqualTo(Observed.ready(DAILY).madeBy("run-2"));

    end(kind.delete(GREEN, kind.read(GREEN, new Look()), Set.of()));

    assertThat(kind.read(GREEN, new Look()).status()).isEqualTo(Status.ABSENT);
    assertThat(project.remains()).noneMatch(name -> name.startsWith("monitoring-job/"));
  }

  @Test
  void theJobGoesWhenTheOtherThatItWatchedWasUndeployedByHand() {
    bothAreWatched();
    undeploy(GREEN);

    end(kind.delete(BLUE, kind.read(BLUE, new Look()), Set.of()));

    assertThat(project.remains()).noneMatch(name -> name.startsWith("monitoring-job/"));
  }

  @Test
  void aJobThatFailedGoesWithTheFirstVariantThatIsNoLongerWatched() {
    bothAreWatched();
    project.monitoringJobsAre(JobState.JOB_STATE_FAILED, "");
    assertThat(kind.read(BLUE, new Look()).detail()).isEqualTo("JOB_STATE_FAILED");

    end(kind.delete(BLUE, kind.read(BLUE, new Look()), Set.of()));

    assertThat(project.remains()).noneMatch(name -> name.startsWith("monitoring-job/"));
  }

  @Test
  void whereThereIsNoJobTheListIsOneCall() {
    assertThat(kind.list(new Look())).isEmpty();

    assertThat(project.calls()).containsExactly("ListModelDeploymentMonitoringJobs");
  }

  @Test
  void eachVariantThatIsWatchedIsListedAsBelongingToIt() {
    bothAreWatched();
    project.pageSize(1);

    List<Listed> listed = kind.list(new Look());

    assertThat(listed).extracting(Listed::ref).containsExactlyInAnyOrder(ref(BLUE), ref(GREEN));
    assertThat(listed).allSatisfy(entry -> {
      assertThat(entry.deployment()).isEqualTo("llama");
      assertThat(entry.ownedBy())
          .contains(new ResourceRef("deployed-model", entry.ref().name()));
      assertThat(entry.status()).isEqualTo(Status.READY);
      assertThat(entry.root()).isFalse();
      assertThat(entry.createdAt()).isBefore(time.now()).isAfter(time.now().minusSeconds(7_200));
    });
  }

  @Test
  void aDeployedModelOfSomebodyElsesIsNotListedAndKeepsTheJob() {
    blueIsWatched();
    deploy("77", "by hand");
    byHand(
        "model_deployment_monitoring_objective_configs",
        job -> job.addModelDeploymentMonitoringObjectiveConfigsBuilder().setDeployedModelId("77"));
    assertThat(kind.list(new Look())).extracting(Listed::ref).containsExactly(ref(BLUE));

    end(kind.delete(BLUE, kind.read(BLUE, new Look()), Set.of()));

    assertThat(kind.list(new Look())).isEmpty();
    assertThat(job().getModelDeploymentMonitoringObjectiveConfigsList())
        .extracting(ModelDeploymentMonitoringObjectiveConfig::getDeployedModelId)
        .containsExactly("77");
  }

  @Test
  void aJobWhoseVariantsWereUndeployedByHandBelongsToNothingAndCanBeRemoved() {
    bothAreWatched();
    undeploy(BLUE);
    undeploy(GREEN);

    assertStrayIsListedAndRemoved(jobId());
  }

  @Test
  void aJobWhoseEndpointIsGoneBelongsToNothingAndCanBeRemoved() {
    bothAreWatched();
    String id = jobId();
    undeploy(BLUE);
    undeploy(GREEN);
    deleteEndpoint();

    assertStrayIsListedAndRemoved(id);
  }

  @Test
  void aJobThatItsEndpointDoesNotKnowBelongsToNothingAndCanBeRemoved() {
    blueIsWatched();
    String first = jobId();
    calls.call(
        "Test",
        clients.jobs().createModelDeploymentMonitoringJobCallable(),
        CreateModelDeploymentMonitoringJobRequest.newBuilder()
            .setParent(names.parent())
            .setModelDeploymentMonitoringJob(job())
            .build());
    assertThat(jobId()).isNotEqualTo(first);

    assertThat(kind.list(new Look()))
        .extracting(Listed::ref)
        .containsExactlyInAnyOrder(ref(BLUE), ref("llama/#" + first));
  }

  private void assertStrayIsListedAndRemoved(String id) {
    assertThat(kind.list(new Look())).singleElement().satisfies(entry -> {
      assertThat(entry.ref()).isEqualTo(ref("llama/#" + id));
      assertThat(entry.deployment()).isEqualTo("llama");
      assertThat(entry.ownedBy()).isEmpty();
    });
    Observed<MonitoringSpec> seen = kind.read("llama/#" + id, new Look());
    assertThat(seen.status()).isEqualTo(Status.READY);
    assertThat(seen.run()).contains("run-1");

    end(kind.delete("llama/#" + id, seen, Set.of()));

    assertThat(kind.read("llama/#" + id, new Look()).status()).isEqualTo(Status.ABSENT);
    assertThat(kind.list(new Look())).isEmpty();
    assertThat(project.remains()).noneMatch(name -> name.startsWith("monitoring-job/"));
  }
}
