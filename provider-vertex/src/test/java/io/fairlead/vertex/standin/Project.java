package io.fairlead.vertex.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.api.gax.rpc.TransportChannelProvider;
import com.google.cloud.aiplatform.v1.DedicatedResources;
import com.google.cloud.aiplatform.v1.DeployedModel;
import com.google.cloud.aiplatform.v1.DeploymentResourcePool;
import com.google.cloud.aiplatform.v1.DeploymentStage;
import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.GetPublisherModelRequest;
import com.google.cloud.aiplatform.v1.JobState;
import com.google.cloud.aiplatform.v1.MachineSpec;
import com.google.cloud.aiplatform.v1.Model;
import com.google.cloud.aiplatform.v1.ModelContainerSpec;
import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringJob;
import com.google.cloud.aiplatform.v1.PublisherModel;
import com.google.cloud.aiplatform.v1.PublisherModelView;
import com.google.cloud.storage.Storage;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import io.fairlead.contract.Faults;
import io.fairlead.contract.Held;
import io.fairlead.contract.History;
import io.fairlead.contract.VirtualTime;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A project of Google Cloud: all that is in it, and what a test can make happen to it.
 *
 * <p>All its durations pass on one {@link VirtualTime}. Requests may name it by its id or its number; answers name it
 * by its number.
 */
public final class Project implements AutoCloseable {
  /** Where what is added by a test is. */
  public static final String LOCATION = "us-central1";

  /** A call that was received: its method, its message, and the headers in lower case. */
  public record Received(String method, Message request, Map<String, String> headers) {}

  /** Makes an answer, once the project's lock is free. */
  interface Begun<Q extends Message> {
    Supplier<Answer> begin(Project project, Q request, Metadata headers);

