package io.fairlead.azureml.internal;

import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.azureml.internal.arm.Workspace;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.Outcome;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Managed deployments, which serve the requests of variants. */
final class DeploymentKind implements ResourceKind<DeploymentSpec> {
  /** The most deployments of an endpoint. */
  private static final int MOST = 20;

  private final AzureMlNames names;
  private final AssetVersions versions;
  private final Workspace workspace;
  private final Endpoints endpoints;
  private final ContainerLog log;
  /** The operations of deployments that were started here and have not been seen to end, by operation. */
  private final Map<String, String> started = new ConcurrentHashMap<>();

  DeploymentKind(
      AzureMlNames names,
      AssetVersions versions,
      Workspace workspace,
      Endpoints endpoints,
      ContainerLog log) {
    this.names = names;
    this.versions = versions;
    this.workspace = workspace;
    this.endpoints = endpoints;
    this.log = log;
  }

  @Override
  public KindName<DeploymentSpec> id() {
    return DeploymentSpec.KIND;
  }

  // ---- reading ----

  @Override
  public Observed<DeploymentSpec> read(String path, Look look) {
    return endpoints
        .deployment(path, look)
        .map(deployment -> observed(path, deployment, look))
        .orElseGet(Observed::absent);
  }

  private Observed<DeploymentSpec> observed(String path, Document deployment, Look look) {
    DeploymentSpec spec = DeploymentSpec.of(deployment, names);
    Observed<DeploymentSpec> seen = switch (Endpoints.state(deployment)) {
      case "Creating", "Updating", "Scaling" -> Observed.changing(Endpoints.state(deployment));
      case "Deleting" -> Observed.deleting();
      case "Failed", "Canceled" -> failed(path, deployment, spec, look);
      default -> Observed.ready(spec);
    };
    return AzureMlTags.withOwner(seen, deployment.texts("tags"));
  }

  /**
   * {@return a deployment whose last change has failed: it serves nevertheless if it has requests or copies of them,
   * and then nobody knows how many instances it has}
   */
  private Observed<DeploymentSpec> failed(
      String path, Document deployment, DeploymentSpec spec, Look look) {
    return serves(path, look)
        ? Observed.ready(spec.withInstances(DeploymentSpec.Instances.UNKNOWN))
            .withDetail(endpoints.reason(deployment))
        : Observed.failed(endpoints.reason(deployment) + log.ending(path));
  }

  private boolean serves(String path, Look look) {
    String variant = AzureMlNames.variantOf(path);
    return endpoints
        .find(AzureMlNames.endpointOf(path), look)
        .filter(endpoint -> AzureMlTraffic.percent(endpoint, variant) > 0
            || AzureMlTraffic.mirrored(endpoint, variant) > 0)
        .isPresent();
  }

  // ---- changing ----

  /** Without traffic, which is set later for all variants at once. A PUT replaces, so it is looked for once more. */
  @Override
  public Accepted create(String path, DeploymentSpec desired, OwnerTag owner) {
    String endpoint = AzureMlNames.endpointOf(path);
    String variant = AzureMlNames.variantOf(path);
    if (workspace.deployment(endpoint, variant).isPresent()) {
      throw AzureMlFailures.created("deployment " + path);
    }
    Map<String, String> tags = AzureMlTags.of(owner);
    tags.putAll(desired.allTags());
    Document document = desired
        .document(names, versions)
        .with(endpoints.region(), "location")
        .with(DeploymentSpec.sku(desired.instances().count()), "sku")
        .with(tags, "tags");
    return started(path, workspace.createDeployment(endpoint, variant, document));
  }

  @Override
  public Accepted update(String path, Observed<DeploymentSpec> current, DeploymentSpec desired) {
    String endpoint = AzureMlNames.endpointOf(path);
    String variant = AzureMlNames.variantOf(path);
    DeploymentSpec actual = current.value().orElseThrow();
    Document change = Document.EMPTY;
    if (!actual.isScaledAs(desired)) {
      change = change.with(DeploymentSpec.sku(desired.instances().count()), "sku");
    }
    if (!actual.isTaggedAs(desired)) {
      Document now = workspace
          .deployment(endpoint, variant)
          .orElseThrow(() -> AzureMlFailures.gone("deployment " + path));
      Map<String, String> tags = AzureMlTags.own(now.texts("tags"));
      tags.putAll(desired.changing(actual));
      change = change.with(tags, "tags");
    }
    return started(path, workspace.patchDeployment(endpoint, variant, change));
  }

