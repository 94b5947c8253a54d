package io.fairlead.vertex.standin;

import com.google.cloud.aiplatform.v1.CreateEndpointOperationMetadata;
import com.google.cloud.aiplatform.v1.CreateEndpointRequest;
import com.google.cloud.aiplatform.v1.DedicatedResources;
import com.google.cloud.aiplatform.v1.DeleteEndpointRequest;
import com.google.cloud.aiplatform.v1.DeleteOperationMetadata;
import com.google.cloud.aiplatform.v1.DeployModelOperationMetadata;
import com.google.cloud.aiplatform.v1.DeployModelRequest;
import com.google.cloud.aiplatform.v1.DeployModelResponse;
import com.google.cloud.aiplatform.v1.DeployedModel;
import com.google.cloud.aiplatform.v1.DeployedModel.PredictionResourcesCase;
import com.google.cloud.aiplatform.v1.DeployedModelRef;
import com.google.cloud.aiplatform.v1.DeploymentResourcePool;
import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.GetEndpointRequest;
import com.google.cloud.aiplatform.v1.ListEndpointsRequest;
import com.google.cloud.aiplatform.v1.ListEndpointsResponse;
import com.google.cloud.aiplatform.v1.MutateDeployedModelOperationMetadata;
import com.google.cloud.aiplatform.v1.MutateDeployedModelRequest;
import com.google.cloud.aiplatform.v1.MutateDeployedModelResponse;
import com.google.cloud.aiplatform.v1.UndeployModelOperationMetadata;
import com.google.cloud.aiplatform.v1.UndeployModelRequest;
import com.google.cloud.aiplatform.v1.UndeployModelResponse;
import com.google.cloud.aiplatform.v1.UpdateEndpointLongRunningRequest;
import com.google.cloud.aiplatform.v1.UpdateEndpointOperationMetadata;
import com.google.cloud.aiplatform.v1.UpdateEndpointRequest;
import com.google.longrunning.Operation;
import com.google.protobuf.Empty;
import com.google.protobuf.util.FieldMaskUtil;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** EndpointService: endpoints, what is deployed to them, and the traffic. */
final class Endpoints {
  /** An update replaces what its mask names. */
  static final FieldMaskUtil.MergeOptions REPLACING = new FieldMaskUtil.MergeOptions()
      .setReplaceMessageFields(true)
      .setReplaceRepeatedFields(true)
      .setReplacePrimitiveFields(true);

  private static final Pattern ENDPOINT_ID =
      Pattern.compile("[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?|[1-9][0-9]{0,8}");
  private static final Pattern DEPLOYED_ID = Pattern.compile("[1-9][0-9]{0,9}");
  private static final Set<String> MUTABLE = Set.of(
      "display_name",
      "description",
      "labels",
      "traffic_split",
      "predict_request_response_logging_config");
  private static final Set<String> MUTABLE_OF_DEPLOYED = Set.of(
      "dedicated_resources.min_replica_count",
      "dedicated_resources.max_replica_count",
      "dedicated_resources.required_replica_count",
      "dedicated_resources.autoscaling_metric_specs",
      "automatic_resources.min_replica_count",
      "automatic_resources.max_replica_count",
      "disable_container_logging");

  private final Project project;
  private final Map<String, EndpointState> endpoints = new TreeMap<>();
  private final Map<String, Integer> quotas = new HashMap<>();
  private final Set<String> outOfStock = new HashSet<>();
  private Duration dnsDelay = Duration.ofMinutes(1);
  private String dnsPrefix = "";
  private String dns = "";
  private Duration toldTimeout = Duration.ZERO;

  Endpoints(Project project) {
    this.project = project;
  }

  // ---- what a test says ----

  void remains(Set<String> all) {
    for (EndpointState endpoint : endpoints.values()) {
      all.add("endpoint/" + endpoint.name.id());
      endpoint
          .deployed
          .keySet()
          .forEach(id -> all.add("deployed-model/" + endpoint.name.id() + "/" + id));
    }
  }

  void quota(String machineType, int replicas) {
    quotas.put(machineType, replicas);
  }

