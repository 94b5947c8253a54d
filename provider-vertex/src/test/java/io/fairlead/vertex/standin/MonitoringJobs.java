package io.fairlead.vertex.standin;

import com.google.cloud.aiplatform.v1.CreateModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.DeleteModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.DeleteOperationMetadata;
import com.google.cloud.aiplatform.v1.GetModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.JobState;
import com.google.cloud.aiplatform.v1.ListModelDeploymentMonitoringJobsRequest;
import com.google.cloud.aiplatform.v1.ListModelDeploymentMonitoringJobsResponse;
import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringJob;
import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringJob.MonitoringScheduleState;
import com.google.cloud.aiplatform.v1.PauseModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.ResumeModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.UpdateModelDeploymentMonitoringJobOperationMetadata;
import com.google.cloud.aiplatform.v1.UpdateModelDeploymentMonitoringJobRequest;
import com.google.longrunning.Operation;
import com.google.protobuf.Empty;
import com.google.protobuf.util.FieldMaskUtil;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The part of JobService that watches what deployed models predict. */
final class MonitoringJobs {
  private static final Set<String> MUTABLE = Set.of(
      "display_name",
      "model_deployment_monitoring_objective_configs",
      "model_deployment_monitoring_schedule_config",
      "logging_sampling_strategy",
      "model_monitoring_alert_config",
      "labels",
      "log_ttl");

  private static final Duration PREPARATION = Duration.ofMinutes(1);

  private final Project project;
  private final Map<String, ModelDeploymentMonitoringJob> jobs = new TreeMap<>();

  MonitoringJobs(Project project) {
    this.project = project;
  }

  void remains(Set<String> all) {
    jobs.values()
        .forEach(job -> all.add("monitoring-job/" + project.name(job.getName()).id()));
  }

  List<ModelDeploymentMonitoringJob> all() {
    return List.copyOf(jobs.values());
  }

  /** Brings all jobs into a state, as the service or somebody does. */
  void state(JobState state, String error) {
    jobs.replaceAll((key, job) -> {
      ModelDeploymentMonitoringJob.Builder changed =
          job.toBuilder().setState(state).clearError();
      if (!error.isEmpty()) {
        changed.getErrorBuilder().setCode(Status.Code.INTERNAL.value()).setMessage(error);
      }
      return changed.build();
    });
  }

  /** Its update has ended, however it did. */
  void updated(ResourceName name) {
    become(name, JobState.JOB_STATE_UPDATING, JobState.JOB_STATE_RUNNING);
  }

  private void become(ResourceName name, JobState from, JobState to) {
    jobs.computeIfPresent(
        name.key(),
        (key, job) -> job.getState() == from ? job.toBuilder().setState(to).build() : job);
  }

  ModelDeploymentMonitoringJob create(CreateModelDeploymentMonitoringJobRequest request) {
    ModelDeploymentMonitoringJob job = request.getModelDeploymentMonitoringJob();
    Rules.displayName(job.getDisplayName());
    Rules.labels(job.getLabelsMap());
    EndpointState endpoint = project.endpoints().existing(job.getEndpoint());
    objectives(job, endpoint);
    ResourceName name =
        project.name(request.getParent()).sibling("modelDeploymentMonitoringJobs", project.newId());
    ModelDeploymentMonitoringJob created = job.toBuilder()
        .setName(name.toString())
        .setEndpoint(endpoint.name.toString())
        .setState(JobState.JOB_STATE_PENDING)
        .setScheduleState(MonitoringScheduleState.PENDING)
        .setCreateTime(project.now())
        .setUpdateTime(project.now())
        .build();
    jobs.put(name.key(), created);
    endpoint.monitoringJob = name.toString();
    project.in(
        PREPARATION, () -> become(name, JobState.JOB_STATE_PENDING, JobState.JOB_STATE_RUNNING));
    return created;
  }

  private static void objectives(ModelDeploymentMonitoringJob job, EndpointState endpoint) {
    job.getModelDeploymentMonitoringObjectiveConfigsList()
        .forEach(objective -> Rules.check(
            endpoint.deployed.containsKey(objective.getDeployedModelId()),
            "model_deployment_monitoring_objective_configs.deployed_model_id",
            "is not deployed to the endpoint: " + objective.getDeployedModelId()));
  }