    /** Does to a copy of the project what the call did. */
    default void again(Project copy, Q request, Metadata headers) {
      Rules.shape(request);
      begin(copy, request, headers);
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final History<Project> history = new History<>();
  private final String id;
  private final String number;
  private final VirtualTime time;
  private final World world;
  private final Operations operations = new Operations(this);
  private final Models models = new Models(this);
  private final Endpoints endpoints = new Endpoints(this);
  private final Pools pools = new Pools(this);
  private final MonitoringJobs monitoringJobs = new MonitoringJobs(this);
  private final Predictions predictions = new Predictions(this);
  private final CloudStorage storage = new CloudStorage(this);
  private final CloudLogging logging = new CloudLogging();
  private final List<Received> received = new ArrayList<>();
  private final Map<String, Deque<StatusRuntimeException>> failures = new HashMap<>();
  private final Set<String> unanswered = new HashSet<>();
  private final Set<String> throttled = new HashSet<>();
  private boolean throttling;
  private int expiredFrom = Integer.MAX_VALUE;
  private int pageSize = 100;
  private long ids = 1_000_000_001L;
  private boolean closed;
  private @Nullable Storage storageClient;
  private @Nullable HttpClient httpClient;
  private final Map<String, PublisherModel.CallToAction.Deploy> publisherModels = new HashMap<>();

  Project(String id, String number, VirtualTime time, World world) {
    this.id = id;
    this.number = number;
    this.time = time;
    this.world = world;
    world.add(this);
  }

  /**
   * {@return a project of the same name in which all is as it is here now, and which shares nothing with this one; no
   * wire leads there}
   *
   * <p>All that was done here is done there again, on a clock that nobody has set.
   *
   * @param clock its clock, on which no time has passed
   */
  public Project copy(VirtualTime clock) {
    Project copy = new Project(id, number, clock, new World());
    history.repeat(copy, copy.history, clock, time);
    return copy;
  }

  /** Forgets all that is in it; nobody may use it from now on. */
  @Override
  public void close() {
    world.remove(this);
    if (world != StandIn.WORLD) {
      world.close();
    }
    change(there -> there.closed = true);
  }

  /** {@return what requests may call it, and answers do not} */
  public String id() {
    return id;
  }

  /** {@return what answers call it} */
  public String number() {
    return number;
  }

  // ---- what there is ----

  /**
   * {@return everything that is there: {@code model/M@V}, {@code endpoint/E}, {@code deployed-model/E/ID}, {@code
   * pool/P}, {@code monitoring-job/J}, {@code gs://bucket/object}, {@code resumable-upload/bucket/object}}
   */
  public Set<String> remains() {
    return look(() -> {
      Set<String> all = new TreeSet<>();
      models.remains(all);
      endpoints.remains(all);
      pools.remains(all);
      monitoringJobs.remains(all);
      storage.remains(all);
      return all;
    });
  }

  /** {@return the methods that were called, in order, such as {@code DeployModel} or {@code storage.objects.insert}} */
  public List<String> calls() {
    return look(() -> received.stream().map(Received::method).toList());
  }

  /** {@return the messages of each call of a method} */
  public <Q extends Message> List<Q> requests(String method, Class<Q> type) {
    return look(() -> received.stream()
        .filter(call -> call.method().equals(method))
        .map(call -> type.cast(call.request()))
        .toList());
  }

  /** {@return the headers of each call of a method, their names in lower case} */
  public List<Map<String, String>> headers(String method) {
    return look(() -> received.stream()
        .filter(call -> call.method().equals(method))
        .map(Received::headers)
        .toList());
  }

  /** Forgets which calls there were. */
  public void forgetCalls() {
    change(there -> there.received.clear());
  }

  /** {@return an endpoint as GetEndpoint says it} */
  public Endpoint endpoint(String endpointId) {
    return look(() -> endpoints.said(here("endpoints", endpointId).toString()));
  }

  /** {@return all monitoring jobs as GetModelDeploymentMonitoringJob says them} */
  public List<ModelDeploymentMonitoringJob> allMonitoringJobs() {
    return look(monitoringJobs::all);
  }

  /** {@return what is stored} */
  public byte[] object(String bucket, String name) {
    return look(() -> storage.bytes(bucket, name));
  }

  /** {@return the keys that stored objects are encrypted with, in their versions} */
  public Set<String> encryptionKeys() {
    return look(storage::encryptionKeys);
  }

  /** {@return a pool as GetDeploymentResourcePool says it} */
  public DeploymentResourcePool pool(String poolId) {
    return look(() -> pools.existing(here("deploymentResourcePools", poolId).toString()));
  }

  // ---- what others made ----

  /** Makes a model of one version, or one more version, without labels. */
  public void addModel(String modelId) {
    change(there -> there.models.add(
        here("models", modelId),
        Model.newBuilder()
            .setDisplayName(modelId)
            .setContainerSpec(ModelContainerSpec.newBuilder()
                .setImageUri("us-docker.pkg.dev/someone/images/server:1"))
            .build()));
  }

  /** The same, of a container whose paths can be invoked. */
  public void addModelWithInvokeRoutes(String modelId) {
    change(there -> there.models.add(
        here("models", modelId),
        Model.newBuilder()
            .setDisplayName(modelId)
            .setContainerSpec(ModelContainerSpec.newBuilder()
                .setImageUri("us-docker.pkg.dev/someone/images/server:1")
                .setInvokeRoutePrefix("/*"))
            .addVersionAliases("default")
            .build()));
  }

  /** Makes a model of Model Garden, which everybody has: {@code publishers/ORG/models/NAME}. */
  public void addPublisherModel(String name, PublisherModel.CallToAction.Deploy deploy) {
    change(there -> there.publisherModels.put(name, deploy));
  }

  boolean hasPublisherModel(String name) {
    return look(() -> publisherModels.containsKey(name));
  }

  /** Only those who ask for a model of the Hugging Face hub, and for all of it, are told how it is deployed. */
  PublisherModel publisherModel(GetPublisherModelRequest request) {
    PublisherModel.Builder model = PublisherModel.newBuilder().setName(request.getName());
    if (request.getIsHuggingFaceModel()
        && request.getView() == PublisherModelView.PUBLISHER_MODEL_VIEW_FULL) {
      model.getSupportedActionsBuilder().setDeploy(publisherModels.get(request.getName()));
    }
    return model.build();
  }

  /** Makes an endpoint without labels; the model, which must be there, is deployed to it and has all traffic. */
  public void addEndpoint(String endpointId, String modelId) {
    change(there -> {
      EndpointState endpoint = there.endpoints.add(
          here("endpoints", endpointId),
          Endpoint.newBuilder().setDisplayName(endpointId).build());
      Models.Found model = there.models.find(here("models", modelId).toString());
      there.endpoints.deploy(
          endpoint,
          DeployedModel.newBuilder()
              .setId(there.newId())
              .setModel(model.name().toString())
              .setModelVersionId(model.model().getVersionId())
              .setDedicatedResources(dedicated())
              .build());
    });
  }

  /** Makes an endpoint without labels to which nothing is deployed. */
  public void addEndpoint(String endpointId) {
    change(there -> there.endpoints.add(
        here("endpoints", endpointId),
        Endpoint.newBuilder().setDisplayName(endpointId).build()));
  }

  /** Makes a pool of one n1-standard-4. */
  public void addPool(String poolId) {
    change(there -> there.pools.add(
        here("deploymentResourcePools", poolId),
        DeploymentResourcePool.newBuilder().setDedicatedResources(dedicated()).build()));
  }

  private static DedicatedResources dedicated() {
    return DedicatedResources.newBuilder()
        .setMachineSpec(MachineSpec.newBuilder().setMachineType("n1-standard-4"))
        .setMinReplicaCount(1)
        .setMaxReplicaCount(1)
        .build();
  }

  /** Makes a bucket; its name is taken in all projects. */
  public void addBucket(String bucket) {
    change(there -> there.storage.addBucket(bucket));
  }

  /** Makes an object that has no metadata. */
  public void addObject(String bucket, String name, byte[] content) {
    change(there -> there.storage.add(bucket, name, content));
  }

  // ---- what happens ----

  /** Answers the next call of a method with an error, and does nothing; one after the other if called often. */
  public void failNext(String method, Status.Code code, String message) {
    failNext(method, Refusal.of(code, message));
  }

  /** The same, with a RetryInfo that says when to try again. */
  public void failNext(String method, Status.Code code, String message, Duration retryAfter) {
    failNext(method, Refusal.retryAfter(code, message, retryAfter));
  }

  private void failNext(String method, StatusRuntimeException error) {
    change(there ->
        there.failures.computeIfAbsent(method, key -> new ArrayDeque<>()).add(error));
  }

  /**
   * Lets the next operation that a method begins end with an error, and without effect.
   *
   * @param stage how far a deployment is when it fails, which its metadata says from then on
   */
  public void failOperation(
      String method, Status.Code code, String message, DeploymentStage stage) {
    change(there -> there.operations.failNext(method, code, message, stage));
  }

  /** The first poll of each operation answers INTERNAL. */
  public void pollingFailsOnce() {
    change(there -> there.operations.pollingFailsOnce());
  }

  /** Operations that a method begins from now on do not end. */
  public void neverEnds(String method) {
    change(there -> there.operations.neverEnds(method));
  }

  /** Calls of a method get no answer and have no effect. */
  public void neverAnswers(String method) {
    change(there -> there.unanswered.add(method));
  }

  /** Calls of a method get answers again. */
  public void answersAgain(String method) {
    change(there -> there.unanswered.remove(method));
  }

  /** From this call on, counted from 1 over the life of the project, the credentials have expired. */
  public void expireFromCall(int callNumber) {
    change(there -> there.expiredFrom = callNumber);
  }

  /** Throttles each call the first time that it is made. */
  public void throttleEveryCallOnce() {
    change(there -> there.throttling = true);
  }

  /** How many replicas of a machine type there may be; without limit unless set. What exceeds it is refused at once. */
  public void quota(String machineType, int replicas) {
    change(there -> there.endpoints.quota(machineType, replicas));
  }

  /** There is no machine of this type, as deployments begun from now on find at their end. */
  public void outOfStock(String machineType) {
    change(there -> there.endpoints.outOfStock(machineType, true));
  }

  /** There are machines of this type again. */
  public void inStock(String machineType) {
    change(there -> there.endpoints.outOfStock(machineType, false));
  }

  /** Whether a second change of a resource is taken while one is at work on it; it is refused unless set. */
  public void severalAtOnce(boolean areTaken) {
    change(there -> there.operations.severalAtOnce(areTaken));
  }

  /** Operations go on although they are cancelled, as the service may do. */
  public void ignoresCancel() {
    change(there -> there.operations.ignoresCancel());
  }

  /** Versions tell the labels of their model's first version where they have others. */
  public void modelsLabelsWin() {
    change(there -> there.models.modelsLabelsWin());
  }

  /** Dedicated endpoints tell a default for the inference timeout that they were not given. */
  public void tellsInferenceTimeout(Duration timeout) {
    change(there -> there.endpoints.toldTimeout(timeout));
  }

  /** What the containers of a deployed model print, line by line. */
  public void prints(String endpoint, String deployedModelId, String... lines) {
    change(there -> there.logging.add(endpoint, deployedModelId, List.of(lines)));
  }

  /** How long the operations take that a method begins: 10 minutes for DeployModel unless set, less for the others. */
  public void duration(String method, Duration duration) {
    change(there -> there.operations.duration(method, duration));
  }

  /** How long a version counts as deployed after it was undeployed; 3 minutes unless set. */
  public void heldAfterUndeploy(Duration duration) {
    change(there -> there.models.heldAfterUndeploy(duration));
  }

  /** How long after its creation a dedicated endpoint gets its host; a minute unless set. */
  public void dedicatedDnsDelay(Duration delay) {
    change(there -> there.endpoints.dnsDelay(delay));
  }

  /** The documents of Vertex AI write the host of a dedicated endpoint as a URL; it comes bare unless set. */
  public void dnsWithScheme(boolean withScheme) {
    change(there -> there.endpoints.dnsPrefix(withScheme ? "https://" : ""));
  }

  /** Dedicated endpoints have this host, in place of one of Google's. */
  public void dnsIs(String host) {
    change(there -> there.endpoints.dnsIs(host));
  }

  /** How much is on a page of a list at most; 100 unless set. */
  public void pageSize(int size) {
    change(there -> there.pageSize = size);
  }

  /** All monitoring jobs are in this state now; {@code error} says why, or is empty. */
  public void monitoringJobsAre(JobState state, String error) {
    change(there -> there.monitoringJobs.state(state, error));
  }

  /** The next prediction is answered when the test says so. */
  public Held holdPrediction() {
    return look(predictions::hold);
  }

  /** What a model answers to a request's body; the same body unless set. Predict, which is typed, is not changed. */
  public void answerWith(UnaryOperator<byte[]> model) {
    change(there -> there.predictions.answerWith(model));
  }

  /** What streams consist of; the request's body in one part unless set. */
  public void streamInParts(List<byte[]> parts) {
    change(there -> there.predictions.streamInParts(parts));
  }

  /** After its parts, the next stream breaks. */
  public void breakNextStream(Status.Code code, String message) {
    change(there -> there.predictions.breakNextStream(code.toStatus().withDescription(message)));
  }

  /**
   * The next container that is asked at one of its paths answers with this error.
   *
   * @param retryAfter the header of that name
   */
  public void refuseNextInvoke(int status, String body, Optional<String> retryAfter) {
    change(there -> there.predictions.refuseNext(status, body, retryAfter));
  }

  /** The next answer of a container that is asked at one of its paths is lost on its way. */
  public void loseNextInvoke() {
    change(there -> there.predictions.loseNextAnswer());
  }

  // ---- for the services ----

  /** {@return how to answer, or nothing if there is to be no answer} */
  <Q extends Message> Optional<Supplier<Answer>> begin(
      String method, Q request, Metadata headers, Begun<Q> begun) {
    Optional<Supplier<Answer>> later = look(() -> {
      Map<String, String> said = said(headers);
      done(there -> there.receiveAgain(method, request, headers, said, begun));
      return receive(method, request, headers, said, begun);
    });
    // What takes no time has happened when the answer arrives.
    time.pass(Duration.ZERO);
    return later;
  }

  private <Q extends Message> Optional<Supplier<Answer>> receive(
      String method, Q request, Metadata headers, Map<String, String> said, Begun<Q> begun) {
    if (!arrives(method, request, said)) {
      return Optional.empty();
    }
    Rules.shape(request);
    return Optional.of(begun.begin(this, request, headers));
  }

  private <Q extends Message> void receiveAgain(
      String method, Q request, Metadata headers, Map<String, String> said, Begun<Q> begun) {
    if (arrives(method, request, said)) {
      begun.again(this, request, headers);
    }
  }

  /** Keeps a call, which is made again where this project is copied. */
  void done(Consumer<Project> call) {
    history.add(time, there -> {
      try {
        there.look(() -> {
          call.accept(there);
          return true;
        });
      } catch (StatusRuntimeException e) {
        // It was refused then, too.
      }
      there.time.pass(Duration.ZERO);
    });
  }

  private static Map<String, String> said(Metadata headers) {
    Map<String, String> said = new HashMap<>();
    for (String name : headers.keys()) {
      if (!name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
        said.put(
            name,
            String.valueOf(headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER))));
      }
    }
    return said;
  }

