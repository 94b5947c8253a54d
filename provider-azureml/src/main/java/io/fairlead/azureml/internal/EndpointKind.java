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
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Online endpoints, which have the public names. */
final class EndpointKind implements ResourceKind<EndpointSpec> {
  private final Workspace workspace;
  private final Endpoints endpoints;

  EndpointKind(Workspace workspace, Endpoints endpoints) {
    this.workspace = workspace;
    this.endpoints = endpoints;
  }

  @Override
  public KindName<EndpointSpec> id() {
    return EndpointSpec.KIND;
  }

  @Override
  public Observed<EndpointSpec> read(String name, Look look) {
    return endpoints
        .find(name, look)
        .map(endpoint ->
            AzureMlTags.withOwner(observed(name, endpoint, look), endpoint.texts("tags")))
        .orElseGet(Observed::absent);
  }

  private Observed<EndpointSpec> observed(String name, Document endpoint, Look look) {
    return switch (Endpoints.state(endpoint)) {
      case "Creating", "Updating" -> Observed.changing(Endpoints.state(endpoint));
      case "Deleting" -> Observed.deleting();
      case "Failed", "Canceled" ->
        // One that has deployments serves: only its last change has failed.
        endpoints.deployments(name, look).isEmpty()
            ? Observed.failed(endpoints.reason(endpoint))
            : Observed.ready(EndpointSpec.of(endpoint)).withDetail(endpoints.reason(endpoint));
      default -> Observed.ready(EndpointSpec.of(endpoint));
    };
  }

  /** A PUT replaces, so it is looked for once more just before. */
  @Override
  public Accepted create(String name, EndpointSpec desired, OwnerTag owner) {
    if (workspace.endpoint(name).isPresent()) {
      throw AzureMlFailures.created("endpoint " + name);
    }
    Map<String, String> tags = AzureMlTags.of(owner);
    tags.putAll(desired.tags());
    return workspace.createEndpoint(
        name,
        desired.writtenTo(Document.EMPTY).with(endpoints.region(), "location").with(tags, "tags"));
  }

  /** Tags are written alone, which leaves the traffic as it is, unless one is removed: that may not remove it. */
  @Override
  public Accepted update(String name, Observed<EndpointSpec> current, EndpointSpec desired) {
    Document now =
        workspace.endpoint(name).orElseThrow(() -> AzureMlFailures.gone("endpoint " + name));
    EndpointSpec actual = EndpointSpec.of(now);
    if (!Optional.of(actual).equals(current.value())) {
      throw AzureMlFailures.overtaken("endpoint " + name);
    }
    Map<String, String> tags = AzureMlTags.owner(now.texts("tags"));
    tags.putAll(desired.tags());
    if (!actual.hasOptionsOf(desired)) {
      return workspace.putEndpoint(name, desired.writtenTo(now).with(tags, "tags"));
    }
    return tags.keySet().containsAll(now.texts("tags").keySet())
        ? workspace.patchEndpoint(name, Document.EMPTY.with(tags, "tags"))
        : workspace.putEndpoint(name, now.with(tags, "tags"));
  }

  /** All deployments go with it, so those that are to stay are looked for just before. */
  @Override
  public Accepted delete(String name, Observed<EndpointSpec> current, Set<ResourceRef> going) {
    for (Document deployment : workspace.deployments(name)) {
      String path = name + "/" + AzureMlNames.last(deployment.text("name").orElse(""));
      if (!going.contains(new ResourceRef(DeploymentSpec.KIND.name(), path))) {
        throw AzureMlTags.areManaged(deployment.texts("tags"))
            ? AzureMlFailures.overtaken("endpoint " + name)
            : AzureMlFailures.hasForeignDeployment(name, path);
      }
    }
    return workspace.deleteEndpoint(name);
  }

  @Override
  public Outcome poll(String operation) {
    return workspace.poll(operation);
  }

  @Override
  public List<Listed> list(Look look) {
    return endpoints.managed(look).stream().map(EndpointKind::listed).toList();
  }

  private static Listed listed(Document endpoint) {
    String name = endpoint.text("name").orElse("");
    Map<String, String> tags = endpoint.texts("tags");
    return Listed.of(new ResourceRef(EndpointSpec.KIND.name(), name), AssetKind.createdAt(endpoint))
        .deployment(tags.getOrDefault(AzureMlTags.DEPLOYMENT, ""))
        .remembers(VariantTag.of(tags).values().stream()
            .flatMap(variant -> variant.remembers().stream())
            .distinct()
            .toList());
  }

  /**
   * Tags of others stay; what a variant that is not deployed any more has used is written again with the next one.
   *
   * <p>An endpoint whose last change failed is written again, because nothing can be deployed to it.
   */
  @Override
  public boolean matches(EndpointSpec desired, EndpointSpec actual) {
    return (actual.isSettled() || !desired.isSettled())
        && actual.hasOptionsOf(desired)
        && actual.tags().entrySet().containsAll(desired.tags().entrySet());
  }

  /** Azure ML gives an endpoint its identity for good. */
  @Override
  public Optional<String> cannotUpdate(EndpointSpec actual, EndpointSpec desired) {
    return actual.hasIdentityOf(desired)
        ? Optional.empty()
        : Optional.of(
            "has another identity, which Azure ML never changes: deploy under another name, or without an identity in "
                + "AzureMlEndpoint, which leaves it as it is");
  }

  @Override
  public boolean mayUse(String kind) {
    return false;
  }
}
