package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.DeployModelRequest;
import com.google.cloud.aiplatform.v1.DeployedModel;
import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.MutateDeployedModelRequest;
import com.google.cloud.aiplatform.v1.UndeployModelRequest;
import com.google.cloud.aiplatform.v1.UpdateEndpointRequest;
import com.google.longrunning.Operation;
import com.google.protobuf.FieldMask;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.Outcome;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.internal.DeployedModelSpec.SharedPool;
import io.fairlead.vertex.internal.EndpointCalls.Settled;
import io.fairlead.vertex.internal.values.DeployedModelName;
import io.fairlead.vertex.internal.values.VertexTimes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Deployed models, which serve the requests of variants. They have no labels, so the owner tag is in their display
 * names; their ids are derived from the names of their variants.
 *
 * <p>A model that is being deployed is not in the endpoint's list of deployed models. The endpoint's labels name the
 * variants that may be, see {@link VariantLabels}, and its operations show whether one is.
 */
final class DeployedModelKind extends VertexKind<DeployedModelSpec> {
  private static final DeployedModelSpec UNKNOWN =
      new DeployedModelSpec("", new SharedPool(""), "", true, false, List.of());

  private final EndpointCalls endpoints;
  private final ModelKind models;
  private final ContainerLog log;
  /** The operations of deployments that were started here and have not been seen to end, by variant. */
  private final Map<String, String> started = new ConcurrentHashMap<>();

  DeployedModelKind(
      VertexNames names,
      VertexCalls calls,
      EndpointCalls endpoints,
      ModelKind models,
      ContainerLog log) {
    super(DeployedModelSpec.KIND, names, calls);
    this.endpoints = endpoints;
    this.models = models;
    this.log = log;
  }

  private static String endpointOf(String path) {
    return path.substring(0, path.indexOf('/'));
  }

  private static String variantOf(String path) {
    return path.substring(path.indexOf('/') + 1);
  }

  // ---- reading ----

  @Override
  public Observed<DeployedModelSpec> read(String path, Look look) {
    Optional<Endpoint> found = endpoints.find(endpointOf(path), look);
    if (found.isEmpty()) {
      return Observed.absent();
    }
    Endpoint endpoint = found.get();
    if (!VertexTags.areManaged(endpoint.getLabelsMap())) {
      // The name is taken, whatever the endpoint and its deployed models are.
      return Observed.ready(UNKNOWN).asForeign();
    }
    Optional<DeployedModel> deployed = find(endpoint, path);
    if (deployed.isPresent()) {
      return observed(path, endpoint, deployed.get(), look);
    }
    return mayBeDeploying(endpoint, VertexNames.deployedModelId(path))
        ? deploying(path, look)
        : Observed.absent();
  }

  private static Optional<DeployedModel> find(Endpoint endpoint, String path) {
    String id = VertexNames.deployedModelId(path);
    return endpoint.getDeployedModelsList().stream()
        .filter(model -> model.getId().equals(id))
        .findFirst();
  }

  /** {@return whether the deployment of a variant was started, and it was not undeployed since} */
  private static boolean mayBeDeploying(Endpoint endpoint, String id) {
    return endpoint.containsLabels(VariantLabels.variantKey(id));
  }

  private Observed<DeployedModelSpec> observed(
      String path, Endpoint endpoint, DeployedModel deployed, Look look) {
    if (!DeployedModelName.variant(deployed).equals(Optional.of(variantOf(path)))) {
      return Observed.ready(UNKNOWN).asForeign();
    }
    ModelKind.Deployed model =
        models.modelOf(deployed, VariantLabels.isRegistered(endpoint, deployed.getId()), look);
    Observed<DeployedModelSpec> seen = Observed.ready(
            DeployedModelSpec.of(deployed, model.name(), model.aliases()))
        .withDetail(deployed.getStatus().getMessage());
    return DeployedModelName.run(deployed).map(seen::madeBy).orElse(seen);
  }

