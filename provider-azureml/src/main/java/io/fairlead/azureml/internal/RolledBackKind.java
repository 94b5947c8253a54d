package io.fairlead.azureml.internal;

import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.azureml.internal.arm.Workspace;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.Outcome;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.RolledBack;
import java.util.Map;
import java.util.TreeMap;

/** What rollouts of an endpoint have rolled back, which is a tag of it. */
final class RolledBackKind implements ResourceKind<RolledBack> {
  private final Workspace workspace;
  private final Endpoints endpoints;

  RolledBackKind(Workspace workspace, Endpoints endpoints) {
    this.workspace = workspace;
    this.endpoints = endpoints;
  }

  @Override
  public KindName<RolledBack> id() {
    return RolledBack.KIND;
  }

  @Override
  public Observed<RolledBack> read(String name, Look look) {
    return endpoints
        .find(name, look)
        .map(endpoint -> AzureMlTags.withOwner(observed(endpoint), endpoint.texts("tags")))
        .orElseGet(Observed::absent);
  }

  private static Observed<RolledBack> observed(Document endpoint) {
    return switch (Endpoints.state(endpoint)) {
      case "Creating", "Updating" -> Observed.changing(Endpoints.state(endpoint));
      case "Deleting" -> Observed.deleting();
      default -> Observed.ready(RolledBack.ofTag(endpoint.text("tags", AzureMlTags.ROLLED_BACK)));
    };
  }

  @Override
  public Accepted update(String name, Observed<RolledBack> current, RolledBack desired) {
    Document now =
        workspace.endpoint(name).orElseThrow(() -> AzureMlFailures.gone("endpoint " + name));
    Map<String, String> tags = new TreeMap<>(now.texts("tags"));
    tags.put(AzureMlTags.ROLLED_BACK, desired.note());
    return workspace.patchEndpoint(name, Document.EMPTY.with(tags, "tags"));
  }

  @Override
  public Outcome poll(String operation) {
    return workspace.poll(operation);
  }
}
