package io.fairlead.azureml.internal;

import io.fairlead.azureml.AzureMlAutoscaling;
import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.azureml.internal.arm.Workspace;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Autoscale settings of Azure Monitor, one for each variant whose instances follow the load. */
final class AutoscaleKind implements ResourceKind<AutoscaleSpec> {
  private static final String VARIANT = AzureMlTags.PREFIX + "variant";
  private static final AutoscaleSpec OTHERS =
      new AutoscaleSpec(0, 0, AzureMlAutoscaling.DEFAULT, "", new TreeMap<>());

  private final AzureMlNames names;
  private final Workspace workspace;
  private final Endpoints endpoints;

  AutoscaleKind(AzureMlNames names, Workspace workspace, Endpoints endpoints) {
    this.names = names;
    this.workspace = workspace;
    this.endpoints = endpoints;
  }

  @Override
  public KindName<AutoscaleSpec> id() {
    return AutoscaleSpec.KIND;
  }

  @Override
  public Observed<AutoscaleSpec> read(String path, Look look) {
    return look.once(List.of("autoscale", path), () -> workspace.autoscale(names.autoscale(path)))
        .map(setting -> AzureMlTags.withOwner(
            Observed.ready(AutoscaleSpec.of(setting).orElse(OTHERS)), setting.texts("tags")))
        .orElseGet(Observed::absent);
  }

  @Override
  public Accepted create(String path, AutoscaleSpec desired, OwnerTag owner) {
    return put(path, Document.EMPTY, desired, AzureMlTags.of(owner));
  }

  @Override
  public Accepted update(String path, Observed<AutoscaleSpec> current, AutoscaleSpec desired) {
    Document now = workspace
        .autoscale(names.autoscale(path))
        .orElseThrow(() -> AzureMlFailures.gone("autoscale setting of " + path));
    return put(path, now, desired, AzureMlTags.owner(now.texts("tags")));
  }

  /** Writes the setting, and keeps what others have added to it, such as notifications. */
  private Accepted put(
      String path, Document before, AutoscaleSpec desired, Map<String, String> owner) {
    Document document = desired.writtenTo(before, names, path).with(endpoints.region(), "location");
    Map<String, String> tags = document.texts("tags");
    tags.putAll(owner);
    tags.put(VARIANT, path);
    return workspace.putAutoscale(names.autoscale(path), document.with(tags, "tags"));
  }

  @Override
  public Accepted delete(String path, Observed<AutoscaleSpec> current, Set<ResourceRef> going) {
    return workspace.deleteAutoscale(names.autoscale(path));
  }

  @Override
  public List<Listed> list(Look look) {
    return all(look).stream()
        .filter(setting -> AzureMlTags.areManaged(setting.texts("tags"))
            && names.isHere(setting.text("properties", "targetResourceUri").orElse("")))
        .map(AutoscaleKind::listed)
        .toList();
  }

  private static Listed listed(Document setting) {
    Map<String, String> tags = setting.texts("tags");
    String path = tags.getOrDefault(VARIANT, "");
    return Listed.of(new ResourceRef(AutoscaleSpec.KIND.name(), path), AssetKind.createdAt(setting))
        .deployment(tags.getOrDefault(AzureMlTags.DEPLOYMENT, ""))
        .ownedBy(new ResourceRef(DeploymentSpec.KIND.name(), path));
  }

  /** Azure Monitor takes one setting for a deployment, whose name others may have chosen. */
  @Override
  public Optional<String> cannotCreate(String path, AutoscaleSpec desired, Look look) {
    String own = names.autoscale(path);
    return all(look).stream()
        .filter(setting -> names
            .deploymentId(path)
            .equalsIgnoreCase(setting.text("properties", "targetResourceUri").orElse("")))
        .map(setting -> setting.text("name").orElse(""))
        .filter(name -> !name.equalsIgnoreCase(own))
        .findFirst()
        .map(name -> "is one too many: the autoscale setting " + name
            + " of somebody else is for this deployment already, so delete it first, or deploy a fixed number of "
            + "instances");
  }

  private List<Document> all(Look look) {
    return look.once("autoscales", workspace::autoscales);
  }

  @Override
  public boolean matches(AutoscaleSpec desired, AutoscaleSpec actual) {
    return desired.min() == actual.min()
        && desired.max() == actual.max()
        && desired.rules().equals(actual.rules())
        && desired.endpoint().equals(actual.endpoint())
        && actual.tags().entrySet().containsAll(desired.tags().entrySet());
  }

  @Override
  public boolean mayUse(String kind) {
    return false;
  }
}