  /**
   * {@return the state of a variant that may be being deployed: an operation in progress on the endpoint has to end
   * first}
   */
  private Observed<DeployedModelSpec> deploying(String path, Look look) {
    Settled settled = endpoints.settled(endpointOf(path), look);
    if (settled.inProgress().isPresent()) {
      return Observed.changing(VertexCalls.stage(settled.inProgress().get()));
    }
    return settled
        .endpoint()
        .flatMap(endpoint ->
            find(endpoint, path).map(deployed -> observed(path, endpoint, deployed, look)))
        .orElseGet(Observed::absent);
  }

  // ---- changing ----

  /** Without traffic, which is set later for all variants at once. */
  @Override
  public Accepted create(String path, DeployedModelSpec desired, OwnerTag owner) {
    Accepted accepted = calls.create(
        "Deploy " + path,
        calls.clients().endpoints().deployModelCallable(),
        DeployModelRequest.newBuilder()
            .setEndpoint(names.endpoint(endpointOf(path)))
            .setDeployedModel(desired
                .write(names)
                .setId(VertexNames.deployedModelId(path))
                .setDisplayName(DeployedModelName.displayName(variantOf(path), owner.run()))
                .setModel(models.versionName(desired.model())))
            .build(),
        names.endpoint(endpointOf(path)));
    accepted.operation().ifPresent(operation -> started.put(path, operation));
    return accepted;
  }

  @Override
  public Outcome poll(String operation) {
    Outcome outcome = super.poll(operation);
    if (outcome.state() == Outcome.State.RUNNING) {
      return outcome;
    }
    Optional<String> deployed = started.entrySet().stream()
        .filter(entry -> entry.getValue().equals(operation))
        .map(Map.Entry::getKey)
        .findFirst();
    deployed.ifPresent(started::remove);
    return outcome
        .error()
        .filter(error -> error.kind() == ErrorKind.MODEL_FAILED)
        .flatMap(error -> deployed.map(path -> Outcome.failed(withLog(error, path))))
        .orElse(outcome);
  }

  private ServingException withLog(ServingException error, String path) {
    return ServingException.builder(
            VertexProvider.ID,
            error.kind(),
            error.getMessage() + ". "
                + log.describe(endpointOf(path), VertexNames.deployedModelId(path)))
        .build();
  }

  @Override
  public Accepted update(
      String path, Observed<DeployedModelSpec> current, DeployedModelSpec desired) {
    return calls.start(
        "Scale " + path,
        calls.clients().endpoints().mutateDeployedModelCallable(),
        MutateDeployedModelRequest.newBuilder()
            .setEndpoint(names.endpoint(endpointOf(path)))
            .setDeployedModel(desired.write(names).setId(VertexNames.deployedModelId(path)))
            .setUpdateMask(
                FieldMask.newBuilder().addAllPaths(current.value().orElseThrow().pathsTo(desired)))
            .build());
  }

  @Override
  public Accepted delete(String path, Observed<DeployedModelSpec> current, Set<ResourceRef> going) {
    if (current.status() == Observed.Status.CHANGING) {
      // Only an operation that was started here: another one may be of another variant.
      String operation = started.remove(path);
      if (operation != null) {
        calls.cancel(operation);
      }
      throw failure(
          ErrorKind.CONFLICT, path + " cannot be undeployed before its deployment has ended");
    }
    if (!going.contains(new ResourceRef(EndpointSpec.KIND.name(), endpointOf(path)))) {
      removeVariantLabel(path);
    }
    return calls.start(
        "Undeploy " + path,
        calls.clients().endpoints().undeployModelCallable(),
        UndeployModelRequest.newBuilder()
            .setEndpoint(names.endpoint(endpointOf(path)))
            .setDeployedModelId(VertexNames.deployedModelId(path))
            .build());
  }

  /** Removes the label, so that another variant's deployment is not mistaken for this one's. */
  private void removeVariantLabel(String path) {
    String key = VariantLabels.variantKey(VertexNames.deployedModelId(path));
    Optional<Endpoint> found = endpoints.find(endpointOf(path));
    if (found.isEmpty() || !found.get().containsLabels(key)) {
      return;
    }
    SortedMap<String, String> labels = new TreeMap<>(found.get().getLabelsMap());
    labels.remove(key);
    calls.call(
        "Update endpoint " + endpointOf(path),
        calls.clients().endpoints().updateEndpointCallable(),
        UpdateEndpointRequest.newBuilder()
            .setEndpoint(Endpoint.newBuilder()
                .setName(names.endpoint(endpointOf(path)))
                .setEtag(found.get().getEtag())
                .putAllLabels(labels))
            .setUpdateMask(FieldMask.newBuilder().addPaths("labels"))
            .build());
  }