  void outOfStock(String machineType, boolean isOut) {
    if (isOut) {
      outOfStock.add(machineType);
    } else {
      outOfStock.remove(machineType);
    }
  }

  void dnsDelay(Duration delay) {
    dnsDelay = delay;
  }

  void toldTimeout(Duration timeout) {
    toldTimeout = timeout;
  }

  void dnsPrefix(String prefix) {
    dnsPrefix = prefix;
  }

  void dnsIs(String host) {
    dns = host;
  }

  EndpointState add(ResourceName name, Endpoint spec) {
    EndpointState endpoint = new EndpointState(
        name,
        project.time().elapsed(),
        spec.toBuilder()
            .setCreateTime(project.now())
            .setUpdateTime(project.now())
            .build());
    endpoint.etag = project.newEtag();
    endpoints.put(name.key(), endpoint);
    return endpoint;
  }

  void deploy(EndpointState endpoint, DeployedModel model) {
    endpoint.deployed.put(model.getId(), withStatus(model));
    endpoint.split(Map.of(model.getId(), 100));
    touch(endpoint);
  }

  Endpoint said(String name) {
    return said(existing(name));
  }

  // ---- what the others ask ----

  List<String> using(ResourceName model, String version) {
    return endpoints.values().stream()
        .filter(endpoint -> Stream.concat(
                endpoint.deployed.values().stream(), endpoint.coming.values().stream())
            .anyMatch(deployed -> isOf(deployed, model, version)))
        .map(endpoint -> endpoint.name.toString())
        .toList();
  }

  List<DeployedModelRef> references(ResourceName model, String version) {
    List<DeployedModelRef> references = new ArrayList<>();
    for (EndpointState endpoint : endpoints.values()) {
      for (DeployedModel deployed : endpoint.deployed.values()) {
        if (isOf(deployed, model, version)) {
          references.add(DeployedModelRef.newBuilder()
              .setEndpoint(endpoint.name.toString())
              .setDeployedModelId(deployed.getId())
              .build());
        }
      }
    }
    return references;
  }

  private boolean isOf(DeployedModel deployed, ResourceName model, String version) {
    return project.name(deployed.getModel()).key().equals(model.key())
        && deployed.getModelVersionId().equals(version);
  }

  List<String> sharing(ResourceName pool) {
    return endpoints.values().stream()
        .filter(endpoint -> Stream.concat(
                endpoint.deployed.values().stream(), endpoint.coming.values().stream())
            .anyMatch(deployed -> deployed.getSharedResources().equals(pool.toString())))
        .map(endpoint -> endpoint.name.toString())
        .toList();
  }

  void unwatched(String job) {
    endpoints.values().stream()
        .filter(endpoint -> endpoint.monitoringJob.equals(job))
        .forEach(endpoint -> endpoint.monitoringJob = "");
  }

  EndpointState existing(String name) {
    EndpointState endpoint = endpoints.get(project.name(name).key());
    if (endpoint == null) {
      throw Refusal.notFound("Endpoint " + name);
    }
    return endpoint;
  }

  // ---- endpoints ----

  Operation create(CreateEndpointRequest request) {
    Endpoint spec = request.getEndpoint();
    Rules.displayName(spec.getDisplayName());
    Rules.labels(spec.getLabelsMap());
    Rules.check(
        spec.getTrafficSplitCount() == 0, "endpoint.traffic_split", "Nothing is deployed yet.");
    Rules.check(
        spec.getNetwork().isEmpty() || !spec.hasPrivateServiceConnectConfig(),
        "endpoint.network",
        "network and private_service_connect_config exclude each other.");
    String id = request.getEndpointId().isEmpty() ? project.newId() : request.getEndpointId();
    if (!request.getEndpointId().isEmpty()) {
      Rules.pattern("endpoint_id", ENDPOINT_ID, id);
    }
    ResourceName name = project.name(request.getParent()).sibling("endpoints", id);
    if (endpoints.containsKey(name.key())
        || project.operations().isUnderWay("CreateEndpoint", name, "")) {
      throw Refusal.alreadyExists("Endpoint " + name);
    }
    return project
        .operations()
        .start(
            "CreateEndpoint",
            name,
            "",
            (generic, stage) -> CreateEndpointOperationMetadata.newBuilder()
                .setGenericMetadata(generic)
                .build(),
            () -> said(add(name, spec)));
  }

