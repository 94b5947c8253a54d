package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.CreateModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.DeleteModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.DeployedModel;
import com.google.cloud.aiplatform.v1.EncryptionSpec;
import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.GetModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.JobState;
import com.google.cloud.aiplatform.v1.ListModelDeploymentMonitoringJobsRequest;
import com.google.cloud.aiplatform.v1.ListModelDeploymentMonitoringJobsResponse;
import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringJob;
import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringObjectiveConfig;
import com.google.cloud.aiplatform.v1.PauseModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.ResumeModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.UpdateModelDeploymentMonitoringJobRequest;
import com.google.protobuf.FieldMask;
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
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.internal.values.DeployedModelName;
import io.fairlead.vertex.internal.values.VertexTimes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The monitoring of variants: each is an objective in the one monitoring job of its endpoint.
 *
 * <p>The job is created for the first variant that is monitored, and deleted with the last. Vertex AI chooses its id;
 * the endpoint contains it.
 */
final class MonitoringKind extends VertexKind<MonitoringSpec> {
  /** The prefix of the id of a job that monitors nothing any more; no variant's name begins with it. */
  private static final String ORPHAN = "#";
  /** The prefix of a job's labels, before a deployed model's id: the run that started to monitor it. */
  private static final String RUN_OF = VertexTags.RUN + "_";

  private static final List<String> ALL_BUT_THE_FIXED = List.of(
      "model_deployment_monitoring_objective_configs",
      "model_deployment_monitoring_schedule_config",
      "logging_sampling_strategy",
      "model_monitoring_alert_config",
      "labels");

  private static final Logger LOG = LoggerFactory.getLogger(MonitoringKind.class);

  private final VertexConfig config;
  private final EndpointCalls endpoints;
  /** The jobs that were paused, and resumed here to be changed. */
  private final Set<String> resumed = ConcurrentHashMap.newKeySet();
  /** Those of them that are to be paused again when an operation has ended. */
  private final Map<String, String> toPause = new ConcurrentHashMap<>();

  MonitoringKind(
      VertexConfig config, VertexNames names, VertexCalls calls, EndpointCalls endpoints) {
    super(MonitoringSpec.KIND, names, calls);
    this.config = config;
    this.endpoints = endpoints;
  }

  // ---- reading ----

  /** An endpoint, and its monitoring job. */
  private record Monitored(Endpoint endpoint, ModelDeploymentMonitoringJob job) {
    boolean isManaged() {
      return VertexTags.areManaged(job.getLabelsMap());
    }

    Optional<ModelDeploymentMonitoringObjectiveConfig> objective(String deployedModelId) {
      return job.getModelDeploymentMonitoringObjectiveConfigsList().stream()
          .filter(objective -> objective.getDeployedModelId().equals(deployedModelId))
          .findFirst();
    }

    /** {@return the objectives whose deployed models exist, without the one of this id} */
    List<ModelDeploymentMonitoringObjectiveConfig> liveObjectivesExcept(String deployedModelId) {
      Set<String> there = endpoint.getDeployedModelsList().stream()
          .map(DeployedModel::getId)
          .collect(Collectors.toSet());
      return job.getModelDeploymentMonitoringObjectiveConfigsList().stream()
          .filter(objective -> there.contains(objective.getDeployedModelId())
              && !objective.getDeployedModelId().equals(deployedModelId))
          .toList();
    }
  }

  @Override
  public Observed<MonitoringSpec> read(String name, Look look) {
    if (isOrphan(name)) {
      return findJob(orphanId(name))
          .map(job -> VertexTags.withOwner(
              observed(job, ModelDeploymentMonitoringObjectiveConfig.getDefaultInstance()),
              job.getLabelsMap()))
          .orElseGet(Observed::absent);
    }
    Optional<Monitored> watched =
        endpoints.find(endpointOf(name), look).flatMap(endpoint -> watched(endpoint, look));
    if (watched.isEmpty()) {
      return Observed.absent();
    }
    if (!watched.get().isManaged()) {
      return Observed.<MonitoringSpec>changing("the endpoint's monitoring job").asForeign();
    }
    String id = VertexNames.deployedModelId(name);
    ModelDeploymentMonitoringJob job = watched.get().job();
    return watched
        .get()
        .objective(id)
        .map(objective -> madeBy(job.getLabelsMap().get(RUN_OF + id), observed(job, objective)))
        .orElseGet(Observed::absent);
  }

  private static Observed<MonitoringSpec> madeBy(
      @Nullable String run, Observed<MonitoringSpec> seen) {
    return run == null ? seen : seen.madeBy(run);
  }

  private static Observed<MonitoringSpec> observed(
      ModelDeploymentMonitoringJob job, ModelDeploymentMonitoringObjectiveConfig objective) {
    return Observed.of(status(job), MonitoringSpec.of(job, objective), detail(job));
  }