  ModelDeploymentMonitoringJob get(GetModelDeploymentMonitoringJobRequest request) {
    return existing(request.getName());
  }

  ListModelDeploymentMonitoringJobsResponse list(ListModelDeploymentMonitoringJobsRequest request) {
    ResourceName parent = project.name(request.getParent());
    List<ModelDeploymentMonitoringJob> here = jobs.values().stream()
        .filter(job -> project.name(job.getName()).location().equals(parent.location()))
        .toList();
    ListModelDeploymentMonitoringJobsResponse.Builder response =
        ListModelDeploymentMonitoringJobsResponse.newBuilder();
    Pages.list(
        here,
        job -> new Pages.Facts(job.getLabelsMap(), job.getDisplayName(), job.getEndpoint()),
        request.getFilter(),
        project.pageSize(),
        request.getPageSize(),
        request.getPageToken(),
        response::addModelDeploymentMonitoringJobs,
        response::setNextPageToken);
    return response.build();
  }

  Operation update(UpdateModelDeploymentMonitoringJobRequest request) {
    ModelDeploymentMonitoringJob job =
        existing(request.getModelDeploymentMonitoringJob().getName());
    ResourceName name = project.name(job.getName());
    Rules.mask(request.getUpdateMask(), MUTABLE);
    project.operations().refuseIfBusy(name);
    if (job.getState() != JobState.JOB_STATE_RUNNING) {
      throw Refusal.precondition("ModelDeploymentMonitoringJob \"" + name
          + "\" cannot be updated: it is in state " + job.getState() + ", not JOB_STATE_RUNNING.");
    }
    ModelDeploymentMonitoringJob.Builder changed = job.toBuilder();
    FieldMaskUtil.merge(
        request.getUpdateMask(),
        request.getModelDeploymentMonitoringJob(),
        changed,
        Endpoints.REPLACING);
    objectives(changed.build(), project.endpoints().existing(job.getEndpoint()));
    become(name, JobState.JOB_STATE_RUNNING, JobState.JOB_STATE_UPDATING);
    return project
        .operations()
        .start(
            "UpdateModelDeploymentMonitoringJob",
            name,
            "",
            (generic, stage) -> UpdateModelDeploymentMonitoringJobOperationMetadata.newBuilder()
                .setGenericMetadata(generic)
                .build(),
            () -> {
              changed.setUpdateTime(project.now()).setState(JobState.JOB_STATE_RUNNING);
              jobs.put(name.key(), changed.build());
              return changed.build();
            });
  }

  /** It runs again after a while. */
  Empty resume(ResumeModelDeploymentMonitoringJobRequest request) {
    ModelDeploymentMonitoringJob job = existing(request.getName());
    if (job.getState() != JobState.JOB_STATE_PAUSED) {
      throw Refusal.precondition("The job is not paused: it is in state " + job.getState() + ".");
    }
    ResourceName name = project.name(job.getName());
    become(name, JobState.JOB_STATE_PAUSED, JobState.JOB_STATE_PENDING);
    project.in(
        PREPARATION, () -> become(name, JobState.JOB_STATE_PENDING, JobState.JOB_STATE_RUNNING));
    return Empty.getDefaultInstance();
  }

  Empty pause(PauseModelDeploymentMonitoringJobRequest request) {
    ResourceName name = project.name(existing(request.getName()).getName());
    become(name, JobState.JOB_STATE_RUNNING, JobState.JOB_STATE_PAUSED);
    return Empty.getDefaultInstance();
  }

  Operation delete(DeleteModelDeploymentMonitoringJobRequest request) {
    ModelDeploymentMonitoringJob job = existing(request.getName());
    ResourceName name = project.name(job.getName());
    project.operations().refuseIfBusy(name);
    return project
        .operations()
        .start(
            "DeleteModelDeploymentMonitoringJob",
            name,
            "",
            (generic, stage) ->
                DeleteOperationMetadata.newBuilder().setGenericMetadata(generic).build(),
            () -> {
              jobs.remove(name.key());
              project.endpoints().unwatched(name.toString());
              return Empty.getDefaultInstance();
            });
  }

  private ModelDeploymentMonitoringJob existing(String name) {
    ModelDeploymentMonitoringJob job = jobs.get(project.name(name).key());
    if (job == null) {
      throw Refusal.notFound("ModelDeploymentMonitoringJob " + name);
    }
    return job;
  }
}