  Endpoint get(GetEndpointRequest request) {
    return said(existing(request.getName()));
  }

  ListEndpointsResponse list(ListEndpointsRequest request) {
    ResourceName parent = project.name(request.getParent());
    List<EndpointState> here = endpoints.values().stream()
        .filter(endpoint -> endpoint.name.location().equals(parent.location()))
        .toList();
    ListEndpointsResponse.Builder response = ListEndpointsResponse.newBuilder();
    Pages.list(
        here,
        endpoint -> new Pages.Facts(
            endpoint.spec.getLabelsMap(), endpoint.spec.getDisplayName(), endpoint.name.id()),
        request.getFilter(),
        project.pageSize(),
        request.getPageSize(),
        request.getPageToken(),
        endpoint -> response.addEndpoints(said(endpoint)),
        response::setNextPageToken);
    return response.build();
  }

  Endpoint update(UpdateEndpointRequest request) {
    Endpoint wanted = request.getEndpoint();
    EndpointState endpoint = existing(wanted.getName());
    if (!wanted.getEtag().isEmpty() && !wanted.getEtag().equals(endpoint.etag)) {
      throw Refusal.changedMeanwhile(endpoint.name.toString(), wanted.getEtag());
    }
    Rules.mask(request.getUpdateMask(), MUTABLE);
    Rules.displayName(wanted.getDisplayName());
    Rules.labels(wanted.getLabelsMap());
    if (request.getUpdateMask().getPathsList().contains("traffic_split")) {
      Rules.split(wanted.getTrafficSplitMap(), endpoint.deployed.keySet());
      endpoint.split(wanted.getTrafficSplitMap());
    }
    Endpoint.Builder changed = endpoint.spec.toBuilder();
    FieldMaskUtil.merge(request.getUpdateMask(), wanted, changed, REPLACING);
    endpoint.spec = changed.clearTrafficSplit().build();
    touch(endpoint);
    return said(endpoint);
  }

  /** Nothing but the connection of clients changes, whatever else the request's endpoint says. */
  Operation reconnect(UpdateEndpointLongRunningRequest request) {
    EndpointState endpoint = existing(request.getEndpoint().getName());
    project.operations().refuseIfBusy(endpoint.name);
    Rules.check(
        endpoint.spec.getDedicatedEndpointEnabled()
            || endpoint.spec.hasPrivateServiceConnectConfig(),
        "endpoint.client_connection_config",
        "A shared endpoint has no client_connection_config.");
    return project
        .operations()
        .start(
            "UpdateEndpointLongRunning",
            endpoint.name,
            "",
            (generic, stage) -> UpdateEndpointOperationMetadata.newBuilder()
                .setGenericMetadata(generic)
                .build(),
            () -> {
              endpoint.spec = endpoint.spec.toBuilder()
                  .setClientConnectionConfig(request.getEndpoint().getClientConnectionConfig())
                  .build();
              touch(endpoint);
              return said(endpoint);
            });
  }

  Operation delete(DeleteEndpointRequest request) {
    EndpointState endpoint = existing(request.getName());
    project.operations().refuseIfBusy(endpoint.name);
    if (!endpoint.deployed.isEmpty()) {
      throw Refusal.precondition("Endpoint \"" + endpoint.name
          + "\" cannot be deleted: it has deployed or being-deployed DeployedModel(s): "
          + String.join(", ", endpoint.deployed.keySet()));
    }
    return project
        .operations()
        .start(
            "DeleteEndpoint",
            endpoint.name,
            "",
            (generic, stage) ->
                DeleteOperationMetadata.newBuilder().setGenericMetadata(generic).build(),
            () -> {
              endpoints.remove(endpoint.name.key());
              return Empty.getDefaultInstance();
            });
  }

  // ---- deployed models ----