  /** {@return whether the call is answered; throws what it is refused with} */
  boolean arrives(String method, Message request, Map<String, String> headers) {
    received.add(new Received(method, request, Map.copyOf(headers)));
    if (unanswered.contains(method)) {
      return false;
    }
    if (received.size() >= expiredFrom) {
      throw Refusal.of(
          Status.Code.UNAUTHENTICATED,
          "Request had invalid authentication credentials. Expected OAuth 2 access token, login"
              + " cookie or other valid authentication credential.");
    }
    if (throttling && throttled.add(method + request)) {
      throw Refusal.retryAfter(
          Status.Code.RESOURCE_EXHAUSTED,
          "Quota exceeded for quota metric 'Resource management (CRUD) requests' and limit"
              + " 'Resource management (CRUD) requests per minute per region' of service"
              + " 'aiplatform.googleapis.com' for consumer 'project_number:" + number + "'.",
          Duration.ofSeconds(1));
    }
    Deque<StatusRuntimeException> errors = failures.get(method);
    if (errors != null && !errors.isEmpty()) {
      throw errors.remove();
    }
    return true;
  }

  /** Does something when so much time has passed, unless the project is closed by then. */
  void in(Duration duration, Runnable action) {
    time.in(
        duration,
        () -> look(() -> {
          if (!closed) {
            action.run();
          }
          return true;
        }));
  }

