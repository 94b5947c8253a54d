package io.fairlead.azureml.standin;

import com.azure.core.http.HttpClient;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Faults;
import io.fairlead.contract.Held;
import io.fairlead.contract.History;
import io.fairlead.contract.VirtualTime;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A workspace of Azure Machine Learning, with its storage account: all that is in it, and what a test can make happen to
 * it.
 *
 * <p>All its durations pass on one {@link VirtualTime}.
 */
public final class Workspace implements AutoCloseable {
  /** The tenant of every subscription. */
  public static final String TENANT = "72f988bf-0000-4000-8000-2d7cd011db47";

  /** When each workspace was made. */
  static final String MADE = "2026-01-01T00:00:00Z";

  /** More than twelve digits, the last of which are those of an id. */
  private static final long LAST_DIGITS = 1_000_000_000_000L;

  private static final AtomicInteger KEYS = new AtomicInteger();

  /** A request that was received. */
  private record Received(String call, Call request) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final History<Workspace> history = new History<>();
  private final int number;
  private final String subscription;
  private final String id;
  private final String groupId;
  private final String resourceId;
  private final VirtualTime time;
  private final Region region;
  private final String key = "workspace-" + KEYS.incrementAndGet();
  private final PollWatch wireWatch = new PollWatch(this);
  private final Arm arm = new Arm(this);
  private final Operations operations = new Operations(this);
  private final Datastores datastores = new Datastores(this);
  private final Assets models =
      new Assets(this, "models", "model", "modelUri", List.of("modelUri", "modelType"));
  private final Assets environments = new Assets(
      this,
      "environments",
      "environment",
      "",
      List.of("image", "condaFile", "build", "inferenceConfig", "osType"));
  private final Assets codes = new Assets(this, "codes", "code", "codeUri", List.of("codeUri"));
  private final Endpoints endpoints = new Endpoints(this);
  private final Deployments deployments = new Deployments(this);
  private final Autoscale autoscale = new Autoscale(this);
  private final Blobs blobs = new Blobs(this);
  private final Scoring scoring = new Scoring(this);
  private final List<Received> received = new ArrayList<>();
  private final List<String> violations = new ArrayList<>();
  private final Map<String, Deque<AzureError>> failures = new HashMap<>();
  private final Map<String, AzureError> refused = new HashMap<>();
  private final Set<String> throttled = new HashSet<>();
  private Set<String> namesElsewhere = Set.of();
  private boolean throttling;
  private boolean conditions;
  private boolean hosts;
  private int expiredFrom = Integer.MAX_VALUE;
  private int pageSize = 5;
  private Duration listLag = Duration.ZERO;
  private long ids;
  private long requestIds;
  private boolean closed;

  Workspace(int number, VirtualTime time, Region region) {
    this.number = number;
    this.time = time;
    this.region = region;
    subscription = "%08x-0000-4000-8000-%012x".formatted(number, number);
    id = "%08x-0000-4000-9000-%012x".formatted(number, number);
    groupId = "/subscriptions/" + subscription + "/resourceGroups/" + resourceGroup();
    resourceId = groupId + "/providers/Microsoft.MachineLearningServices/workspaces/" + name();
    region.add(this);
    ScoringServer.add(key, this);
  }

  /**
   * {@return a workspace of the same name in which all is as it is here now, and which shares nothing with this one; no
   * wire leads there}
   *
   * <p>All that was done here is done there again, on a clock that nobody has set.
   *
   * @param clock its clock, on which no time has passed
   */
  public Workspace copy(VirtualTime clock) {
    Workspace copy = new Workspace(number, clock, new Region());
    history.repeat(copy, copy.history, clock, time);
    return copy;
  }

  /** {@return another empty workspace in the same region, in a subscription of its own} */
  public Workspace neighbour() {
    return StandIn.workspace(time, region);
  }

