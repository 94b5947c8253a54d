package io.fairlead.azureml.internal;

import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.internal.arm.AssetType;
import io.fairlead.azureml.internal.storage.Uploads;
import io.fairlead.provider.ContentName;
import io.fairlead.provider.Fingerprint;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names of resources, and their ids in Azure Resource Manager, which are read in any case of letters. */
final class AzureMlNames {
  /** The names of assets, which are made here: three, with their versions, fit in the value of a {@link VariantTag}. */
  static final ContentName ASSETS = new ContentName(56, false);

  /** The version of an asset that has no files. */
  static final String FIRST = "1";

  private static final Pattern LAST_SEGMENT = Pattern.compile("[^/]+$");

  private final String group;
  private final String workspace;
  private final String datastore;

  AzureMlNames(AzureMlConfig config) {
    String within =
        "subscriptions/" + config.subscription() + "/resourceGroups/" + config.resourceGroup();
    this.group = "/" + within;
    this.workspace =
        group + "/providers/Microsoft.MachineLearningServices/workspaces/" + config.workspace();
    this.datastore = "azureml://subscriptions/" + config.subscription() + "/resourcegroups/"
        + config.resourceGroup() + "/workspaces/" + config.workspace() + "/datastores/"
        + config.datastore() + "/paths/";
  }

  /** {@return the id of the workspace} */
  String workspace() {
    return workspace;
  }

  // ---- assets ----

  /** {@return the id of a version of an asset of this workspace} */
  String assetId(AssetType type, AssetRef asset) {
    return workspace + "/" + type.path() + "/" + asset.name() + "/versions/" + asset.version();
  }

  /** {@return the reference of an asset of this workspace by its id; empty if it is of a registry or another workspace} */
  Optional<AssetRef> asset(AssetType type, String id) {
    Matcher matcher = Pattern.compile(
            Pattern.quote(workspace + "/" + type.path() + "/") + "([^/]+)/versions/([^/]+)",
            Pattern.CASE_INSENSITIVE)
        .matcher(id);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    AssetRef asset = new AssetRef(matcher.group(1), matcher.group(2));
    return Optional.of(
        isMadeHere(asset)
            ? new AssetRef(asset.name(), AssetVersions.usual(asset.version()))
            : asset);
  }

  /** {@return whether an asset was made by this library, by its name} */
  static boolean isMadeHere(AssetRef asset) {
    return ASSETS.isMadeHere(asset.name());
  }

  // ---- uploads ----

  /** {@return the location of an upload} */
  String location(String key) {
    return datastore + key + "/";
  }

  /** {@return the key of the upload at a location; empty if it is none of this workspace's datastore} */
  Optional<String> keyAt(String location) {
    boolean isHere = location.regionMatches(true, 0, datastore, 0, datastore.length());
    return Optional.of(location)
        .filter(uri -> isHere)
        .map(uri -> uri.substring(datastore.length()).replaceFirst("/+$", ""))
        .filter(Uploads.KEYS::isKey);
  }

  /** {@return a location that differs from others only if it is another: ids in it may be told in another case} */
  String normalized(String location) {
    return keyAt(location).map(this::location).orElse(location);
  }

  /** {@return what makes a location different from others, for the name of an asset} */
  String content(String location) {
    return keyAt(location).orElse(location);
  }

  /** {@return the key of the upload that an asset made here has; empty if it has none} */
  static Optional<String> keyOf(AssetRef asset) {
    return Optional.of(Uploads.KEYS.prefix() + asset.version()).filter(Uploads.KEYS::isKey);
  }

  /** {@return the version of an asset with files at a location} */
  String versionAt(String location) {
    return keyAt(location)
        .map(key -> key.substring(Uploads.KEYS.prefix().length()))
        .orElse(FIRST);
  }

  // ---- endpoints ----

  static String endpointOf(String path) {
    return path.substring(0, path.indexOf('/'));
  }

  static String variantOf(String path) {
    return path.substring(path.indexOf('/') + 1);
  }

  String endpointId(String endpoint) {
    return workspace + "/onlineEndpoints/" + endpoint;
  }

  String deploymentId(String path) {
    return endpointId(endpointOf(path)) + "/deployments/" + variantOf(path);
  }

  /** {@return whether a deployment is one of this workspace, by its id} */
  boolean isHere(String deploymentId) {
    return deploymentId.regionMatches(
        true, 0, workspace + "/onlineEndpoints/", 0, workspace.length() + 17);
  }

  /** {@return the name of a variant's autoscale setting, which is unique in the resource group} */
  String autoscale(String path) {
    return ContentName.PREFIX + path.replace('/', '-') + "-"
        + Fingerprint.of(workspace.toLowerCase(Locale.ROOT), path);
  }

  /** {@return the last segment of an id} */
  static String last(String id) {
    Matcher matcher = LAST_SEGMENT.matcher(id);
    return matcher.find() ? matcher.group() : id;
  }
}
