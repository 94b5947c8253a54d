package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.DeployModelRequest;
import com.google.cloud.aiplatform.v1.DeployedModel;
import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.MutateDeployedModelRequest;
import com.google.cloud.aiplatform.v1.UndeployModelRequest;
import com.google.longrunning.Operation;
import com.google.protobuf.FieldMask;
import io.fairlead.error.ErrorKind;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.reconcile.Accepted;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Deployed models: what serves a variant's requests. They have no labels, so their display names say whose they are, and
 * their ids are derived from the variants that they are.
 */
final class DeployedModelKind extends VertexKind<DeployedModelSpec> {
  static final String NAME = "deployed-model";

  /** What stands for the model that is being deployed, in that call's traffic split alone. */
  private static final String THIS = "0";

  private static final int ALL = 100;
  private static final DeployedModelSpec UNKNOWN =
      new DeployedModelSpec("", Optional.empty(), "", "", true, false);

  private final EndpointCalls endpoints;
  private final ModelKind models;

  DeployedModelKind(
      VertexNames names, VertexCalls calls, EndpointCalls endpoints, ModelKind models) {
    super(NAME, names, calls);
    this.endpoints = endpoints;
    this.models = models;
  }

  private static String endpointOf(String path) {
    return path.substring(0, path.indexOf('/'));
  }

  private static String variantOf(String path) {
    return path.substring(path.indexOf('/') + 1);
  }

  @Override
  public Observed<DeployedModelSpec> read(String path) {
    Optional<Endpoint> found = endpoints.find(endpointOf(path));
    if (found.isEmpty()) {
      return Observed.absent();
    }
    Endpoint endpoint = found.get();
    if (!VertexTags.areOurs(endpoint.getLabelsMap())) {
      // Whatever it is, and whatever is deployed to it: the name is taken.
      return Observed.ready(UNKNOWN).asForeign();
    }
    String id = VertexNames.deployedModelId(path);
    Optional<DeployedModel> deployed = endpoint.getDeployedModelsList().stream()
        .filter(model -> model.getId().equals(id))
        .findFirst();
    return deployed.isPresent() ? observed(path, deployed.get()) : coming(endpoint);
  }

  private Observed<DeployedModelSpec> observed(String path, DeployedModel deployed) {
    if (!DeployedModelName.variant(deployed).equals(Optional.of(variantOf(path)))) {
      return Observed.ready(UNKNOWN).asForeign();
    }
    Observed<DeployedModelSpec> seen = Observed.ready(
            DeployedModelSpec.of(deployed, models.nameOf(deployed)))
        .withDetail(deployed.getStatus().getMessage());
    return DeployedModelName.run(deployed).map(seen::madeBy).orElse(seen);
  }

  /**
   * What is on its way to an endpoint is in no list of what is deployed to it. An endpoint has one operation at a time, so
   * whichever it is, it has to end first.
   */
  private Observed<DeployedModelSpec> coming(Endpoint endpoint) {
    Optional<Operation> operation =
        calls.underWay(names.endpoint(VertexNames.id(endpoint.getName())));
    return operation.isPresent()
        ? Observed.changing(VertexCalls.stage(operation.get()))
        : Observed.absent();
  }

  @Override
  public Accepted create(String path, DeployedModelSpec desired, OwnerTag mark) {
    String name = endpointOf(path);
    Endpoint endpoint = endpoints
        .find(name)
        .orElseThrow(
            () -> failure(ErrorKind.NOT_FOUND, "Endpoint " + name + " is not there any longer"));
    DeployModelRequest.Builder request = DeployModelRequest.newBuilder()
        .setEndpoint(names.endpoint(name))
        .setDeployedModel(desired
            .write(names)
            .setId(VertexNames.deployedModelId(path))
            .setDisplayName(DeployedModelName.displayName(variantOf(path), mark.run()))
            .setModel(models.versionName(desired.model())));
    if (endpoint.getTrafficSplitCount() == 0) {
      // Without a split, the endpoint would answer nobody.
      request.putTrafficSplit(THIS, ALL);
    }
    return calls.make(
        "Deploy " + path,
        calls.clients().endpoints().deployModelCallable(),
        request.build(),
        names.endpoint(name));
  }

  @Override
  public Accepted update(
      String path, Observed<DeployedModelSpec> current, DeployedModelSpec desired) {
    return calls.begin(
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
  public Accepted delete(String path, Observed<DeployedModelSpec> current) {
    return calls.begin(
        "Undeploy " + path,
        calls.clients().endpoints().undeployModelCallable(),
        UndeployModelRequest.newBuilder()
            .setEndpoint(names.endpoint(endpointOf(path)))
            .setDeployedModelId(VertexNames.deployedModelId(path))
            .build());
  }

  @Override
  public List<Listed> list() {
    List<Listed> listed = new ArrayList<>();
    for (Endpoint endpoint : endpoints.list()) {
      String name = VertexNames.id(endpoint.getName());
      for (DeployedModel deployed : endpoint.getDeployedModelsList()) {
        DeployedModelName.variant(deployed)
            .ifPresent(variant -> listed.add(listed(name, variant, deployed)));
      }
    }
    return listed;
  }

  private Listed listed(String name, String variant, DeployedModel deployed) {
    List<ResourceRef> uses = new ArrayList<>();
    uses.add(new ResourceRef(ModelKind.NAME, models.nameOf(deployed)));
    uses.add(new ResourceRef(EndpointKind.NAME, name));
    if (!deployed.getSharedResources().isEmpty()) {
      uses.add(new ResourceRef(PoolKind.NAME, VertexNames.id(deployed.getSharedResources())));
    }
    return new Listed(
        new ResourceRef(NAME, name + "/" + variant),
        name,
        VertexTimes.instant(deployed.getCreateTime()),
        Observed.Status.READY,
        deployed.getStatus().getMessage(),
        true,
        uses,
        Optional.empty());
  }

  @Override
  public Optional<String> cannotUpdate(DeployedModelSpec actual, DeployedModelSpec desired) {
    return actual.cannotBecome(desired);
  }
}