  /**
   * Forgets all that is in it; nobody may use it from now on.
   *
   * @throws AssertionError if a client did what it may not do
   */
  @Override
  public void close() {
    StandIn.remove(this);
    ScoringServer.remove(key);
    region.remove(this);
    change(there -> there.closed = true);
    if (!violations().isEmpty()) {
      throw new AssertionError(String.join("\n", violations()));
    }
  }

  // ---- where it is ----

  /** {@return the id of its subscription} */
  public String subscription() {
    return subscription;
  }

  /** {@return its resource group} */
  public String resourceGroup() {
    return "models";
  }

  /** {@return its name} */
  public String name() {
    return "workspace";
  }

  /** {@return its region} */
  public String location() {
    return "westeurope";
  }

  /** {@return its storage account} */
  public String account() {
    return "standin" + number;
  }

  /** {@return the container of its default datastore} */
  public String container() {
    return Datastores.CONTAINER;
  }

  /** {@return its id in Azure Resource Manager} */
  public String resourceId() {
    return resourceId;
  }

  String groupId() {
    return groupId;
  }

  /** {@return what identifies it beside its name} */
  String id() {
    return id;
  }

  String scoringUri(String endpoint, String path) {
    if (hosts) {
      return "https://" + endpoint + "." + location() + ScoringHttp.DOMAIN + path;
    }
    return StandIn.endpoint() + "/scoring/" + subscription() + "/" + endpoint + path;
  }

  // ---- ways to it ----

  /**
   * {@return a client of which Azure Resource Manager and Blob Storage answer each request without a wire}
   *
   * <p>A call is named by what is done and to what: {@code PUT deployments bert/blue}, {@code LIST models/versions bert},
   * {@code GET operation oe:1}, {@code POST listKeys bert}, {@code PUT blob azureml-blobstore/a/b}. It is told apart from
   * others by when it was told to ask again.
   *
   * @param faults break its calls
   */
  public HttpClient client(Faults faults) {
    return new InProcessClient(this, faults);
  }

  /** {@return a client for the endpoints, whatever host they are said to have} */
  public java.net.http.HttpClient scoringClient() {
    return new ScoringHttp(key);
  }

  // ---- what there is ----

  /**
   * {@return everything that is there: {@code endpoint E}, {@code deployment E/D}, {@code model N:V}, {@code environment
   * N:V}, {@code code N:V}, {@code model container N} if it is empty, {@code autoscale A}, {@code blob B}}
   */
  public Set<String> remains() {
    return look(() -> {
      Set<String> all = new TreeSet<>();
      endpoints.remains(all);
      models.remains(all);
      environments.remains(all);
      codes.remains(all);
      autoscale.remains(all);
      blobs.remains(all);
      return all;
    });
  }

  /** {@return the calls, in order, such as {@code PUT onlineEndpoints}, {@code LIST deployments} or {@code PUT blob}} */
  public List<String> calls() {
    return look(() -> received.stream().map(Received::call).toList());
  }

  /** {@return the documents that were sent with each call of this name} */
  public List<ObjectNode> requests(String call) {
    return look(() -> received.stream()
        .filter(one -> one.call().equals(call))
        .map(one -> one.request().json())
        .toList());
  }

  /** {@return the URLs of each call of this name} */
  public List<URI> urls(String call) {
    return look(() -> received.stream()
        .filter(one -> one.call().equals(call))
        .map(one -> one.request().uri())
        .toList());
  }

  /** {@return a header of each call of this name that has it} */
  public List<String> headers(String call, String header) {
    return look(() -> received.stream()
        .filter(one -> one.call().equals(call) && one.request().header(header) != null)
        .map(one -> String.valueOf(one.request().header(header)))
        .toList());
  }

  /** Forgets which calls there were. */
  public void forgetCalls() {
    change(there -> there.received.clear());
  }

  /** {@return what clients did that they may not do, such as asking for an operation too early} */
  public List<String> violations() {
    return look(() -> List.copyOf(violations));
  }

  /** Forgets what clients did that they may not do. */
  public void forgetViolations() {
    look(() -> {
      violations.clear();
      return true;
    });
  }