  Operation deploy(DeployModelRequest request) {
    EndpointState endpoint = existing(request.getEndpoint());
    DeployedModel wanted = request.getDeployedModel();
    Rules.check(!wanted.getModel().isEmpty(), "deployed_model.model", "Required field is not set.");
    Models.Found model = project.models().find(wanted.getModel());
    Rules.check(
        model.model().getContainerSpec().getInvokeRoutePrefix().isEmpty()
            || endpoint.spec.getDedicatedEndpointEnabled(),
        "deployed_model.model",
        "A model with invoke_route_prefix can only be deployed to a dedicated endpoint.");
    String id = wanted.getId().isEmpty() ? project.newId() : wanted.getId();
    if (!wanted.getId().isEmpty()) {
      Rules.pattern("deployed_model.id", DEPLOYED_ID, id);
    }
    if (endpoint.deployed.containsKey(id)
        || project.operations().isUnderWay("DeployModel", endpoint.name, id)) {
      throw Refusal.alreadyExists("DeployedModel " + id + " of " + endpoint.name);
    }
    project.operations().refuseIfBusy(endpoint.name);
    DeployedModel.Builder coming = wanted.toBuilder()
        .setId(id)
        .setModel(model.name().toString())
        .setModelVersionId(model.model().getVersionId())
        .setDisplayName(
            wanted.getDisplayName().isEmpty()
                ? model.model().getDisplayName()
                : wanted.getDisplayName());
    resources(endpoint, coming);
    Set<String> ids = new HashSet<>(endpoint.deployed.keySet());
    ids.add("0");
    Rules.split(request.getTrafficSplitMap(), ids);
    withinQuota(endpoint, id, coming.build());
    boolean isOut = outOfStock.contains(machine(coming.build()).getMachineSpec().getMachineType());
    endpoint.coming.put(id, coming.build());
    return project
        .operations()
        .start(
            "DeployModel",
            endpoint.name,
            id,
            (generic, stage) -> DeployModelOperationMetadata.newBuilder()
                .setGenericMetadata(generic)
                .setDeploymentStage(stage)
                .build(),
            () -> {
              if (isOut) {
                throw stockOut();
              }
              deployed(endpoint, coming, request.getTrafficSplitMap());
              return DeployModelResponse.newBuilder()
                  .setDeployedModel(endpoint.deployed.get(id))
                  .build();
            });
  }

  /** It is no longer on its way, however its operation ended. */
  void arrived(ResourceName endpointName, String id) {
    EndpointState endpoint = endpoints.get(endpointName.key());
    if (endpoint != null) {
      endpoint.coming.remove(id);
    }
  }

  private void deployed(
      EndpointState endpoint, DeployedModel.Builder model, Map<String, Integer> split) {
    endpoint.deployed.put(
        model.getId(), withStatus(model.setCreateTime(project.now()).build()));
    if (!split.isEmpty()) {
      Map<String, Integer> named = new TreeMap<>();
      split.forEach((key, percent) -> named.put(key.equals("0") ? model.getId() : key, percent));
      endpoint.split(named);
    }
    touch(endpoint);
  }

  private void resources(EndpointState endpoint, DeployedModel.Builder model) {
    PredictionResourcesCase resources = model.getPredictionResourcesCase();
    Rules.check(
        resources == PredictionResourcesCase.DEDICATED_RESOURCES
            || resources == PredictionResourcesCase.SHARED_RESOURCES,
        "deployed_model",
        "The model supports DEDICATED_RESOURCES and SHARED_RESOURCES only, got " + resources + ".");
    if (resources == PredictionResourcesCase.DEDICATED_RESOURCES) {
      Rules.replicas(model.getDedicatedResources(), "deployed_model.dedicated_resources.");
      DedicatedResources.Builder dedicated = model.getDedicatedResourcesBuilder();
      if (dedicated.getMaxReplicaCount() == 0) {
        dedicated.setMaxReplicaCount(dedicated.getMinReplicaCount());
      }
    } else {
      DeploymentResourcePool pool = project.pools().existing(model.getSharedResources());
      Rules.check(
          pool.getEncryptionSpec().equals(endpoint.spec.getEncryptionSpec()),
          "deployed_model.shared_resources",
          "The endpoint and the pool need to have the same encryption_spec.");
      model.setSharedResources(pool.getName());
    }
  }