  // ---- listing ----

  @Override
  public List<Listed> list(Look look) {
    List<Listed> listed = new ArrayList<>();
    for (Endpoint endpoint : endpoints.list(look)) {
      String name = VertexNames.id(endpoint.getName());
      boolean hasPending = undeployedVariants(endpoint).keySet().stream()
          .anyMatch(id -> mayBeDeploying(endpoint, id));
      Settled settled = hasPending
          ? endpoints.settled(name, look)
          : new Settled(Optional.empty(), Optional.of(endpoint));
      Endpoint now = settled.endpoint().orElse(endpoint);
      for (DeployedModel deployed : now.getDeployedModelsList()) {
        DeployedModelName.variant(deployed)
            .ifPresent(variant -> listed.add(listed(now, variant, deployed, look)));
      }
      settled
          .inProgress()
          .filter(VertexCalls::isDeployment)
          .ifPresent(deployment -> undeployedVariants(endpoint)
              .values()
              .forEach(labels -> labels
                  .variant()
                  .ifPresent(
                      variant -> listed.add(deploying(endpoint, variant, labels, deployment)))));
    }
    return listed;
  }

  /** {@return the labels of an endpoint about variants that are not deployed} */
  private static Map<String, VariantLabels> undeployedVariants(Endpoint endpoint) {
    Map<String, VariantLabels> variants = VariantLabels.of(endpoint.getLabelsMap());
    endpoint.getDeployedModelsList().forEach(deployed -> variants.remove(deployed.getId()));
    return variants;
  }

  private Listed listed(Endpoint endpoint, String variant, DeployedModel deployed, Look look) {
    String name = VertexNames.id(endpoint.getName());
    List<ResourceRef> uses = new ArrayList<>();
    ModelKind.Deployed model =
        models.modelOf(deployed, VariantLabels.isRegistered(endpoint, deployed.getId()), look);
    if (model.isManaged()) {
      uses.add(new ResourceRef(ModelSpec.KIND.name(), model.name()));
    }
    uses.add(new ResourceRef(EndpointSpec.KIND.name(), name));
    if (!deployed.getSharedResources().isEmpty()) {
      uses.add(
          new ResourceRef(PoolSpec.KIND.name(), VertexNames.id(deployed.getSharedResources())));
    }
    return Listed.of(
            new ResourceRef(DeployedModelSpec.KIND.name(), name + "/" + variant),
            VertexTimes.instant(deployed.getCreateTime()))
        .deployment(name)
        .status(Observed.Status.READY, detail(endpoint, deployed))
        .asRoot()
        .uses(uses);
  }

  /** {@return what Vertex AI says of it, or else what a private endpoint is reached by} */
  private static String detail(Endpoint endpoint, DeployedModel deployed) {
    String attachment = EndpointCalls.serviceAttachment(endpoint);
    String said = deployed.getStatus().getMessage();
    return said.isEmpty() && !attachment.isEmpty() ? "service attachment " + attachment : said;
  }

  private static Listed deploying(
      Endpoint endpoint, String variant, VariantLabels labels, Operation deployment) {
    String name = VertexNames.id(endpoint.getName());
    List<ResourceRef> uses = new ArrayList<>(labels.uses());
    uses.add(new ResourceRef(EndpointSpec.KIND.name(), name));
    return Listed.of(
            new ResourceRef(DeployedModelSpec.KIND.name(), name + "/" + variant),
            VertexTimes.instant(endpoint.getUpdateTime()))
        .deployment(name)
        .status(Observed.Status.CHANGING, VertexCalls.stage(deployment))
        .asRoot()
        .uses(uses);
  }

  @Override
  public boolean matches(DeployedModelSpec desired, DeployedModelSpec actual) {
    return actual.cannotBecome(desired).isEmpty() && actual.pathsTo(desired).isEmpty();
  }

  @Override
  public Optional<String> cannotUpdate(DeployedModelSpec actual, DeployedModelSpec desired) {
    return actual.cannotBecome(desired);
  }
}