  /** {@return an endpoint as Azure Resource Manager says it} */
  public ObjectNode endpoint(String endpoint) {
    return look(() -> endpoints.describe(endpoints.existing(endpoint)));
  }

  /** {@return a deployment as Azure Resource Manager says it} */
  public ObjectNode deployment(String endpoint, String deployment) {
    return look(() ->
        deployments.describe(endpoints.existing(endpoint), deployments.find(endpoint, deployment)));
  }

  /** {@return what is stored in the default datastore} */
  public byte[] blob(String name) {
    return look(() -> blobs.content(Datastores.CONTAINER, name));
  }

  /** {@return the metadata of what is stored in the default datastore} */
  public Map<String, String> metadata(String name) {
    return look(() -> blobs.metadata(Datastores.CONTAINER, name));
  }

  /** {@return the blobs that have blocks which nobody has committed, as {@code CONTAINER/NAME}} */
  public Set<String> uncommitted() {
    return look(blobs::uncommitted);
  }

  // ---- what others do ----

  /** Makes a version of a model. */
  public void addModel(String model, String version, String modelUri) {
    change(there -> there.models.add(
        model, version, Json.object().put("modelUri", modelUri).put("modelType", "custom_model")));
  }

  /** Makes a version of a model that needs no environment. */
  public void addMlflowModel(String model, String version, String modelUri) {
    change(there -> there.models.add(
        model, version, Json.object().put("modelUri", modelUri).put("modelType", "mlflow_model")));
  }

  /** Makes a version of an environment. */
  public void addEnvironment(String environment, String version, String image) {
    change(
        there -> there.environments.add(environment, version, Json.object().put("image", image)));
  }

  /** Makes a version of code. */
  public void addCode(String code, String version, String codeUri) {
    change(there -> there.codes.add(code, version, Json.object().put("codeUri", codeUri)));
  }

  /** Deletes a version of a model. */
  public void deleteModel(String model, String version) {
    change(there -> there.models.remove(model, version));
  }

  /** Deletes a version of an environment. */
  public void deleteEnvironment(String environment, String version) {
    change(there -> there.environments.remove(environment, version));
  }

  /** Makes an endpoint without tags, whose keys are {@code primary} and {@code secondary}. */
  public void addEndpoint(String endpoint) {
    change(there -> there.endpoints.add(endpoint));
  }

  /** Makes a deployment without tags of a model that everybody has, on one Standard_DS3_v2. */
  public void addDeployment(String endpoint, String deployment) {
    change(there -> there.deployments.add(endpoint, deployment));
  }

  /** Deletes an endpoint, and what is deployed to it. */
  public void deleteEndpoint(String endpoint) {
    change(there -> there.endpoints.remove(endpoint));
  }

  /** Deletes a deployment, whatever traffic it has. */
  public void deleteDeployment(String endpoint, String deployment) {
    change(there -> {
      there.deployments.find(endpoint, deployment);
      there.endpoints.existing(endpoint).forget(deployment);
    });
  }

  /**
   * Changes what an endpoint is, and at once.
   *
   * @param edit changes the document that was put last
   */
  public void changeEndpoint(String endpoint, Consumer<ObjectNode> edit) {
    change(there -> {
      EndpointState found = there.endpoints.existing(endpoint);
      edit.accept(found.put);
      if (found.state.equals("Succeeded")) {
        found.settle();
      }
    });
  }

  /** Changes what a deployment is, and at once. */
  public void changeDeployment(String endpoint, String deployment, Consumer<ObjectNode> edit) {
    change(there -> {
      DeploymentState found = there.deployments.find(endpoint, deployment);
      edit.accept(found.put);
      if (found.serving != null) {
        found.serving = found.put.deepCopy();
      }
    });
  }

  /** Lets an endpoint be in a state, such as {@code Failed}. */
  public void endpointIs(String endpoint, String state) {
    change(there -> there.endpoints.existing(endpoint).state = state);
  }