  /** A job that is pending, or that was paused by hand, is ready. */
  private static Status status(ModelDeploymentMonitoringJob job) {
    return switch (job.getState()) {
      case JOB_STATE_UPDATING -> Status.CHANGING;
      case JOB_STATE_FAILED, JOB_STATE_CANCELLING, JOB_STATE_CANCELLED, JOB_STATE_EXPIRED ->
        Status.FAILED;
      default -> Status.READY;
    };
  }

  private static String detail(ModelDeploymentMonitoringJob job) {
    return status(job) == Status.FAILED && job.getError().getMessage().isEmpty()
        ? job.getState().name()
        : job.getError().getMessage();
  }

  private Optional<Monitored> watched(Endpoint endpoint, Look look) {
    String job = endpoint.getModelDeploymentMonitoringJob();
    if (job.isEmpty()) {
      return Optional.empty();
    }
    Optional<ModelDeploymentMonitoringJob> found =
        look.once(List.of("job", job), () -> findJob(VertexNames.id(job)));
    return found.map(there -> new Monitored(endpoint, there));
  }

  private Optional<ModelDeploymentMonitoringJob> findJob(String id) {
    return calls.find(
        "Get monitoring job " + id,
        calls.clients().jobs().getModelDeploymentMonitoringJobCallable(),
        GetModelDeploymentMonitoringJobRequest.newBuilder().setName(job(id)).build());
  }

  private String job(String id) {
    return names.parent() + "/modelDeploymentMonitoringJobs/" + id;
  }

  private static String endpointOf(String name) {
    return name.substring(0, name.indexOf('/'));
  }

  private static boolean isOrphan(String name) {
    return name.contains("/" + ORPHAN);
  }

  private static String orphanId(String name) {
    return name.substring(name.indexOf('/') + 1 + ORPHAN.length());
  }

  // ---- changing ----

  @Override
  public Accepted create(String name, MonitoringSpec desired, OwnerTag owner) {
    String id = VertexNames.deployedModelId(name);
    Endpoint endpoint = existing(name);
    Optional<Monitored> watched = watched(endpoint, new Look());
    if (watched.isPresent()) {
      refuseIfForeign(name, watched.get());
      if (watched.get().objective(id).isPresent()) {
        throw failure(ErrorKind.ALREADY_EXISTS, name + " is monitored already");
      }
      if (status(watched.get().job()) == Status.FAILED) {
        throw replacing(name, watched.get().job());
      }
      cannotUpdate(watched.get().job().getPredictInstanceSchemaUri(), desired).ifPresent(why -> {
        throw refusal(
            "Monitor " + name + ": the monitoring job of " + endpointOf(name) + " " + why);
      });
      return write(name, watched.get(), desired, Map.of(RUN_OF + id, owner.run()));
    }
    ModelDeploymentMonitoringJob.Builder job = ModelDeploymentMonitoringJob.newBuilder()
        .setDisplayName(endpointOf(name))
        .setEndpoint(names.endpoint(endpointOf(name)))
        .putAllLabels(VertexTags.of(owner))
        .putLabels(RUN_OF + id, owner.run())
        .setPredictInstanceSchemaUri(desired.predictInstanceSchema());
    config
        .encryptionKey()
        .ifPresent(key -> job.setEncryptionSpec(EncryptionSpec.newBuilder().setKmsKeyName(key)));
    desired.into(job, config.labels());
    desired.into(job.addModelDeploymentMonitoringObjectiveConfigsBuilder().setDeployedModelId(id));
    calls.call(
        "Monitor " + name,
        calls.clients().jobs().createModelDeploymentMonitoringJobCallable(),
        CreateModelDeploymentMonitoringJobRequest.newBuilder()
            .setParent(names.parent())
            .setModelDeploymentMonitoringJob(job)
            .build());
    return Accepted.VISIBLE;
  }

  @Override
  public Accepted update(String name, Observed<MonitoringSpec> current, MonitoringSpec desired) {
    Monitored watched = watched(existing(name), new Look()).orElseThrow(() -> gone(name));
    refuseIfForeign(name, watched);
    return write(name, watched, desired, Map.of());
  }

  @Override
  public Optional<String> cannotUpdate(MonitoringSpec actual, MonitoringSpec desired) {
    return cannotUpdate(actual.predictInstanceSchema(), desired);
  }

  private static Optional<String> cannotUpdate(String schema, MonitoringSpec desired) {
    return schema.equals(desired.predictInstanceSchema())
        ? Optional.empty()
        : Optional.of("has "
            + (schema.isEmpty()
                ? "no predict instance schema"
                : "the predict instance schema " + schema)
            + ", which Vertex AI does not change: give the same, or deploy all variants of the endpoint without"
            + " VertexMonitoring first");
  }