  /** {@return what clients of the SDK speak through whose every unary call goes through {@code faults}, and no wire} */
  public TransportChannelProvider transport(Faults faults) {
    return world.transport(faults, StandIn.wire());
  }

  /** {@return a client of Cloud Storage that no wire is in the way of, and which makes each request once} */
  public Storage storageClient() {
    return look(() -> {
      if (storageClient == null) {
        storageClient = InProcessStorage.client(world);
      }
      return storageClient;
    });
  }

  /** {@return what reaches the dedicated hosts of this project's endpoints} */
  public HttpClient httpClient() {
    return look(() -> {
      if (httpClient == null) {
        httpClient = world.http();
      }
      return httpClient;
    });
  }

  World world() {
    return world;
  }

  VirtualTime time() {
    return time;
  }

  Timestamp now() {
    Instant now = time.now();
    return Timestamp.newBuilder()
        .setSeconds(now.getEpochSecond())
        .setNanos(now.getNano())
        .build();
  }

  /** {@return the name with this project's number in it} */
  ResourceName name(String text) {
    ResourceName parsed = ResourceName.parse(text)
        .orElseThrow(() -> Refusal.invalid("name", "Invalid resource name: " + text));
    return new ResourceName(
        number, parsed.location(), parsed.collection(), parsed.id(), parsed.version());
  }