  Operation undeploy(UndeployModelRequest request) {
    EndpointState endpoint = existing(request.getEndpoint());
    String id = request.getDeployedModelId();
    DeployedModel model = existing(endpoint, id);
    project.operations().refuseIfBusy(endpoint.name);
    Set<String> others = new HashSet<>(endpoint.deployed.keySet());
    others.remove(id);
    Rules.split(request.getTrafficSplitMap(), others);
    boolean hasTraffic = endpoint.split.getOrDefault(id, 0) > 0;
    if (hasTraffic && !others.isEmpty() && request.getTrafficSplitCount() == 0) {
      throw Refusal.precondition("DeployedModel " + id + " of " + endpoint.name
          + " has traffic: shift it to the others before, or by traffic_split.");
    }
    return project
        .operations()
        .start(
            "UndeployModel",
            endpoint.name,
            id,
            (generic, stage) -> UndeployModelOperationMetadata.newBuilder()
                .setGenericMetadata(generic)
                .build(),
            () -> {
              if (endpoint.deployed.remove(id) == null) {
                throw Refusal.notFound("DeployedModel " + id + " of " + endpoint.name);
              }
              Map<String, Integer> left = new TreeMap<>(
                  request.getTrafficSplitCount() > 0
                      ? request.getTrafficSplitMap()
                      : endpoint.split);
              left.remove(id);
              endpoint.split(left);
              touch(endpoint);
              project
                  .models()
                  .undeployed(project.name(model.getModel()), model.getModelVersionId());
              return UndeployModelResponse.getDefaultInstance();
            });
  }

  Operation mutate(MutateDeployedModelRequest request) {
    EndpointState endpoint = existing(request.getEndpoint());
    Rules.check(
        !request.getDeployedModel().getId().isEmpty(),
        "deployed_model.id",
        "Required field is not set.");
    DeployedModel model = existing(endpoint, request.getDeployedModel().getId());
    Rules.mask(request.getUpdateMask(), MUTABLE_OF_DEPLOYED);
    project.operations().refuseIfBusy(endpoint.name);
    boolean resizes = request.getUpdateMask().getPathsList().stream()
        .anyMatch(path -> path.startsWith("dedicated_resources."));
    Rules.check(
        !resizes || model.hasDedicatedResources(),
        "update_mask",
        "DeployedModel " + model.getId() + " has no dedicated resources.");
    DeployedModel.Builder changed = model.toBuilder();
    FieldMaskUtil.merge(request.getUpdateMask(), request.getDeployedModel(), changed, REPLACING);
    if (changed.hasDedicatedResources()) {
      Rules.replicas(changed.getDedicatedResources(), "deployed_model.dedicated_resources.");
    }
    withinQuota(endpoint, model.getId(), changed.build());
    boolean isOut = outOfStock.contains(machine(model).getMachineSpec().getMachineType())
        && replicas(changed.build()) > replicas(model);
    return project
        .operations()
        .start(
            "MutateDeployedModel",
            endpoint.name,
            model.getId(),
            (generic, stage) -> MutateDeployedModelOperationMetadata.newBuilder()
                .setGenericMetadata(generic)
                .build(),
            () -> {
              if (isOut) {
                throw stockOut();
              }
              endpoint.deployed.put(model.getId(), withStatus(changed.build()));
              touch(endpoint);
              return MutateDeployedModelResponse.newBuilder()
                  .setDeployedModel(endpoint.deployed.get(model.getId()))
                  .build();
            });
  }

  static DeployedModel existing(EndpointState endpoint, String id) {
    DeployedModel model = endpoint.deployed.get(id);
    if (model == null) {
      throw Refusal.of(
          Status.Code.NOT_FOUND, "The following DeployedModel ID(s) [" + id + "] do not exist.");
    }
    return model;
  }

  // ---- capacity ----