  /** Omits the objectives of undeployed models, because of which Vertex AI would reject the update. */
  private Accepted write(
      String name, Monitored watched, MonitoringSpec desired, Map<String, String> newLabels) {
    String id = VertexNames.deployedModelId(name);
    ModelDeploymentMonitoringJob.Builder job = watched.job().toBuilder()
        .clearModelDeploymentMonitoringObjectiveConfigs()
        .addAllModelDeploymentMonitoringObjectiveConfigs(watched.liveObjectivesExcept(id))
        .putAllLabels(newLabels);
    desired.into(job, config.labels());
    ModelDeploymentMonitoringObjectiveConfig.Builder objective = watched
        .objective(id)
        .map(ModelDeploymentMonitoringObjectiveConfig::toBuilder)
        .orElseGet(
            () -> ModelDeploymentMonitoringObjectiveConfig.newBuilder().setDeployedModelId(id));
    desired.into(objective);
    job.addModelDeploymentMonitoringObjectiveConfigs(objective);
    return update("Monitor " + name, job);
  }

  private Accepted update(String what, ModelDeploymentMonitoringJob.Builder job) {
    Set<String> watched = job.getModelDeploymentMonitoringObjectiveConfigsList().stream()
        .map(objective -> RUN_OF + objective.getDeployedModelId())
        .collect(Collectors.toSet());
    Map<String, String> labels = new TreeMap<>(job.getLabelsMap());
    labels.keySet().removeIf(label -> label.startsWith(RUN_OF) && !watched.contains(label));
    try {
      return calls.start(
          what,
          calls.clients().jobs().updateModelDeploymentMonitoringJobCallable(),
          UpdateModelDeploymentMonitoringJobRequest.newBuilder()
              .setModelDeploymentMonitoringJob(job.clearLabels().putAllLabels(labels))
              .setUpdateMask(FieldMask.newBuilder().addAllPaths(ALL_BUT_THE_FIXED))
              .build());
    } catch (ServingException e) {
      throw e.kind() == ErrorKind.CONFLICT && job.getState() == JobState.JOB_STATE_PAUSED
          ? paused(what, job, e)
          : e;
    }
  }

  @Override
  public Accepted delete(String name, Observed<MonitoringSpec> current, Set<ResourceRef> going) {
    if (isOrphan(name)) {
      return deleteJob(name, orphanId(name));
    }
    Monitored watched = watched(existing(name), new Look()).orElseThrow(() -> gone(name));
    refuseIfForeign(name, watched);
    List<ModelDeploymentMonitoringObjectiveConfig> others =
        watched.liveObjectivesExcept(VertexNames.deployedModelId(name));
    // A failed job monitors nothing, and cannot be changed.
    if (others.isEmpty() || status(watched.job()) == Status.FAILED) {
      return deleteJob(name, VertexNames.id(watched.job().getName()));
    }
    String job = watched.job().getName();
    if (watched.job().getState() == JobState.JOB_STATE_PAUSED) {
      resume(job);
    }
    Accepted accepted = update(
        "Stop monitoring " + name,
        watched.job().toBuilder()
            .clearState()
            .clearModelDeploymentMonitoringObjectiveConfigs()
            .addAllModelDeploymentMonitoringObjectiveConfigs(others));
    if (resumed.contains(job)) {
      accepted.operation().ifPresent(operation -> toPause.put(operation, job));
    }
    return accepted;
  }

  /** Vertex AI changes only running jobs; it is paused again when the change has ended. */
  private void resume(String job) {
    calls.call(
        "Resume monitoring job " + VertexNames.id(job),
        calls.clients().jobs().resumeModelDeploymentMonitoringJobCallable(),
        ResumeModelDeploymentMonitoringJobRequest.newBuilder().setName(job).build());
    resumed.add(job);
  }

  @Override
  public Outcome poll(String operation) {
    Outcome outcome = super.poll(operation);
    Optional<String> job = outcome.state() == Outcome.State.RUNNING
        ? Optional.empty()
        : Optional.ofNullable(toPause.remove(operation));
    job.filter(resumed::remove).ifPresent(this::pause);
    return outcome;
  }

  private void pause(String job) {
    try {
      calls.call(
          "Pause monitoring job " + VertexNames.id(job),
          calls.clients().jobs().pauseModelDeploymentMonitoringJobCallable(),
          PauseModelDeploymentMonitoringJobRequest.newBuilder().setName(job).build());
    } catch (ServingException e) {
      // The variant is undeployed all the same; the job runs on.
      LOG.warn("{}", e.getMessage());
    }
  }

  /** A failed job cannot be changed, so it is deleted before another is created. */
  private ServingException replacing(String name, ModelDeploymentMonitoringJob job) {
    deleteJob(name, VertexNames.id(job.getName()));
    return failure(
        ErrorKind.CONFLICT,
        "The monitoring job of " + endpointOf(name) + " failed (" + detail(job)
            + ") and is being deleted");
  }

