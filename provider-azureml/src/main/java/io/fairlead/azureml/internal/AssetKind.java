package io.fairlead.azureml.internal;

import io.fairlead.azureml.internal.arm.AssetType;
import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.azureml.internal.arm.Workspace;
import io.fairlead.azureml.internal.storage.Uploads;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Versions of models, environments and code: each is the only one of an asset whose name is derived from its content.
 *
 * <p>Creating a version creates the asset, too; deleting it leaves the asset behind, which is deleted afterwards.
 */
final class AssetKind<T extends AssetSpec> implements ResourceKind<T> {
  private final KindName<T> id;
  private final AssetType type;
  private final Workspace workspace;
  private final Function<Document, T> reader;
  private final AssetVersions versions;
  /** The assets that this process has written a version of, which are not empty. */
  private final Set<String> written = ConcurrentHashMap.newKeySet();

  AssetKind(
      KindName<T> id,
      AssetType type,
      Workspace workspace,
      AssetVersions versions,
      Function<Document, T> reader) {
    this.id = id;
    this.type = type;
    this.workspace = workspace;
    this.versions = versions;
    this.reader = reader;
  }

  @Override
  public KindName<T> id() {
    return id;
  }

  @Override
  public Observed<T> read(String name, Look look) {
    return look.once(List.of(type, name), () -> find(AssetRef.parse(name)))
        .map(this::observed)
        .orElseGet(Observed::absent);
  }

  private Optional<Document> find(AssetRef asset) {
    Optional<Document> found =
        workspace.asset(type, asset.name(), versions.actual(type, asset)).or(() -> other(asset));
    found.ifPresent(version -> versions.note(type, asset, nameOf(version)));
    return found;
  }

  /** {@return another version of an asset that stands for the usual one} */
  private Optional<Document> other(AssetRef asset) {
    return workspace.assetVersions(type, asset.name()).stream()
        .filter(version -> AssetVersions.usual(nameOf(version)).equals(asset.version()))
        .findFirst();
  }

  private static String nameOf(Document document) {
    return AzureMlNames.last(document.text("name").orElse(""));
  }

  private Observed<T> observed(Document document) {
    Document properties = document.inside("properties").orElse(Document.EMPTY);
    Observed<T> seen = switch (properties.text("provisioningState").orElse("Succeeded")) {
      case "Creating", "Updating" -> Observed.changing("");
      case "Deleting" -> Observed.deleting();
      case "Failed", "Canceled" -> Observed.failed("Azure ML could not register it");
      default -> Observed.ready(reader.apply(properties));
    };
    return AzureMlTags.withOwner(seen, properties.texts("tags"));
  }

  @Override
  public Accepted create(String name, T desired, OwnerTag owner) {
    Map<String, String> tags = new TreeMap<>(desired.tags());
    tags.putAll(AzureMlTags.of(owner));
    Document document = Document.EMPTY.with(desired.properties().with(tags, "tags"), "properties");
    AssetRef asset = AssetRef.parse(name);
    written.add(name);
    return create(asset, asset.version(), document)
        .or(() -> create(asset, AssetVersions.further(asset.version()), document))
        .orElseThrow(() -> AzureMlFailures.deletedForGood(type.noun() + " " + asset.name()));
  }

  /** {@return empty if the version was deleted before and cannot be created again} */
  private Optional<Accepted> create(AssetRef asset, String version, Document document) {
    Optional<Accepted> accepted = workspace.createAsset(type, asset.name(), version, document);
    accepted.ifPresent(created -> versions.note(type, asset, version));
    return accepted;
  }

  /** Changes the tags and the description; all else is immutable. Tags of other variants and of others stay. */
  @Override
  public Accepted update(String name, Observed<T> current, T desired) {
    AssetRef asset = versions.inWorkspace(type, AssetRef.parse(name));
    Document now = workspace
        .asset(type, asset.name(), asset.version())
        .orElseThrow(() -> AzureMlFailures.gone(type.noun() + " " + name));
    Map<String, String> tags = now.texts("properties", "tags");
    tags.putAll(desired.tags());
    Document changed = now.with(tags, "properties", "tags");
    written.add(name);
    return workspace.putAsset(
        type,
        asset.name(),
        asset.version(),
        desired
            .properties()
            .text("description")
            .map(text -> changed.with(text, "properties", "description"))
            .orElse(changed));
  }

  @Override
  public Accepted delete(String name, Observed<T> current, Set<ResourceRef> going) {
    AssetRef asset = versions.inWorkspace(type, AssetRef.parse(name));
    written.remove(name);
    return workspace.deleteAsset(type, asset.name(), asset.version());
  }

  /** Deletes the asset whose only version was deleted, by this process or another. */
  @Override
  public void deleteSuperseded(String name) {
    String asset = AssetRef.parse(name).name();
    if (!written.remove(name) && workspace.assetVersions(type, asset).isEmpty()) {
      workspace.deleteAssetContainer(type, asset);
    }
  }

  @Override
  public List<Listed> list(Look look) {
    return assets(type, workspace, look).stream()
        .filter(asset -> !version(asset).isEmpty())
        .map(this::listed)
        .toList();
  }

  private Listed listed(Document asset) {
    AssetRef ref = new AssetRef(asset.text("name").orElse(""), AssetVersions.usual(version(asset)));
    return Listed.of(new ResourceRef(id.name(), ref.toString()), createdAt(asset))
        .uses(AzureMlNames.keyOf(ref).stream()
            .map(key -> new ResourceRef(Uploads.KIND.name(), key))
            .toList());
  }

  /** {@return the assets that were made here, with or without a version} */
  static List<Document> assets(AssetType type, Workspace workspace, Look look) {
    List<Document> all = look.once(type, () -> workspace.assets(type));
    return all.stream()
        .filter(asset -> AzureMlNames.ASSETS.isMadeHere(asset.text("name").orElse("")))
        .toList();
  }

  static String version(Document asset) {
    return asset.text("properties", "latestVersion").orElse("");
  }

  static Instant createdAt(Document document) {
    return document.time("systemData", "createdAt").orElse(Instant.EPOCH);
  }

  /** The name is derived from the content; only what can be changed can differ. */
  @Override
  public boolean matches(T desired, T actual) {
    return actual.isAs(desired);
  }

  @Override
  public boolean mayUse(String kind) {
    return kind.equals(Uploads.KIND.name());
  }

  @Override
  public boolean isNamedByContent() {
    return true;
  }
}
