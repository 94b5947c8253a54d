package io.fairlead.azureml.internal.arm;

import com.azure.core.credential.TokenCredential;
import com.azure.core.http.HttpClient;
import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.provider.ClientHolder;
import io.fairlead.provider.Lazy;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Outcome;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The calls to a workspace over HTTP. */
public final class ArmWorkspace implements Workspace {
  private static final String AUTOSCALE_VERSION = "2022-10-01";

  private final ClientHolder holder;
  private final Lazy<Arm> arm;
  private final String group;
  private final String workspace;
  private final String version;

  /**
   * Creates the calls, whose client and credential are created when the first is made.
   *
   * @param holder refuses calls once it is closed
   * @param identity the credentials, as a phrase for messages
   */
  public ArmWorkspace(
      AzureMlConfig config,
      ClientHolder holder,
      Supplier<TokenCredential> credential,
      String identity,
      Supplier<HttpClient> client) {
    this.holder = holder;
    this.arm = new Lazy<>(holder) {
      @Override
      protected Arm make() {
        return new Arm(
            config.endpoint().orElse(config.cloud().management()),
            config.cloud().managementScope(),
            credential.get(),
            identity,
            client.get(),
            config.callTimeout());
      }
    };
    this.group = "/subscriptions/" + encoded(config.subscription()) + "/resourceGroups/"
        + encoded(config.resourceGroup());
    this.workspace = group + "/providers/Microsoft.MachineLearningServices/workspaces/"
        + encoded(config.workspace());
    this.version = "api-version=" + encoded(config.apiVersion());
  }

  private Arm arm() {
    holder.checkOpen();
    return arm.get();
  }