  /** Lets a deployment be in a state, such as {@code Failed}. */
  public void deploymentIs(String endpoint, String deployment, String state) {
    change(there -> there.deployments.find(endpoint, deployment).state = state);
  }

  /** Gives an endpoint two new keys. */
  public void regenerateKeys(String endpoint) {
    change(there -> there.endpoints.regenerateKeys(endpoint));
  }

  /** Changes an autoscale setting. */
  public void changeAutoscale(String setting, Consumer<ObjectNode> edit) {
    change(there -> there.autoscale.edit(setting, setting, edit));
  }

  /** Gives an autoscale setting another name, and takes its tags, as if somebody else had made it. */
  public void giveAwayAutoscale(String setting, String name) {
    change(there -> {
      there.autoscale.edit(setting, name, put -> put.remove("tags"));
      there.autoscale.remove(setting);
    });
  }

  /** Deletes an autoscale setting. */
  public void deleteAutoscale(String setting) {
    change(there -> there.autoscale.remove(setting));
  }

  /** Takes the name of an endpoint, somewhere in the region. */
  public void takeName(String endpoint) {
    change(there -> there.endpoints.take(endpoint));
  }

  /** Stores something without metadata in the default datastore. */
  public void addBlob(String name, byte[] content) {
    addBlob(name, content, Map.of());
  }

  /** Stores something in the default datastore. */
  public void addBlob(String name, byte[] content, Map<String, String> metadata) {
    byte[] kept = content.clone();
    Map<String, String> said = Map.copyOf(metadata);
    change(there -> there.blobs.add(Datastores.CONTAINER, name, kept, said));
  }

  /** Deletes something from the default datastore. */
  public void deleteBlob(String name) {
    change(there -> there.blobs.remove(Datastores.CONTAINER, name));
  }

  /** Makes another container in the storage account. */
  public void addContainer(String container) {
    change(there -> there.blobs.addContainer(container));
  }

  /** Deletes a container of the storage account. */
  public void deleteContainer(String container) {
    change(there -> there.blobs.removeContainer(container));
  }

  // ---- what happens ----

  /** Answers the next call of a name with an error, and does nothing; one after the other if called often. */
  public void failNext(String call, AzureError error) {
    change(there ->
        there.failures.computeIfAbsent(call, name -> new ArrayDeque<>()).add(error));
  }

  /** Answers each call of a name with an error from now on, as for somebody who may not make it, and does nothing. */
  public void refuse(String call, AzureError error) {
    change(there -> there.refused.put(call, error));
  }

  /**
   * Lets the next operation that a call begins fail, with a reason among the details of its error.
   *
   * @param call such as {@code PUT deployments}
   * @param code such as {@code ImageBuildFailure}, {@code OutOfQuota} or {@code ResourceNotReady}
   */
  public void failOperation(String call, String code, String message) {
    change(there -> there.operations.failNext(call, AzureError.badRequest(code, message)));
  }

  /** The same, with the error as it is, whose own code may be the reason. */
  public void failOperation(String call, AzureError error) {
    change(there -> there.operations.failNext(call, error));
  }

  /** Lets the next deployment that is put fail, with a reason among the details of its error. */
  public void failNextDeployment(String code, String message) {
    failOperation("PUT deployments", code, message);
  }

  /** Lets the next operation that a call begins end in Canceled, with the code OperationCanceled. */
  public void cancelOperation(String call) {
    change(there -> there.operations.cancelNext(call));
  }

  /** Operations that a call begins from now on do not end. */
  public void neverEnds(String call) {
    change(there -> there.operations.neverEnds(call));
  }

  /**
   * How long the operations take that a call begins.
   *
   * <p>Unless set: {@code PUT onlineEndpoints} 30 seconds, {@code PUT deployments} 8 minutes, {@code DELETE
   * onlineEndpoints} and {@code DELETE deployments} a minute, {@code PATCH onlineEndpoints} and {@code PATCH deployments}
   * 2 minutes, {@code POST regenerateKeys} 5 seconds.
   */
  public void duration(String call, Duration duration) {
    change(there -> there.operations.duration(call, duration));
  }

