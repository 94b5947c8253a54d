package io.fairlead.vertex.standin;

import com.google.cloud.aiplatform.v1.DeploymentStage;
import com.google.cloud.aiplatform.v1.GenericOperationMetadata;
import com.google.longrunning.CancelOperationRequest;
import com.google.longrunning.DeleteOperationRequest;
import com.google.longrunning.GetOperationRequest;
import com.google.longrunning.ListOperationsRequest;
import com.google.longrunning.ListOperationsResponse;
import com.google.longrunning.Operation;
import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import com.google.protobuf.Message;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Long-running operations: each is under way until its time has passed, and only then has its effect. */
final class Operations {
  private static final List<DeploymentStage> STAGES = List.of(
      DeploymentStage.STARTING_DEPLOYMENT,
      DeploymentStage.PREPARING_MODEL,
      DeploymentStage.CREATING_SERVING_CLUSTER,
      DeploymentStage.ADDING_NODES_TO_CLUSTER,
      DeploymentStage.GETTING_CONTAINER_IMAGE,
      DeploymentStage.STARTING_MODEL_SERVER,
      DeploymentStage.FINISHING_UP);

  /** Puts the metadata of an operation together. */
  interface Metadata {
    Message of(GenericOperationMetadata.Builder generic, DeploymentStage stage);
  }

  private record Failure(Status.Code code, String message, DeploymentStage stage) {}

  private static final class Running {
    private final String name;
    private final String kind;
    private final ResourceName subject;
    private final String item;
    private final Duration start;
    private final Duration takes;
    private final com.google.protobuf.Timestamp created;
    private final Metadata metadata;
    private final Supplier<Message> effect;
    private final @Nullable Failure failure;
    private com.google.protobuf.Timestamp updated;
    private @Nullable Message response;
    private com.google.rpc.@Nullable Status error;

    Running(
        String name,
        String kind,
        ResourceName subject,
        String item,
        Duration start,
        Duration takes,
        com.google.protobuf.Timestamp created,
        Metadata metadata,
        Supplier<Message> effect,
        @Nullable Failure failure) {
      this.name = name;
      this.kind = kind;
      this.subject = subject;
      this.item = item;
      this.start = start;
      this.takes = takes;
      this.created = created;
      this.updated = created;
      this.metadata = metadata;
      this.effect = effect;
      this.failure = failure;
    }

    boolean isDone() {
      return response != null || error != null;
    }
  }

  private final Project project;
  private final Map<String, Running> all = new LinkedHashMap<>();
  private final Map<String, Deque<Failure>> failures = new HashMap<>();
  private final Map<String, Duration> durations = new HashMap<>();
  private final Set<String> endless = new HashSet<>();
  private final Set<String> polled = new HashSet<>();
  private boolean pollingFailsOnce;
  private boolean severalAtOnce;
  private boolean ignoresCancel;
  private long ids = 1_000_000_000_000L;

  Operations(Project project) {
    this.project = project;
    durations.put("UploadModel", Duration.ofMinutes(1));
    durations.put("DeleteModel", Duration.ofSeconds(20));
    durations.put("DeleteModelVersion", Duration.ofSeconds(20));
    durations.put("CreateEndpoint", Duration.ofSeconds(20));
    durations.put("UpdateEndpointLongRunning", Duration.ofSeconds(20));
    durations.put("DeleteEndpoint", Duration.ofSeconds(20));
    durations.put("DeployModel", Duration.ofMinutes(10));
    durations.put("UndeployModel", Duration.ofMinutes(2));
    durations.put("MutateDeployedModel", Duration.ofMinutes(2));
    durations.put("CreateDeploymentResourcePool", Duration.ofSeconds(20));
    durations.put("UpdateDeploymentResourcePool", Duration.ofMinutes(2));
    durations.put("DeleteDeploymentResourcePool", Duration.ofSeconds(20));
    durations.put("DeleteModelDeploymentMonitoringJob", Duration.ofSeconds(20));
    durations.put("UpdateModelDeploymentMonitoringJob", Duration.ofSeconds(20));
  }

  void duration(String kind, Duration duration) {
    known(kind);
    durations.put(kind, duration);
  }

  void failNext(String kind, Status.Code code, String message, DeploymentStage stage) {
    known(kind);
    failures
        .computeIfAbsent(kind, key -> new ArrayDeque<>())
        .add(new Failure(code, message, stage));
  }

  void neverEnds(String kind) {
    known(kind);
    endless.add(kind);
  }

  private void known(String kind) {
    if (!durations.containsKey(kind)) {
      throw new IllegalArgumentException(kind + " is no operation that takes time");
    }
  }

  void pollingFailsOnce() {
    pollingFailsOnce = true;
  }

  void severalAtOnce(boolean areTaken) {
    severalAtOnce = areTaken;
  }

  void ignoresCancel() {
    ignoresCancel = true;
  }

  /** {@return whether something of this kind is under way on the item of the subject} */
  boolean isUnderWay(String kind, ResourceName subject, String item) {
    return all.values().stream()
        .anyMatch(one -> !one.isDone()
            && one.kind.equals(kind)
            && one.subject.key().equals(subject.key())
            && one.item.equals(item));
  }

  /** Refuses if anything is under way on this. */
  void refuseIfBusy(ResourceName subject) {
    if (severalAtOnce) {
      return;
    }
    List<String> running = all.values().stream()
        .filter(one -> !one.isDone() && one.subject.key().equals(subject.key()))
        .map(one -> one.name)
        .toList();
    if (!running.isEmpty()) {
      throw Refusal.precondition("There are other operations running on the resource \"" + subject
          + "\". Operation(s) are: " + String.join(", ", running) + ".");
    }
  }