  private Accepted started(String path, Accepted accepted) {
    accepted.operation().ifPresent(operation -> started.put(operation, path));
    return accepted;
  }

  @Override
  public Accepted delete(String path, Observed<DeploymentSpec> current, Set<ResourceRef> going) {
    return workspace.deleteDeployment(AzureMlNames.endpointOf(path), AzureMlNames.variantOf(path));
  }

  /** A container that did not start says why in its log. */
  @Override
  public Outcome poll(String operation) {
    Outcome outcome = workspace.poll(operation);
    if (outcome.state() == Outcome.State.RUNNING) {
      return outcome;
    }
    Optional<String> path = Optional.ofNullable(started.remove(operation));
    return outcome
        .error()
        .filter(error -> error.kind() == ErrorKind.MODEL_FAILED)
        .flatMap(error -> path.map(failed -> Outcome.failed(withLog(error, failed))))
        .orElse(outcome);
  }

  private ServingException withLog(ServingException error, String path) {
    return error.withMessage(error.getMessage() + log.ending(path), error.getCause());
  }

  // ---- listing ----

  @Override
  public List<Listed> list(Look look) {
    List<Listed> listed = new ArrayList<>();
    for (Document endpoint : endpoints.managed(look)) {
      String name = endpoint.text("name").orElse("");
      for (Document deployment : endpoints.deployments(name, look)) {
        if (AzureMlTags.areManaged(deployment.texts("tags"))) {
          listed.add(listed(name, deployment, look));
        }
      }
    }
    return listed;
  }

  private Listed listed(String endpoint, Document deployment, Look look) {
    String path = endpoint + "/" + AzureMlNames.last(deployment.text("name").orElse(""));
    Observed<DeploymentSpec> seen = observed(path, deployment, look);
    VariantTag uses = DeploymentSpec.of(deployment, names).uses();
    List<ResourceRef> used = new ArrayList<>();
    uses.model().ifPresent(ref -> used.add(new ResourceRef(ModelSpec.KIND.name(), ref.toString())));
    uses.environment()
        .ifPresent(ref -> used.add(new ResourceRef(EnvironmentSpec.KIND.name(), ref.toString())));
    uses.code().ifPresent(ref -> used.add(new ResourceRef(CodeSpec.KIND.name(), ref.toString())));
    used.add(new ResourceRef(EndpointSpec.KIND.name(), endpoint));
    return Listed.of(
            new ResourceRef(DeploymentSpec.KIND.name(), path), AssetKind.createdAt(deployment))
        .deployment(endpoint)
        .status(seen.status(), seen.detail())
        .asRoot()
        .uses(used);
  }

  // ---- comparing ----

  @Override
  public boolean matches(DeploymentSpec desired, DeploymentSpec actual) {
    return actual.cannotBecome(desired).isEmpty()
        && actual.isScaledAs(desired)
        && actual.isTaggedAs(desired);
  }

  /** The tags of the endpoint tell how many there may be, so that they are listed only if it matters. */
  @Override
  public Optional<String> cannotCreate(String path, DeploymentSpec desired, Look look) {
    String endpoint = AzureMlNames.endpointOf(path);
    boolean mayBeFull = endpoints
        .find(endpoint, look)
        .filter(found -> VariantTag.of(found.texts("tags")).size() >= MOST)
        .isPresent();
    return mayBeFull && endpoints.deployments(endpoint, look).size() >= MOST
        ? Optional.of("is one too many: an endpoint of Azure ML has at most " + MOST
            + " deployments, so undeploy one of " + endpoint + " first")
        : Optional.empty();
  }

  @Override
  public Optional<String> cannotUpdate(DeploymentSpec actual, DeploymentSpec desired) {
    return actual.cannotBecome(desired);
  }
}