  /** What Retry-After says while an operation runs; 10 seconds unless set, and nothing if zero. */
  public void retryAfter(Duration duration) {
    change(there -> there.operations.retryAfter(duration));
  }

  /** The URLs of operations are at another host. */
  public void operationUrlsAt(URI base) {
    change(there -> there.operations.urlsAt(base.toString()));
  }

  /** Whether a PUT is answered with the URL of its operation; it is unless set. */
  public void tellsOperationUrls(boolean tells) {
    change(there -> there.operations.tellsUrls(tells));
  }

  /** Nothing is known any more of operations that have ended. */
  public void forgetOperations() {
    change(there -> there.operations.forget());
  }

  /** What replacing an endpoint is answered with: 200 unless set, or 201. */
  public void replaceStatus(int status) {
    change(there -> there.endpoints.replaceStatus(status));
  }

  /** Whether an endpoint is told as it was until its update is done; as it is to be unless set. */
  public void tellsOldUntilDone(boolean tells) {
    change(there -> there.endpoints.tellsOld(tells));
  }

  /** Whether an endpoint is told as it was to be although its update has failed; as it is unless set. */
  public void tellsNewThoughFailed(boolean tells) {
    change(there -> there.endpoints.keepsFailed(tells));
  }

  /** Whether ids are told with the way to the workspace in lower case; as they were sent unless set. */
  public void tellsIdsInLowerCase(boolean tells) {
    change(there -> there.arm.lowerCase(tells));
  }

  /** Whether a PUT with {@code If-None-Match: *} is refused if what it is to create exists; it replaces that unless set. */
  public void honoursConditions(boolean honours) {
    change(there -> there.conditions = honours);
  }

  /** Refuses a PUT that is to create what exists. */
  void checkCondition(Call call, boolean exists) {
    boolean isConditional = "*".equals(call.header("If-None-Match"));
    if (exists && isConditional && conditions) {
      throw AzureError.of(
          412,
          "PreconditionFailed",
          "The condition of the request is not met: the resource exists.");
    }
  }

  /** Whether the tags of a PATCH are merged with those that are there; they replace them unless set. */
  public void patchMergesTags(boolean merges) {
    change(there -> there.endpoints.patchMerges(merges));
  }

  /** Whether a second deployment of an endpoint is refused while one is at work; it is taken unless set. */
  public void oneDeploymentAtATime(boolean isSo) {
    change(there -> there.deployments.oneAtATime(isSo));
  }

  /** Whether deleting a container deletes the versions in it; it is refused unless set. */
  public void containersGoWithVersions(boolean go) {
    change(there -> {
      there.models.cascades(go);
      there.environments.cascades(go);
      there.codes.cascades(go);
    });
  }

  /** Whether a version that was deleted cannot be made again; it can unless set. */
  public void deletedVersionsStayTaken(boolean stay) {
    change(there -> {
      there.models.keepsNames(stay);
      there.environments.keepsNames(stay);
      there.codes.keepsNames(stay);
    });
  }

  /** Whether a container tells its latest version when that is deleted; it tells another, or null, unless set. */
  public void latestVersionsStay(boolean stay) {
    change(there -> {
      there.models.keepsLatest(stay);
      there.environments.keepsLatest(stay);
      there.codes.keepsLatest(stay);
    });
  }

  /** How long what was made is in no list, though it is there; not at all unless set. */
  public void listsLag(Duration lag) {
    change(there -> there.listLag = lag);
  }

  /** How many instances of a type there may be, with a fifth in reserve; without limit unless set. */
  public void quota(String instanceType, int instances) {
    change(there -> there.deployments.quota(instanceType, instances));
  }

  /** How many there are on a page of a list; 5 unless set. */
  public void pageSize(int size) {
    change(there -> there.pageSize = size);
  }