  /**
   * Begins an operation.
   *
   * @param subject what nothing else may happen to meanwhile, unless whoever begins that does not ask
   * @param item what of the subject it is about; may be empty
   */
  Operation start(
      String kind, ResourceName subject, String item, Metadata metadata, Supplier<Message> effect) {
    Deque<Failure> planned = failures.get(kind);
    String name = subject.sibling(subject.collection(), subject.id()) + "/operations/" + ids++;
    Running running = new Running(
        name,
        kind,
        subject,
        item,
        project.time().elapsed(),
        durations.get(kind),
        project.now(),
        metadata,
        effect,
        planned == null ? null : planned.poll());
    all.put(name, running);
    if (!endless.contains(kind)) {
      project.in(running.takes, () -> finish(running));
    }
    return said(running);
  }

  private void finish(Running running) {
    if (running.isDone()) {
      return;
    }
    ended(running);
    if (running.failure != null) {
      running.error = com.google.rpc.Status.newBuilder()
          .setCode(running.failure.code().value())
          .setMessage(running.failure.message())
          .build();
      return;
    }
    try {
      running.response = running.effect.get();
    } catch (StatusRuntimeException e) {
      running.error = StatusProto.fromThrowable(e);
    }
  }

  private void ended(Running running) {
    running.updated = project.now();
    if (running.kind.equals("DeployModel")) {
      project.endpoints().arrived(running.subject, running.item);
    }
    if (running.kind.equals("UpdateModelDeploymentMonitoringJob")) {
      project.monitoringJobs().updated(running.subject);
    }
  }

  // ---- google.longrunning.Operations ----

  Operation get(GetOperationRequest request) {
    Running running = existing(request.getName());
    if (pollingFailsOnce && polled.add(running.name)) {
      throw Refusal.of(Status.Code.INTERNAL, "Internal error encountered.");
    }
    return said(running);
  }

  ListOperationsResponse list(ListOperationsRequest request) {
    ResourceName of = ResourceName.parse(request.getName())
        .orElseThrow(() -> Refusal.invalid("name", "Invalid resource name: " + request.getName()));
    List<Running> matching = all.values().stream()
        .filter(one -> of.collection().isEmpty()
            ? one.subject.location().equals(of.location())
            : one.subject.key().equals(of.key()))
        .filter(one -> matches(one, request.getFilter()))
        .toList();
    ListOperationsResponse.Builder response = ListOperationsResponse.newBuilder();
    Pages.list(
        matching,
        one -> new Pages.Facts(Map.of(), "", ""),
        "",
        project.pageSize(),
        request.getPageSize(),
        request.getPageToken(),
        one -> response.addOperations(said(one)),
        response::setNextPageToken);
    return response.build();
  }

  /** Remembers that an operation was polled, where its first poll fails. */
  void polled(String name) {
    Running running = all.get(project.withNumber(name));
    if (pollingFailsOnce && running != null) {
      polled.add(running.name);
    }
  }

  private static boolean matches(Running running, String filter) {
    return switch (filter.replace(" ", "")) {
      case "" -> true;
      case "done=true", "done:true" -> running.isDone();
      case "done=false", "done:false" -> !running.isDone();
      default -> throw Refusal.invalid("filter", "Invalid filter: " + filter);
    };
  }

  Empty cancel(CancelOperationRequest request) {
    Running running = existing(request.getName());
    if (!running.isDone() && !ignoresCancel) {
      ended(running);
      running.error = com.google.rpc.Status.newBuilder()
          .setCode(Status.Code.CANCELLED.value())
          .setMessage("The operation was cancelled.")
          .build();
    }
    return Empty.getDefaultInstance();
  }

  Empty delete(DeleteOperationRequest request) {
    Running running = existing(request.getName());
    if (!running.isDone()) {
      throw Refusal.precondition("The operation is still running: " + running.name);
    }
    all.remove(running.name);
    return Empty.getDefaultInstance();
  }

  private Running existing(String name) {
    Running running = all.get(project.withNumber(name));
    if (running == null) {
      throw Refusal.notFound("Operation " + name);
    }
    return running;
  }

  private Operation said(Running running) {
    Operation.Builder operation = Operation.newBuilder()
        .setName(running.name)
        .setDone(running.isDone())
        .setMetadata(Any.pack(running.metadata.of(
            GenericOperationMetadata.newBuilder()
                .setCreateTime(running.created)
                .setUpdateTime(running.updated),
            stage(running))));
    if (running.response != null) {
      operation.setResponse(Any.pack(running.response));
    }
    if (running.error != null) {
      operation.setError(running.error);
    }
    return operation.build();
  }

  private DeploymentStage stage(Running running) {
    if (running.response != null) {
      return DeploymentStage.SUCCESSFULLY_DEPLOYED;
    }
    if (running.error != null) {
      return running.failure == null ? DeploymentStage.FAILED_TO_DEPLOY : running.failure.stage();
    }
    long passed = project.time().elapsed().minus(running.start).toMillis();
    long whole = Math.max(1, running.takes.toMillis());
    int index = (int) Math.min(STAGES.size() - 1, passed * STAGES.size() / whole);
    int last = running.failure == null ? -1 : STAGES.indexOf(running.failure.stage());
    return STAGES.get(last < 0 ? index : Math.min(index, last));
  }
}
