package io.fairlead.azureml.internal;

import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.azureml.internal.arm.Workspace;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.Outcome;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The mirror of a variant: the copy of a share of the endpoint's requests, whose answers are dropped. */
final class MirrorKind implements ResourceKind<MirrorKind.Mirror> {
  /**
   * A mirror.
   *
   * @param percent the share of the requests, 1 to 50
   */
  record Mirror(int percent) {
    static final KindName<Mirror> KIND = new KindName<>("mirror", Mirror.class);
  }

  private final Workspace workspace;
  private final Endpoints endpoints;
  private final AzureMlTraffic traffic;

  MirrorKind(Workspace workspace, Endpoints endpoints, AzureMlTraffic traffic) {
    this.workspace = workspace;
    this.endpoints = endpoints;
    this.traffic = traffic;
  }

  @Override
  public KindName<Mirror> id() {
    return Mirror.KIND;
  }

  @Override
  public Observed<Mirror> read(String path, Look look) {
    Optional<Document> endpoint = endpoints.find(AzureMlNames.endpointOf(path), look);
    int percent = endpoint
        .map(found -> AzureMlTraffic.mirrored(found, AzureMlNames.variantOf(path)))
        .orElse(0);
    if (endpoint.isEmpty()) {
      return Observed.absent();
    }
    if (percent == 0) {
      // Whatever else of the endpoint is being changed.
      return Observed.absent();
    }
    String state = Endpoints.state(endpoint.get());
    return state.equals("Updating")
        ? Observed.changing(state)
        : Observed.ready(new Mirror(percent));
  }

  @Override
  public Accepted create(String path, Mirror desired, OwnerTag owner) {
    return write(path, desired.percent());
  }

  @Override
  public Accepted update(String path, Observed<Mirror> current, Mirror desired) {
    return write(path, desired.percent());
  }

  @Override
  public Accepted delete(String path, Observed<Mirror> current, Set<ResourceRef> going) {
    return write(path, 0);
  }

  private Accepted write(String path, int percent) {
    return traffic.mirror(AzureMlNames.endpointOf(path), AzureMlNames.variantOf(path), percent);
  }

  @Override
  public List<Listed> list(Look look) {
    return endpoints.managed(look).stream()
        .flatMap(endpoint -> VariantTag.of(endpoint.texts("tags")).keySet().stream()
            .filter(variant -> AzureMlTraffic.mirrored(endpoint, variant) > 0)
            .map(variant -> listed(endpoint, variant)))
        .toList();
  }

  private static Listed listed(Document endpoint, String variant) {
    String name = endpoint.text("name").orElse("");
    String path = name + "/" + variant;
    return Listed.of(new ResourceRef(Mirror.KIND.name(), path), AssetKind.createdAt(endpoint))
        .deployment(name)
        .ownedBy(new ResourceRef(DeploymentSpec.KIND.name(), path));
  }

  @Override
  public Outcome poll(String operation) {
    return workspace.poll(operation);
  }

  @Override
  public Optional<String> cannotCreate(String path, Mirror desired, Look look) {
    Optional<Document> endpoint = endpoints.find(AzureMlNames.endpointOf(path), look);
    String variant = AzureMlNames.variantOf(path);
    if (endpoint.filter(found -> AzureMlTraffic.percent(found, variant) > 0).isPresent()) {
      return Optional.of(
          "gets requests itself, and cannot get copies of others, too: route its requests to another "
              + "variant first, or leave the mirror out");
    }
    // Where there is no endpoint yet, a preview may be of the deployment of the other variant, too.
    if (endpoint
        .filter(found -> AzureMlTraffic.traffic(found).weights().isEmpty())
        .isPresent()) {
      return Optional.of(
          "has no requests to copy: no other variant gets any, so deploy that one first, without a mirror");
    }
    return endpoint
        .flatMap(found -> AzureMlTraffic.otherMirror(found, variant))
        .map(other -> "is one too many: Azure ML mirrors to one variant, which is " + other);
  }
}