  /** How many blobs there are on a page of a list at most; 5000 unless set. */
  public void blobsPerPage(int size) {
    change(there -> there.blobs.pageSize(size));
  }

  /** From this call on, counted from 1 since calls were last forgotten, the token has expired. */
  public void expireFromCall(int callNumber) {
    change(there -> there.expiredFrom = callNumber);
  }

  /** A token has expired, wherever it is sent. */
  public void expireToken(String token) {
    change(there -> there.arm.expire(token));
  }

  /** How long the tokens of endpoints last that are asked for from now on; 12 hours unless set. */
  public void tokenLife(Duration life) {
    change(there -> there.endpoints.tokenLife(life));
  }

  /** Throttles each call the first time that it is made. */
  public void throttleEveryCallOnce() {
    change(there -> there.throttling = true);
  }

  /** The credentials of the default datastore: {@code AccountKey} unless set, or {@code None}. */
  public void datastoreCredentials(String type) {
    change(there -> there.datastores.credentials(type));
  }

  /** What the default datastore says of where it is; {@code https} and {@code core.windows.net} unless set. */
  public void datastoreEndpoint(String protocol, String endpoint) {
    change(there -> there.datastores.endpoint(protocol, endpoint));
  }

  /** Whether there is a default datastore; there is one unless set. */
  public void hasDefaultDatastore(boolean has) {
    change(there -> there.datastores.hasDefault(has));
  }

  /** What the container of a deployment prints, line by line. */
  public void prints(String endpoint, String deployment, String... lines) {
    List<String> all = List.of(lines);
    change(there -> there.deployments.print(endpoint, deployment, all));
  }

  /** What the container that downloads the model of a deployment prints, line by line. */
  public void printsInDownload(String endpoint, String deployment, String... lines) {
    List<String> all = List.of(lines);
    change(there -> there.deployments.printInDownload(endpoint, deployment, all));
  }

  // ---- scoring ----

  /** {@return the requests that reached a deployment, in order} */
  public List<Invocation> invocations() {
    return look(scoring::invocations);
  }

  /** What deployments answer; the request's body unless set. */
  public void answerWith(Function<Invocation, byte[]> model) {
    change(there -> there.scoring.answerWith(model));
  }

  /** Whether each endpoint has a host of its own, as at Azure, which {@link #scoringClient} alone reaches; not unless set. */
  public void endpointsHaveHosts(boolean have) {
    change(there -> there.hosts = have);
  }

  /** The content type of what deployments answer; that of the request unless set. */
  public void answerAs(String contentType) {
    change(there -> there.scoring.answerAs(contentType));
  }

  /** The next request is answered with this status before it reaches a deployment, such as 429. */
  public void failNextScoring(int status, String message, Map<String, String> headers) {
    Map<String, String> said = Map.copyOf(headers);
    change(there -> there.scoring.failNext(status, message, said));
  }

  /** The next request reaches a container that answers with this status, which becomes 424. */
  public void modelFailsNext(int status, String reason, String body) {
    change(there -> there.scoring.modelFailsNext(status, reason, body));
  }

  /** {@return the next request, which is answered when the test says so} */
  public Held holdNextScoring() {
    Held held = new Held();
    look(() -> {
      scoring.hold(held);
      return true;
    });
    return held;
  }

  /** {@return the next answer that a deployment gives, all but the first piece of which comes when the test says so} */
  public Held holdNextStream() {
    Held held = new Held();
    look(() -> {
      scoring.holdStream(held);
      return true;
    });
    return held;
  }

  /** What answers consist of; the model's answer in one piece unless set. Over the wire they come as a whole. */
  public void streamInPieces(List<byte[]> pieces) {
    List<byte[]> kept = pieces.stream().map(byte[]::clone).toList();
    change(there -> there.scoring.streamInPieces(kept));
  }

  /** After its pieces, the next answer breaks off. */
  public void breakNextStream() {
    change(there -> there.scoring.breakNext());
  }

  // ---- for the services ----