  private static String encoded(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private String path(String... segments) {
    StringBuilder path = new StringBuilder(workspace);
    for (String segment : segments) {
      path.append('/').append(encoded(segment));
    }
    return path.append('?').append(version).toString();
  }

  @Override
  public Document properties() {
    return arm().get("Get the workspace", path());
  }

  @Override
  public Document datastore(String name) {
    return arm().get("Get datastore " + name, path("datastores", name));
  }

  @Override
  public Document datastoreSecrets(String name) {
    return arm()
        .post(
            "Get the secrets of datastore " + name,
            path("datastores", name, "listSecrets"),
            Document.EMPTY);
  }

  // ---- models, environments, code ----

  private String asset(AssetType type, String name) {
    return path(type.path(), name);
  }

  private String assetVersion(AssetType type, String name, String assetVersion) {
    return path(type.path(), name, "versions", assetVersion);
  }

  private static String named(String verb, AssetType type, String name, String assetVersion) {
    return verb + " " + type.noun() + " " + name + ":" + assetVersion;
  }

  @Override
  public Optional<Document> asset(AssetType type, String name, String assetVersion) {
    return arm()
        .find(named("Get", type, name, assetVersion), assetVersion(type, name, assetVersion));
  }

  @Override
  public List<Document> assets(AssetType type) {
    return arm().list("List " + type.path(), path(type.path()));
  }

  @Override
  public List<Document> assetVersions(AssetType type, String name) {
    return arm()
        .listInside(
            "List the versions of " + type.noun() + " " + name,
            path(type.path(), name, "versions"));
  }

  @Override
  public Optional<Accepted> createAsset(
      AssetType type, String name, String assetVersion, Document asset) {
    return arm()
        .putUnlessDeletedBefore(
            named("Create", type, name, assetVersion),
            assetVersion(type, name, assetVersion),
            asset);
  }

  @Override
  public Accepted putAsset(AssetType type, String name, String assetVersion, Document asset) {
    return arm()
        .put(
            named("Change", type, name, assetVersion),
            assetVersion(type, name, assetVersion),
            asset);
  }

  @Override
  public Accepted deleteAsset(AssetType type, String name, String assetVersion) {
    return arm()
        .delete(named("Delete", type, name, assetVersion), assetVersion(type, name, assetVersion));
  }

  @Override
  public Accepted deleteAssetContainer(AssetType type, String name) {
    return arm().delete("Delete " + type.noun() + " " + name, asset(type, name));
  }

  // ---- endpoints ----

  private String endpointPath(String name, String... further) {
    String[] segments = new String[further.length + 2];
    segments[0] = "onlineEndpoints";
    segments[1] = name;
    System.arraycopy(further, 0, segments, 2, further.length);
    return path(segments);
  }

  @Override
  public Optional<Document> endpoint(String name) {
    return arm().find("Get endpoint " + name, endpointPath(name));
  }

  @Override
  public List<Document> endpoints() {
    return arm().list("List endpoints", path("onlineEndpoints"));
  }

  @Override
  public Accepted createEndpoint(String name, Document endpoint) {
    return arm().create("Create endpoint " + name, endpointPath(name), endpoint);
  }

  @Override
  public Accepted putEndpoint(String name, Document endpoint) {
    return arm().put("Write endpoint " + name, endpointPath(name), endpoint);
  }

  @Override
  public Accepted patchEndpoint(String name, Document tags) {
    return arm().patch("Tag endpoint " + name, endpointPath(name), tags);
  }

  @Override
  public Accepted deleteEndpoint(String name) {
    return arm().delete("Delete endpoint " + name, endpointPath(name));
  }

  @Override
  public Document endpointKeys(String name) {
    return arm()
        .post("Get the keys of endpoint " + name, endpointPath(name, "listKeys"), Document.EMPTY);
  }

  @Override
  public Document endpointToken(String name) {
    return arm()
        .post("Get a token of endpoint " + name, endpointPath(name, "token"), Document.EMPTY);
  }

  // ---- deployments ----

  @Override
  public Optional<Document> deployment(String endpoint, String name) {
    return arm()
        .find(
            "Get deployment " + endpoint + "/" + name, endpointPath(endpoint, "deployments", name));
  }

  @Override
  public List<Document> deployments(String endpoint) {
    return arm()
        .listInside("List the deployments of " + endpoint, endpointPath(endpoint, "deployments"));
  }

  @Override
  public Accepted createDeployment(String endpoint, String name, Document deployment) {
    return arm()
        .create(
            "Deploy " + endpoint + "/" + name,
            endpointPath(endpoint, "deployments", name),
            deployment);
  }

  @Override
  public Accepted patchDeployment(String endpoint, String name, Document change) {
    return arm()
        .patch(
            "Scale " + endpoint + "/" + name, endpointPath(endpoint, "deployments", name), change);
  }

  @Override
  public Accepted deleteDeployment(String endpoint, String name) {
    return arm()
        .delete(
            "Delete deployment " + endpoint + "/" + name,
            endpointPath(endpoint, "deployments", name));
  }

  @Override
  public String logs(String endpoint, String deployment, String containerType, int lines) {
    return arm()
        .post(
            "Get the log of " + endpoint + "/" + deployment,
            endpointPath(endpoint, "deployments", deployment, "getLogs"),
            Document.EMPTY.with(containerType, "containerType").with(lines, "tail"))
        .text("content")
        .orElse("");
  }

  // ---- autoscale settings ----

  private String autoscalePath(String... name) {
    String last = name.length == 0 ? "" : "/" + encoded(name[0]);
    return group + "/providers/Microsoft.Insights/autoscalesettings" + last + "?api-version="
        + AUTOSCALE_VERSION;
  }

  @Override
  public Optional<Document> autoscale(String name) {
    return arm().find("Get autoscale setting " + name, autoscalePath(name));
  }

  @Override
  public List<Document> autoscales() {
    return arm().list("List autoscale settings", autoscalePath());
  }

  @Override
  public Accepted putAutoscale(String name, Document setting) {
    return arm().put("Write autoscale setting " + name, autoscalePath(name), setting);
  }

  @Override
  public Accepted deleteAutoscale(String name) {
    return arm().delete("Delete autoscale setting " + name, autoscalePath(name));
  }

  // ---- operations ----

  @Override
  public Outcome poll(String operation) {
    return arm().poll(operation);
  }

  @Override
  public Optional<String> failureOf(String operationUri) {
    return arm().operation(operationUri).map(operation -> arm().errors().reason(operation));
  }
}