  private Accepted deleteJob(String name, String id) {
    return calls.start(
        "Delete the monitoring job of " + endpointOf(name),
        calls.clients().jobs().deleteModelDeploymentMonitoringJobCallable(),
        DeleteModelDeploymentMonitoringJobRequest.newBuilder().setName(job(id)).build());
  }

  private Endpoint existing(String name) {
    return endpoints.find(endpointOf(name)).orElseThrow(() -> gone(name));
  }

  // ---- refusing ----

  private static void refuseIfForeign(String name, Monitored watched) {
    if (!watched.isManaged()) {
      throw refusal("Monitor " + name + ": endpoint " + endpointOf(name)
          + " has a monitoring job that is not managed by Fairlead, so it is left untouched: leave out "
          + "VertexMonitoring, or delete that job yourself");
    }
  }

  private static ServingException gone(String name) {
    return failure(
        ErrorKind.NOT_FOUND,
        "The endpoint of " + name + ", or its monitoring job, no longer exists");
  }

  private static ServingException paused(
      String what, ModelDeploymentMonitoringJob.Builder job, ServingException cause) {
    return ServingException.builder(
            VertexProvider.ID,
            ErrorKind.CONFLICT,
            what + ": monitoring job " + VertexNames.id(job.getName())
                + " is paused, and Vertex AI changes only running ones: resume it, or delete it, first")
        .retryable(false)
        .cause(cause)
        .build();
  }

  // ---- listing ----

  @Override
  public List<Listed> list(Look look) {
    List<Listed> listed = new ArrayList<>();
    calls
        .list(
            "monitoring jobs",
            token -> calls.call(
                "List the monitoring jobs",
                calls.clients().jobs().listModelDeploymentMonitoringJobsCallable(),
                ListModelDeploymentMonitoringJobsRequest.newBuilder()
                    .setParent(names.parent())
                    .setFilter(VertexTags.FILTER)
                    .setPageSize(VertexCalls.PAGE)
                    .setPageToken(token)
                    .build()),
            ListModelDeploymentMonitoringJobsResponse::getModelDeploymentMonitoringJobsList,
            ListModelDeploymentMonitoringJobsResponse::getNextPageToken)
        .forEach(job -> addTo(listed, job, look));
    return listed;
  }

  /**
   * Lists a job once for each managed variant that it monitors. A job that monitors nothing any more is listed by its
   * id and without an owner, so that it is swept: its endpoint was deleted, or has another job, or all its variants
   * were undeployed by hand.
   */
  private void addTo(List<Listed> listed, ModelDeploymentMonitoringJob job, Look look) {
    String id = VertexNames.id(job.getName());
    String name = VertexNames.id(job.getEndpoint());
    Optional<Monitored> watched = endpoints
        .find(name, look)
        .filter(endpoint ->
            VertexNames.id(endpoint.getModelDeploymentMonitoringJob()).equals(id))
        .map(endpoint -> new Monitored(endpoint, job));
    List<ModelDeploymentMonitoringObjectiveConfig> live =
        watched.map(now -> now.liveObjectivesExcept("")).orElse(List.of());
    if (live.isEmpty()) {
      listed.add(listed(name, name + "/" + ORPHAN + id, job, Optional.empty()));
      return;
    }
    Map<String, String> variants = watched.map(now -> variants(now.endpoint())).orElse(Map.of());
    for (ModelDeploymentMonitoringObjectiveConfig objective : live) {
      String variant = variants.get(objective.getDeployedModelId());
      if (variant != null) {
        String path = name + "/" + variant;
        listed.add(listed(
            name, path, job, Optional.of(new ResourceRef(DeployedModelSpec.KIND.name(), path))));
      }
    }
  }

  private static Listed listed(
      String endpoint,
      String name,
      ModelDeploymentMonitoringJob job,
      Optional<ResourceRef> ownedBy) {
    Listed listed = Listed.of(
            new ResourceRef(MonitoringSpec.KIND.name(), name),
            VertexTimes.instant(job.getCreateTime()))
        .deployment(endpoint)
        .status(status(job), detail(job));
    return ownedBy.map(listed::ownedBy).orElse(listed);
  }

  /** {@return the managed variants of an endpoint, by the ids of their deployed models} */
  private static Map<String, String> variants(Endpoint endpoint) {
    Map<String, String> variants = new TreeMap<>();
    for (DeployedModel deployed : endpoint.getDeployedModelsList()) {
      DeployedModelName.variant(deployed)
          .ifPresent(variant -> variants.put(deployed.getId(), variant));
    }
    return variants;
  }

  @Override
  public boolean mayUse(String kind) {
    return false;
  }
}