  Answer answer(Call call) {
    try {
      Supplier<Answer> later = look(() -> {
        Set<String> names = region.namesApartFrom(this);
        history.add(time, there -> there.repeat(call, names));
        arrive(call);
        return act(call, names);
      });
      // What takes no time has happened when the answer arrives.
      time.pass(Duration.ZERO);
      return withRequestId(later.get());
    } catch (AzureError e) {
      return withRequestId(
          call.target().service() == Target.Service.BLOBS ? e.blob(call.method()) : e.arm());
    }
  }

  private Answer withRequestId(Answer answer) {
    return answer.with("x-ms-request-id", requestId());
  }

  String requestId() {
    long next = look(() -> ++requestIds);
    String digits = String.valueOf(LAST_DIGITS + next).substring(1);
    return "00000000-0000-4000-8000-" + digits;
  }

  /** Does again what a call has done; what one that only reads was told is told to nobody. */
  private void repeat(Call call, Set<String> names) {
    try {
      look(() -> {
        arrive(call);
        return call.isRead() ? true : act(call, names);
      });
    } catch (AzureError e) {
      // It was refused then, too.
    }
    time.pass(Duration.ZERO);
  }

  /** Lets a call happen, unless it is to be refused. */
  private void arrive(Call call) {
    Target target = call.target();
    boolean isBlob = target.service() == Target.Service.BLOBS;
    received.add(new Received(target.call(), call));
    if (received.size() >= expiredFrom) {
      throw isBlob ? Blobs.expired() : Arm.expired();
    }
    if (throttling && throttled.add(call.identity())) {
      throw isBlob
          ? AzureError.of(503, "ServerBusy", "The server is busy.")
          : AzureError.throttled(Duration.ofSeconds(1));
    }
    Deque<AzureError> planned = failures.get(target.call());
    if (planned != null && !planned.isEmpty()) {
      throw planned.remove();
    }
    AzureError refusal = refused.get(target.call());
    if (refusal != null) {
      throw refusal;
    }
  }

  private Supplier<Answer> act(Call call, Set<String> names) {
    Target target = call.target();
    if (target.service() == Target.Service.SCORING) {
      return scoring.begin(call);
    }
    namesElsewhere = names;
    boolean isBlob = target.service() == Target.Service.BLOBS;
    Answer answer = isBlob ? blobs.answer(call) : arm.answer(call);
    return () -> answer;
  }

  /** Does something when so much time has passed, unless the workspace is closed by then. */
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

  void violated(String what) {
    look(() -> violations.add(what));
  }

  boolean isRunning(String operation) {
    return look(() -> operations.isRunning(operation));
  }

  /** {@return the names of its endpoints, as others in the region see them, without waiting for its lock} */
  Set<String> endpointNames() {
    return endpoints.names();
  }

  Set<String> namesElsewhere() {
    return namesElsewhere;
  }

  String newId() {
    return "%08x-0000-4000-a000-%012x".formatted(number, ++ids);
  }

  String now() {
    return time.now().toString();
  }

  VirtualTime time() {
    return time;
  }

  int pageSize() {
    return pageSize;
  }

  /** {@return whether lists have what was made then} */
  boolean isListed(String created) {
    return listLag.isZero()
        || created.isEmpty()
        || !Instant.parse(created).plus(listLag).isAfter(time.now());
  }

  PollWatch wireWatch() {
    return wireWatch;
  }

  Arm arm() {
    return arm;
  }

  Operations operations() {
    return operations;
  }

  Datastores datastores() {
    return datastores;
  }

  Assets models() {
    return models;
  }

  Assets environments() {
    return environments;
  }

  Assets codes() {
    return codes;
  }

  Endpoints endpoints() {
    return endpoints;
  }

  Deployments deployments() {
    return deployments;
  }

  Autoscale autoscale() {
    return autoscale;
  }

  private <T extends @Nullable Object> T look(Supplier<T> action) {
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  private void change(Consumer<Workspace> action) {
    look(() -> {
      action.accept(this);
      history.add(time, action);
      return true;
    });
  }
}