  private void withinQuota(EndpointState endpoint, String id, DeployedModel wanted) {
    String type = machine(wanted).getMachineSpec().getMachineType();
    Integer limit = quotas.get(type);
    if (limit == null) {
      return;
    }
    Set<String> pools = new HashSet<>();
    int used = 0;
    for (EndpointState one : endpoints.values()) {
      Map<String, DeployedModel> all = new HashMap<>(one.deployed);
      all.putAll(one.coming);
      if (one == endpoint) {
        all.put(id, wanted);
      }
      for (DeployedModel model : all.values()) {
        boolean isCounted =
            model.getSharedResources().isEmpty() || pools.add(model.getSharedResources());
        if (isCounted && machine(model).getMachineSpec().getMachineType().equals(type)) {
          used += replicas(model);
        }
      }
    }
    DeployedModel now = endpoint.deployed.get(id);
    if (used > limit && (now == null || replicas(wanted) > replicas(now))) {
      throw Refusal.of(
          Status.Code.RESOURCE_EXHAUSTED,
          "The following quota metrics exceed quota limits:"
              + " aiplatform.googleapis.com/custom_model_serving_cpus (" + type + ": " + used
              + " of " + limit + ")");
    }
  }

  private DedicatedResources machine(DeployedModel model) {
    if (model.getSharedResources().isEmpty()) {
      return model.getDedicatedResources();
    }
    DeploymentResourcePool pool = project.pools().existing(model.getSharedResources());
    return pool.getDedicatedResources();
  }

  private int replicas(DeployedModel model) {
    DedicatedResources resources = machine(model);
    return Math.max(resources.getMinReplicaCount(), resources.getMaxReplicaCount());
  }

  private static StatusRuntimeException stockOut() {
    return Refusal.of(
        Status.Code.RESOURCE_EXHAUSTED,
        "Model deployment failed: Machine type temporarily unavailable, please deploy with a"
            + " different machine type or retry.");
  }

  // ---- what is said ----

  private DeployedModel withStatus(DeployedModel model) {
    return model.toBuilder()
        .setStatus(DeployedModel.Status.newBuilder()
            .setAvailableReplicaCount(machine(model).getMinReplicaCount())
            .setLastUpdateTime(project.now()))
        .build();
  }

  private void touch(EndpointState endpoint) {
    endpoint.etag = project.newEtag();
    endpoint.spec = endpoint.spec.toBuilder().setUpdateTime(project.now()).build();
  }

  private Endpoint said(EndpointState endpoint) {
    Endpoint.Builder said = endpoint.spec.toBuilder()
        .setName(endpoint.name.toString())
        .setEtag(endpoint.etag)
        .clearDeployedModels()
        .addAllDeployedModels(endpoint.deployed.values())
        .clearTrafficSplit()
        .putAllTrafficSplit(endpoint.split)
        .setModelDeploymentMonitoringJob(endpoint.monitoringJob);
    if (!toldTimeout.isZero()
        && endpoint.spec.getDedicatedEndpointEnabled()
        && !endpoint.spec.hasClientConnectionConfig()) {
      said.getClientConnectionConfigBuilder()
          .getInferenceTimeoutBuilder()
          .setSeconds(toldTimeout.toSeconds());
    }
    if (endpoint.spec.hasPrivateServiceConnectConfig() && !endpoint.deployed.isEmpty()) {
      said.getPrivateServiceConnectConfigBuilder()
          .setServiceAttachment("projects/" + project.number() + "/regions/"
              + endpoint.name.location() + "/serviceAttachments/" + endpoint.name.id());
    }
    boolean hasDns = endpoint.created.plus(dnsDelay).compareTo(project.time().elapsed()) <= 0;
    if (endpoint.spec.getDedicatedEndpointEnabled() && hasDns) {
      said.setDedicatedEndpointDns(dnsPrefix + dns(endpoint));
    }
    return said.build();
  }

  String dns(EndpointState endpoint) {
    if (!dns.isEmpty()) {
      return dns;
    }
    return endpoint.name.id() + "." + endpoint.name.location() + "-" + project.number()
        + ".prediction.vertexai.goog";
  }
}