  String withNumber(String name) {
    return name.replaceFirst("^projects/" + id + "/", "projects/" + number + "/");
  }

  private ResourceName here(String collection, String resourceId) {
    return new ResourceName(number, LOCATION, collection, resourceId, "");
  }

  String newId() {
    return String.valueOf(ids++);
  }

  String newEtag() {
    return "AMEw" + Long.toHexString(ids++);
  }

  int pageSize() {
    return pageSize;
  }

  Operations operations() {
    return operations;
  }

  Models models() {
    return models;
  }

  Endpoints endpoints() {
    return endpoints;
  }

  Pools pools() {
    return pools;
  }

  MonitoringJobs monitoringJobs() {
    return monitoringJobs;
  }

  Predictions predictions() {
    return predictions;
  }

  CloudStorage storage() {
    return storage;
  }

  ObjectNode logEntries(JsonNode asked) {
    return look(() -> {
      Deque<StatusRuntimeException> planned = failures.get("logging.entries.list");
      StatusRuntimeException failure = planned == null ? null : planned.poll();
      if (failure != null) {
        throw failure;
      }
      return logging.list(asked);
    });
  }

  <T extends @Nullable Object> T look(Supplier<T> action) {
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  private void change(Consumer<Project> action) {
    look(() -> {
      action.accept(this);
      history.add(time, action);
      return true;
    });
  }
}
