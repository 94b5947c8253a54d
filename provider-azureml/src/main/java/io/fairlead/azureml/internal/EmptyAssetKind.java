package io.fairlead.azureml.internal;

import io.fairlead.azureml.internal.arm.AssetType;
import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.azureml.internal.arm.Workspace;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import java.util.List;
import java.util.Set;

/**
 * Assets without a version, which a process leaves behind that dies between the deletion of a version and that of its
 * asset. They are only ever deleted.
 */
final class EmptyAssetKind implements ResourceKind<EmptyAssetKind.Empty> {
  /** An asset without a version. */
  record Empty() {}

  private final KindName<Empty> id;
  private final AssetType type;
  private final Workspace workspace;

  EmptyAssetKind(AssetType type, Workspace workspace) {
    this.id = name(type);
    this.type = type;
    this.workspace = workspace;
  }

  static KindName<Empty> name(AssetType type) {
    return new KindName<>("empty " + type.noun(), Empty.class);
  }

  @Override
  public KindName<Empty> id() {
    return id;
  }

  @Override
  public Observed<Empty> read(String name, Look look) {
    return empty(look).stream().anyMatch(asset -> asset.text("name").orElse("").equals(name))
        ? Observed.ready(new Empty())
        : Observed.absent();
  }

  private List<Document> empty(Look look) {
    return AssetKind.assets(type, workspace, look).stream()
        .filter(asset -> AssetKind.version(asset).isEmpty())
        .toList();
  }

  /** Unless it has got a version since. */
  @Override
  public Accepted delete(String name, Observed<Empty> current, Set<ResourceRef> going) {
    return workspace.assetVersions(type, name).isEmpty()
        ? workspace.deleteAssetContainer(type, name)
        : Accepted.VISIBLE;
  }

  @Override
  public List<Listed> list(Look look) {
    return empty(look).stream()
        .map(asset -> Listed.of(
            new ResourceRef(id.name(), asset.text("name").orElse("")), AssetKind.createdAt(asset)))
        .toList();
  }

  @Override
  public boolean mayUse(String kind) {
    return false;
  }
}
